"""A linear classifier of each place of a feature map."""

from collections.abc import Sequence

from mmcv.cnn import build_norm_layer
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from torch import Tensor

from mmbarlow.registry import MODELS


@MODELS.register_module()
class LinearSegmentationHead(BaseDecodeHead):
    """BN, then a 1x1 convolution, on frozen features: the linear head of VICRegL and DINOv2.

    BN gives all channels one scale, so that one learning rate suits every network. The logits are
    enlarged to the size of the image for loss and prediction.

    Args:
        in_channels: channels of the feature map that `in_index` chooses.
        norm_cfg: of the BN.
        **kwargs: those of mmseg's `BaseDecodeHead`, such as `num_classes` and `in_index`.
    """

    def __init__(self, in_channels: int, norm_cfg: dict, **kwargs) -> None:
        super().__init__(in_channels=in_channels, channels=in_channels, norm_cfg=norm_cfg, **kwargs)
        self.norm = build_norm_layer(norm_cfg, in_channels)[1]

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """(N, C, h, w), one of the maps of the backbone, to (N, classes, h, w)."""
        return self.cls_seg(self.norm(self._transform_inputs(inputs)))
