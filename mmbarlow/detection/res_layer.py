"""The RoI head of a C4 detector, as MoCo fine-tunes it."""

from mmcv.cnn import build_norm_layer
from mmdet.models.backbones import ResNet
from mmdet.models.roi_heads.shared_heads import ResLayer
from torch import Tensor

from mmbarlow.registry import MODELS


@MODELS.register_module()
class ResLayerExtraNorm(ResLayer):
    """res5 for RoIs, followed by a norm layer, as in detectron2's `Res5ROIHeadsExtraNorm`.

    He et al., Momentum Contrast: "the extra BN layer following the res5 stage". The layer has no
    pretrained weights, and no ReLU follows it. The arguments are those of mmdet's `ResLayer`.
    """

    def __init__(self, depth: int, stage: int = 3, **kwargs) -> None:
        super().__init__(depth, stage, **kwargs)
        channels = 64 * 2**stage * ResNet.arch_settings[depth][0].expansion
        self.norm = build_norm_layer(self.norm_cfg, channels)[1]

    def forward(self, x: Tensor) -> Tensor:
        """(RoIs, C, H, W) to (RoIs, 2 C, H / 2, W / 2)."""
        return self.norm(super().forward(x))
