"""Training steps of several codes on the same network, to be timed side by side.

Each method takes two views (n, 3, size, size) that lie on the device and does all that a training
does with them: both forward passes, loss, backward, optimizer.
"""

import functools
from collections.abc import Callable

import torch
from mmbarlow.benchmarks.networks import ours, theirs
from mmbarlow.benchmarks.official import OfficialLARS, OfficialLoss
from mmbarlow.benchmarks.timing import Clock
from mmengine.optim import build_optim_wrapper
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mmbarlow.registry import MODELS

Views = list[Tensor]
Step = Callable[[Views], object]

# So slow that noise does not drive the weights away; a step costs the same at any rate.
LR, BIAS_LR, WEIGHT_DECAY = 0.01, 1e-4, 1e-6


# The optimizer wrapper that computes in a type.
WRAPPERS = {
    torch.bfloat16: 'mmbarlow.BF16OptimWrapper',
    torch.float16: 'mmengine.AmpOptimWrapper',
    torch.float32: 'mmengine.OptimWrapper',
}


def precision(device: str) -> torch.dtype:
    """bf16 where the device has it; else fp16 on a GPU and fp32 on a CPU."""
    if device == 'cpu':
        return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32
    bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if bf16 else torch.float16


class Ours:
    """mmbarlow's model, optimizer wrapper and LARS, as tools/train.py --amp runs them."""

    def __init__(self, network: dict, device: str, **options) -> None:
        self.model = MODELS.build(ours(network) | options).to(device)
        self.wrapper = build_optim_wrapper(
            self.model,
            dict(
                type=WRAPPERS[precision(device)],
                optimizer=dict(type='mmbarlow.LARS', lr=LR, weight_decay=WEIGHT_DECAY),
                constructor='mmbarlow.NdimParamGroups',
                paramwise_cfg=dict(bias_lr=BIAS_LR),
            ),
        )
        self.device = device

    def __call__(self, views: Views) -> Tensor:
        return self.model.train_step(dict(inputs=views), self.wrapper)['loss']

    def parts(self, views: Views) -> dict[str, float]:
        """Seconds of the parts of one step; the loss's own backward pass is in 'loss'."""
        clock = Clock(self.device)
        clock.mark('start')
        with self.wrapper.optim_context(self.model):
            z = self.model.embed_views(views)
            clock.mark('forward')
            leaves = [x.detach().requires_grad_() for x in z]
            loss, _ = self.model.parse_losses(self.model.head.loss(*leaves))
        self.wrapper.scale_loss(loss).backward()
        clock.mark('loss')
        torch.autograd.backward(z, [x.grad for x in leaves])
        clock.mark('backward')
        self.wrapper.optimizer.step()
        self.wrapper.zero_grad()
        clock.mark('optimizer')
        return clock.seconds()


class Official:
    """The official recipe: fp16 autocast with a scaled loss, contiguous tensors; on a CPU, ours."""

    def __init__(self, network: dict, device: str) -> None:
        model = MODELS.build(ours(network))
        self.net = nn.Sequential(model.backbone, model.neck).to(device)
        self.loss = OfficialLoss(network['width']).to(device)
        params = list(self.net.parameters())
        groups = [
            dict(params=[p for p in params if p.ndim > 1]),
            dict(params=[p for p in params if p.ndim == 1], lr=BIAS_LR, weight_decay=0.0),
        ]
        self.optimizer = OfficialLARS(groups, lr=LR, weight_decay=WEIGHT_DECAY)
        self.scaler = torch.amp.GradScaler(device, enabled=device != 'cpu')
        dtype = precision(device) if device == 'cpu' else torch.float16
        self.autocast = autocast(device, dtype)

    def __call__(self, views: Views) -> Tensor:
        self.optimizer.zero_grad()
        with self.autocast():
            loss = self.loss(*(self.net(view) for view in views))
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss


class Mmpretrain:
    """mmpretrain's model, head and LARS as its config has them, in MMEngine's wrapper for fp16.

    That refuses a CPU, which has our precision. After each step comes the look at every logged
    value that MMEngine's hook takes.
    """

    def __init__(self, network: dict, device: str) -> None:
        self.model = MODELS.build(theirs(network)).to(device)
        keys = dict(decay_mult=0, lr_mult=0.024, lars_exclude=True)
        dtype = precision(device) if device == 'cpu' else torch.float16
        self.wrapper = build_optim_wrapper(
            self.model,
            dict(
                type=WRAPPERS[dtype],
                optimizer=dict(type='mmpretrain.LARS', lr=LR, weight_decay=WEIGHT_DECAY),
                paramwise_cfg=dict(
                    custom_keys={name: dict(keys) for name in ('bn', 'bias', 'downsample.1')}
                ),
            ),
        )

    def __call__(self, views: Views) -> float:
        logged = self.model.train_step(dict(inputs=views, data_samples=[]), self.wrapper)
        return [value.item() for value in logged.values()][0]


class Ceiling:
    """Backbone and projector alone, forward and backward, in our precision and layout."""

    def __init__(self, network: dict, device: str, **options) -> None:
        self.model = MODELS.build(ours(network) | options).to(device)
        self.autocast = autocast(device, precision(device))

    def __call__(self, views: Views) -> None:
        with self.autocast():
            z = self.model.embed_views(views)
        torch.autograd.backward(z, [torch.ones_like(x) for x in z])
        self.model.zero_grad()


def autocast(device: str, dtype: torch.dtype) -> Callable[[], torch.autocast]:
    return functools.partial(torch.autocast, device, dtype=dtype, enabled=dtype != torch.float32)


METHODS: dict[str, Callable[..., Step]] = dict(
    ours=Ours, official=Official, mmpretrain=Mmpretrain, ceiling=Ceiling
)


def operations(network: dict, device: str) -> float:
    """Of convolutions and linear layers in forward and backward of one image's two views."""
    step = Ceiling(network, device)
    size = network['size']
    views = [torch.randn(2, 3, size, size, device=device) for _ in 'ab']
    with FlopCounterMode(display=False) as counter:
        step(views)
    return counter.get_total_flops() / 2
