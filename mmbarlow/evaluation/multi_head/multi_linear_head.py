"""A linear classifier on each of several feature maps, trained side by side."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmbarlow.registry import MODELS

HEADS = ('feature1', 'feature2', 'feature3', 'feature4', 'feature5', 'avgpool')


@MODELS.register_module()
class MultiLinearHead(BaseModule):
    """BN, flatten, linear for each map; their cross entropies are summed.

    The heads share no parameter, so each is trained as if it were alone. MMSelfSup 0.x,
    `multi_cls_head.py`, has the first five, without affine parameters; AvgPool is the sixth here.
    VISSL's `eval_mlp` heads have affine BN and PyTorch's initialization.

    Args:
        num_classes: K.
        in_shapes: (C, H, W) of each map, in the order of `names`.
        names: of the heads, as in `MultiPooling`.
        affine: whether BN has a weight and a bias.
        init_std: of the normal distribution that the weights of the linear layers are drawn from;
            None: PyTorch's own initialization.
    """

    def __init__(
        self,
        num_classes: int,
        in_shapes: Sequence[tuple[int, int, int]],
        names: Sequence[str] = HEADS,
        affine: bool = False,
        init_std: float | None = 0.01,
    ) -> None:
        normal = dict(type='Normal', layer='Linear', std=init_std)
        super().__init__(init_cfg=None if init_std is None else normal)
        self.num_classes = num_classes
        # Not SyncBN: with several GPUs the runner's sync_bn turns it into SyncBN, as published.
        self.heads = nn.ModuleDict()
        for name, shape in zip(names, in_shapes, strict=True):
            norm = nn.BatchNorm2d(shape[0], momentum=0.1, affine=affine)
            linear = nn.Linear(math.prod(shape), num_classes)
            self.heads[name] = nn.Sequential(norm, nn.Flatten(), linear)

    def forward(self, maps: tuple[Tensor, ...]) -> dict[str, Tensor]:
        """Logits (n, K) of each head."""
        return {name: head(x) for (name, head), x in zip(self.heads.items(), maps, strict=True)}

    def loss(self, maps: tuple[Tensor, ...], data_samples: list) -> dict[str, Tensor]:
        labels = torch.cat([sample.gt_label for sample in data_samples])
        logits = self(maps)
        return {f'loss_{name}': F.cross_entropy(x, labels) for name, x in logits.items()}

    def predict(self, maps: tuple[Tensor, ...], data_samples: list) -> list:
        """The samples, each with the class predicted by every head in `head_labels`."""
        labels = {name: x.argmax(1).tolist() for name, x in self(maps).items()}
        for i, sample in enumerate(data_samples):
            sample.set_field({name: label[i] for name, label in labels.items()}, 'head_labels')
        return data_samples
