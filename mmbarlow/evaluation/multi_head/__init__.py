"""MMSelfSup's multi-head linear benchmark: a classifier on each feature map of a ResNet."""
