"""Sources of images, the views, and what is done about files that cannot be read."""

from mmbarlow.registry import class_finder

__getattr__ = class_finder(__name__)
