"""What views of whole batches share, whatever their images are: all steps after the resizing."""

import torch
from torch import Tensor

from mmbarlow.datasets import batch_ops
from mmbarlow.datasets.batch_plan import PLACES, Plan


def color_steps(views: Tensor, plan: Plan, kernels: Tensor, place: Tensor) -> Tensor:
    """Jitter, gray, blur and solarize of resized crops (k, 3, size, size), in place.

    Args:
        kernels, place: of `batch_ops.kernels` and `batch_ops.placement`.
    """
    jittered = slice(plan.hue[PLACES])
    for step in range(PLACES):
        batch_ops.blend_(views[jittered], plan.blends[step, jittered])
        part = slice(*plan.hue[step : step + 2])
        batch_ops.hue_(views[part], plan.shift[part])
    if plan.gray:
        batch_ops.blend_(views, plan.blends[PLACES])
    if len(plan.blurred):
        chosen = kernels.index_select(0, plan.kernel)
        matrices = torch.tensordot(chosen, place, 1)
        blurred = batch_ops.separable(views.index_select(0, plan.blurred), matrices, matrices)
        views.index_copy_(0, plan.blurred, blurred)
    if plan.ceiling is not None:
        batch_ops.solarize_(views, plan.ceiling)
    return views


def normalized(data: dict, mean: Tensor, std: Tensor) -> dict:
    """A batch that is not trained on, as `mmpretrain.SelfSupDataPreprocessor` gives it."""
    images = data['inputs']
    views = images if isinstance(images, list) else [images]
    views = [(view.float() - mean) / std for view in views]
    inputs = views if isinstance(images, list) else views[0]
    return dict(inputs=inputs, data_samples=data.get('data_samples'))
