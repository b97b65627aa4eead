"""The baseline that has labels: the same network, trained to classify."""

from torch import Tensor

from mmbarlow.errors import InputError
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.width import with_width
from mmbarlow.registry import MODELS


@MODELS.register_module()
class Supervised(Encoder):
    """An encoder with a classifier on top; only the encoder is exported and evaluated.

    Args:
        backbone: config of a backbone that returns anything that `pooled` takes.
        head: config of a classifier of vectors, such as `mmpretrain.LinearClsHead`; its
            `in_channels`, where it is None or left out, is the backbone's C.
        data_preprocessor: config of the preprocessor that normalizes the images on the device.
        pool: as in `Encoder`.
    """

    def __init__(
        self,
        backbone: dict,
        head: dict,
        data_preprocessor: dict | None = None,
        pool: str = 'auto',
    ) -> None:
        super().__init__(backbone, data_preprocessor, pool=pool)
        self.head = MODELS.build(with_width(head, self.backbone, pool))

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
