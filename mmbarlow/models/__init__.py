"""The algorithm as MMEngine modules: backbone, projector, head; variants have their own folders."""

from mmbarlow.registry import class_finder

__getattr__ = class_finder(__name__)
