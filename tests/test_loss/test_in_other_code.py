"""The loss in the training step of another library: one import changed, the same training run."""

import pytest
import pytorch_lightning as lightning
import torch
from lightly.embedding import SelfSupervisedEmbedding
from lightly.loss import BarlowTwinsLoss as LightlyLoss
from lightly.models.modules import BarlowTwinsProjectionHead
from torch import Tensor, nn
from torch.utils.data import DataLoader

from mmbarlow.loss import BarlowTwinsLoss

pytestmark = pytest.mark.filterwarnings('ignore')  # Lightning's, of workers and of its own parts


class Network(nn.Module):
    """A backbone and lightly's projector; both views, as lightly's step calls it."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.backbone = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 32), nn.ReLU())
        self.projector = BarlowTwinsProjectionHead(32, 64, 16)

    def forward(self, x0: Tensor, x1: Tensor) -> tuple[Tensor, Tensor]:
        return self.projector(self.backbone(x0)), self.projector(self.backbone(x1))


def trained(criterion: nn.Module) -> tuple[list[float], list[Tensor]]:
    """Losses and weights of ten steps of lightly's own module under Lightning's trainer."""
    losses: list[float] = []
    model = Network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    criterion.register_forward_hook(lambda module, inputs, loss: losses.append(loss.item()))
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(10, 32, 3, 8, 8, generator=generator)
    noise = 0.3 * torch.randn(2, *images.shape, generator=generator)
    batches = [((x + a, x + b), 0, '') for x, a, b in zip(images, *noise, strict=True)]
    loader = DataLoader(batches, batch_size=None)  # pyright: ignore[reportArgumentType]
    embedding = SelfSupervisedEmbedding(model, criterion, optimizer, loader)
    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator='cpu',
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(embedding, loader)
    return losses, [p.detach() for p in model.parameters()]


def test_lightlys_training_step_gives_the_same_run_with_either_loss():
    theirs, their_weights = trained(LightlyLoss(lambda_param=0.0051))
    ours, our_weights = trained(BarlowTwinsLoss())
    assert len(ours) == 10
    assert ours[-1] < 0.9 * ours[0]
    assert ours == pytest.approx(theirs, rel=1e-4)
    for mine, other in zip(our_weights, their_weights, strict=True):
        assert torch.allclose(mine, other, rtol=1e-3, atol=1e-5)
