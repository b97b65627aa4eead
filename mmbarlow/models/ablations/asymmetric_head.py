"""Ablation: the two branches made different, as in BYOL and SimSiam."""

from torch import Tensor, nn

from mmbarlow.loss import global_batch
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead
from mmbarlow.models.projector import perceptron
from mmbarlow.registry import MODELS


@MODELS.register_module()
class AsymmetricHead(CrossCorrelationHead):
    """A predictor on the first branch, a stop-gradient on the second, or both.

    Table 6, top-1 / top-5 instead of 71.4 / 90.2: stop-gradient 70.5 / 89.0, predictor
    70.2 / 89.0, both 61.3 / 83.5. The predictor is two linear layers as wide as the embedding,
    8192, with BN and ReLU between them; without bias, like the projector. The loss is not made
    symmetric by exchanging the branches. (The paper states neither of these two choices.)

    Args:
        in_channels: D, the number of embedding dimensions.
        stop_gradient: the second branch is a constant to the loss.
        predictor: the first branch has a predictor, which is trained with the rest.
        **loss: `lambd`, `form` and `grad` of `CrossCorrelationHead`.
    """

    def __init__(self, in_channels: int, stop_gradient: bool, predictor: bool, **loss) -> None:
        super().__init__(in_channels, **loss)
        self.stop_gradient = stop_gradient
        self.predictor = perceptron([in_channels] * 3) if predictor else nn.Identity()

    def loss(self, z_a: Tensor, z_b: Tensor) -> dict[str, Tensor]:
        """The two terms of the loss; arguments and errors as for `CrossCorrelationHead`."""
        # Agreed on before the predictor runs, which would end in an error of its own.
        batch = global_batch(z_a, z_b, dimensions=self.in_channels)
        return self.loss_of(
            self.predictor(z_a), z_b.detach() if self.stop_gradient else z_b, batch=batch
        )
