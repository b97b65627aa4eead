"""Optimizer, learning rates, precision, and what hooks do in a training run."""
