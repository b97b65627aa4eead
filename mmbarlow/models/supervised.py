"""The baseline that has labels: the same network, trained to classify."""

from torch import Tensor

from mmbarlow.errors import InputError
from mmbarlow.models.encoder import Encoder
from mmbarlow.registry import MODELS


@MODELS.register_module()
class Supervised(Encoder):
    """An encoder with a classifier on top; only the encoder is exported and evaluated.

    Args:
        backbone: config of a backbone that returns a tuple of feature maps.
        head: config of a classifier of vectors, such as `mmpretrain.LinearClsHead`.
        data_preprocessor: config of the preprocessor that normalizes the images on the device.
    """

    def __init__(self, backbone: dict, head: dict, data_preprocessor: dict | None = None) -> None:
        super().__init__(backbone, data_preprocessor)
        self.head = MODELS.build(head)

    def forward(
        self, inputs: Tensor, data_samples: list | None = None, mode: str = 'tensor'
    ) -> dict[str, Tensor] | Tensor:
        """'loss' gives the classifier's loss on images (n, 3, H, W) with the labels in
        `data_samples`; 'tensor' the representations, (n, C).

        Raises:
            InputError: another mode, channels the backbone does not take.
        """
        if mode == 'tensor':
            return self.extract_feat(inputs)
        if mode == 'loss':
            losses = self.head.loss((self.extract_feat(inputs),), data_samples)
            return dict(loss_classification=losses['loss'])
        raise InputError(f"Supervised has the modes 'loss' and 'tensor', not {mode!r}.")
