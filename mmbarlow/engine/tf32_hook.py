"""What fp32 matrix products are made of on a GPU."""

import torch
from mmengine.hooks import Hook

from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class TF32Hook(Hook):
    """Lets a GPU round the factors of fp32 products to TF32: 10 bits of mantissa instead of 23.

    torch does so in convolutions by itself and asks for linear layers. Without --amp the projector
    is then several times faster. With it only the loss has fp32 products, and it keeps the
    diagonal of C, means and deviations apart from them: docs/speed.md has what is left, measured.
    A CPU is left alone.
    """

    def before_run(self, runner) -> None:
        if torch.cuda.is_available():
            torch.set_float32_matmul_precision('high')
