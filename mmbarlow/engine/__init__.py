"""Optimizer, learning rates, precision, and what hooks do in a training run."""

from mmbarlow.registry import class_finder

__getattr__ = class_finder(__name__)
