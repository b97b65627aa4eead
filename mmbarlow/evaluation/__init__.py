"""Every protocol that measures features or a fine-tuned network, and what runs it.

A protocol on frozen features is `protocol(train, test)` and returns percent by name. Nothing is
imported here, so that the processes of the SVMs start without torch.
"""
