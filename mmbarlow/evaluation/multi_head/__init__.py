"""The multi-head linear benchmark of MMSelfSup: a classifier on each of a ResNet's feature maps."""
