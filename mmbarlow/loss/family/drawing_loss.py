"""What a loss that draws at random has: a seed, and the number of the step."""

import torch

from .loss_of_views import LossOfViews


class DrawingLoss(LossOfViews):
    """A loss whose draws are the same on all processes, and in a run that is resumed.

    Args:
        seed: of the draws, to which the number of the step is added. It is saved with the model,
            and stands still in eval mode.
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.seed = seed
        self.register_buffer('step', torch.zeros((), dtype=torch.long))

    def generator(self, device: torch.device) -> torch.Generator:
        """What this step draws from; the next call is of the next step."""
        generator = torch.Generator(device).manual_seed(self.seed + int(self.step))
        self.step += self.training
        return generator
