"""Convert ResNet checkpoints of other code to our layout, and ours to the layouts of others."""
