"""Training steps of several codes on the same network, to be timed side by side.

Each method takes two views (n, 3, size, size) that lie on the device and does all that a training
step does with them: both forward passes, loss, backward, optimizer.
"""

import functools
import time
from collections.abc import Callable

import torch
from mmengine.optim import build_optim_wrapper
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from mmbarlow.engine.bf16 import has_bf16, mixed_dtype, wrapper_for
from mmbarlow.registry import MODELS

from .networks import ours, theirs
from .official import OfficialLARS, OfficialLoss, groups
from .timing import Clock, Stopwatch, medians

Views = list[Tensor]
Step = Callable[[Views], object]

# So slow that noise does not drive the weights away; a step costs the same at any rate.
LR, BIAS_LR, WEIGHT_DECAY = 0.01, 1e-4, 1e-6


def precision(device: str) -> torch.dtype:
    """bf16 where the device has it; else fp16 on a GPU and fp32 on a CPU."""
    return mixed_dtype(device) if device != 'cpu' or has_bf16('cpu') else torch.float32


def matrix_rate(device: str, dtype: torch.dtype, clock: Clock = time.perf_counter) -> float:
    """Operations a second of one large product of matrices."""
    side = 512 if device == 'cpu' else 8192
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in 'ab')
    product = torch.empty_like(a)
    torch.mm(a, b, out=product)
    task = dict(mm=lambda: torch.mm(a, b, out=product))
    seconds = medians(task, 5, device, repeats=3, clock=clock)['mm']
    return 2 * side**3 / seconds


class Ours:
    """mmbarlow's model, optimizer wrapper and LARS, as tools/train.py --amp runs them."""

    def __init__(self, network: dict, device: str, **options) -> None:
        self.model = MODELS.build(ours(network) | options).to(device)
        self.wrapper = build_optim_wrapper(
            self.model,
            dict(
                type=wrapper_for(precision(device)),
                optimizer=dict(type='mmbarlow.LARS', lr=LR, weight_decay=WEIGHT_DECAY),
                constructor='mmbarlow.NdimParamGroups',
                paramwise_cfg=dict(bias_lr=BIAS_LR),
            ),
        )
        self.device = device

    def __call__(self, views: Views) -> Tensor:
        return self.model.train_step(dict(inputs=views), self.wrapper)['loss']

    def parts(self, views: Views) -> dict[str, float]:
        """The seconds of each part of a step; the loss's own backward pass is in 'loss'."""
        watch = Stopwatch(self.device)
        watch.mark('start')
        with self.wrapper.optim_context(self.model):
            z = self.model.embed_views(views)
            watch.mark('forward')
            leaves = [x.detach().requires_grad_() for x in z]
            loss, _ = self.model.parse_losses(self.model.head.loss(*leaves))
        self.wrapper.scale_loss(loss).backward()
        watch.mark('loss')
        torch.autograd.backward(z, [x.grad for x in leaves])
        watch.mark('backward')
        self.wrapper.optimizer.step()
        self.wrapper.zero_grad()
        watch.mark('optimizer')
        return watch.seconds()


class Official:
    """The official recipe: fp16 autocast, a scaled loss, contiguous tensors; our type on a CPU."""

    def __init__(self, network: dict, device: str) -> None:
        model = MODELS.build(ours(network))
        self.net = nn.Sequential(model.backbone, model.neck).to(device)
        self.loss = OfficialLoss(network['neck']['out_channels']).to(device)
        params = groups(self.net.parameters(), lr=BIAS_LR, weight_decay=0.0)
        self.optimizer = OfficialLARS(params, lr=LR, weight_decay=WEIGHT_DECAY)
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

    That wrapper refuses a CPU, where this method computes in the type of ours. Every logged value
    is read after a step, as MMEngine's hook does.
    """

    def __init__(self, network: dict, device: str) -> None:
        self.model = MODELS.build(theirs(network)).to(device)
        keys = dict(decay_mult=0, lr_mult=0.024, lars_exclude=True)
        dtype = precision(device) if device == 'cpu' else torch.float16
        self.wrapper = build_optim_wrapper(
            self.model,
            dict(
                type=wrapper_for(dtype),
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
    """Backbone and projector alone, forward and backward, in the type and layout of ours."""

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
    """The operations that convolutions and linear layers take for one image's two views, forward
    and backward."""
    step = Ceiling(network, device)
    size = network['size']
    views = [torch.randn(2, 3, size, size, device=device) for _ in 'ab']
    with FlopCounterMode(display=False) as counter:
        step(views)
    return counter.get_total_flops() / 2
