"""Checkpoints from elsewhere: ResNets of other code, in its names, to ours and to others'."""
