"""A classifier that looks at the places of an image, where a linear one sees their mean."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmbarlow.evaluation.features import Features
from mmbarlow.progress import progress

QUERIES = 8
BATCH = 256
STEPS, FEWEST, MOST_EPOCHS = 2000, 10, 100
RATE, DECAY = 1e-3, 0.01


class EfficientProbe(nn.Module):
    """Efficient probing (Psomas et al., 2026): attention by learned queries over the tokens.

    Each query weighs the places by a softmax of its products with the tokens, which serve as keys
    as they are. Of the mean that it so takes, a linear layer makes its part of the values, and a
    linear classifier takes all parts. With equal weights it is a linear probe on the mean.

    Args:
        width: C of the tokens.
        classes: number of outputs.
    """

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.heads = math.gcd(QUERIES, width)
        self.queries = nn.Parameter(torch.randn(self.heads, width) / width)
        self.values = nn.Parameter(torch.eye(width).view(self.heads, -1, width).clone())
        self.classify = nn.Linear(width, classes)

    def forward(self, x_nLC: Tensor) -> Tensor:
        """Logits (n, classes)."""
        weights_nHL = (self.queries @ x_nLC.transpose(1, 2)).softmax(2)
        parts_nHV = torch.einsum('nhc,hvc->nhv', weights_nHL @ x_nLC, self.values)
        return self.classify(F.layer_norm(parts_nHV.flatten(1), [x_nLC.shape[2]]))


def attentive_scores(train: Features, test: Features, classes: int, seed: int = 0) -> Tensor:
    """Logits of the test images, (M, classes), of an `EfficientProbe`.

    The tokens are standardized by dimension, over all images and places of the train split. AdamW
    at 0.001, which falls to 0 by a cosine, weight decay 0.01, batches of 256 images (of fewer than
    2,048 an eighth, but 16), about 2,000 steps in 10 to 100 epochs.

    Args:
        train, test: tokens (N, L, C) and labels (N,), see `PlaceFeatures`.
        classes: number of outputs.
        seed: of the queries and of the order.
    """
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    mean, scale = _moments(train.features)
    n, _, width = train.features.shape

    def tokens_of(x: Tensor) -> Tensor:
        return ((x.float() - mean) / scale).to(device)

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        probe = EfficientProbe(width, classes).to(device)
    optimizer = torch.optim.AdamW(probe.parameters(), RATE, weight_decay=DECAY)
    batch = min(BATCH, max(16, n // 8))
    each = -(-n // batch)
    epochs = min(MOST_EPOCHS, max(FEWEST, round(STEPS / each)))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * each)
    generator = torch.Generator().manual_seed(seed)
    for _ in progress(range(epochs), 'attentive probe'):
        for index in torch.randperm(n, generator=generator).split(batch):
            logits = probe(tokens_of(train.features[index]))
            optimizer.zero_grad()
            F.cross_entropy(logits, train.labels[index].to(device)).backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        return torch.cat([probe(tokens_of(x)).cpu() for x in test.features.split(BATCH)])


def _moments(tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of each dimension over tokens (N, L, C), (C,) each, block by block."""
    parts = [
        (x.sum((0, 1)), x.square().sum((0, 1))) for x in (t.double() for t in tokens.split(BATCH))
    ]
    total, squares = (torch.stack(sums).sum(0) for sums in zip(*parts, strict=True))
    count = tokens.shape[0] * tokens.shape[1]
    mean = total / count
    scale = (squares / count - mean.square()).clamp_min(0).sqrt()
    return mean.float(), torch.where(scale > 1e-6, scale, 1.0).float()
