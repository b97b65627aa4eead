"""The precision of fp32 matrix products on a GPU."""

import torch
from mmengine.hooks import Hook

from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class TF32Hook(Hook):
    """Lets a GPU round the factors of fp32 products to TF32: 10 bits of mantissa instead of 23.

    torch does so by default in convolutions, but not in linear layers. Without --amp it makes the
    projector several times faster; with --amp only the loss has fp32 products, and docs/speed.md
    has the error that it makes there, measured. On a CPU nothing changes.
    """

    def before_run(self, runner) -> None:
        if torch.cuda.is_available():
            torch.set_float32_matmul_precision('high')
