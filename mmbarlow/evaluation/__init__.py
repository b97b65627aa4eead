"""Every protocol that evaluates frozen features or a fine-tuned network, and what runs it.

A protocol on frozen features is called as `protocol(train, test)` and returns percentages by name.
Nothing is imported here, so that the processes of the SVMs start without torch.
"""
