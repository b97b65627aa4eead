"""How often networks are right on corrupted images: made once, and shown to all of them."""

from collections.abc import Callable, Sequence

import cv2
import torch
from mmengine.dataset import default_collate
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mmbarlow.benchmarks.card.data import CardData
from mmbarlow.config_files import explained
from mmbarlow.datasets.corruption import SEVERITIES
from mmbarlow.progress import progress
from mmbarlow.registry import DATASETS

Answering = Callable[[dict], Tensor]  # answers (n,) on a batch of a data loader


class CorruptedImages(Dataset):
    """Some images of a data set, under each corruption at each severity, one after the other.

    Args:
        dataset: with an `mmbarlow.Corrupt` before the last transform of its pipeline.
        index: of the images in it.
        names: of the corruptions.
    """

    def __init__(self, dataset, index: Sequence[int], names: Sequence[str]) -> None:
        self.dataset, self.index = dataset, index
        self.kinds = [(name, severity) for name in names for severity in SEVERITIES]
        self.transform = dataset.pipeline.transforms[-2]

    def __len__(self) -> int:
        return len(self.kinds) * len(self.index)

    def __getitem__(self, number: int) -> dict:
        kind, place = divmod(number, len(self.index))
        self.transform.name, self.transform.severity = self.kinds[kind]
        return self.dataset[self.index[place]]


@torch.no_grad()
def corrupted_accuracy(
    answering: dict[str, Answering],
    data: CardData,
    labels: Tensor,
    index: Tensor,
    names: Sequence[str],
) -> dict[str, Tensor]:
    """The share of right answers of each network, in percent, (corruptions, severities), float64.

    Args:
        answering: the networks with their classifiers, by name.
        data: whose test images are corrupted, with draws by its seed.
        labels: of all test images.
        index: of the test images to take, sorted.
        names: of the corruptions.

    Raises:
        InputError: an image cannot be read.
    """
    own = dict(type='mmbarlow.Corrupt', name=names[0], seed=data.seed)
    cfg = data.with_transform(own)
    images = CorruptedImages(
        explained('the data')(DATASETS.build)(cfg['dataset']), index.tolist(), names
    )
    loader = DataLoader(
        images,
        cfg['batch_size'],
        num_workers=cfg['num_workers'],
        collate_fn=default_collate,
        worker_init_fn=_one_thread,
    )
    truth = labels[index].repeat(len(images.kinds))
    right: dict[str, list[Tensor]] = {title: [] for title in answering}
    done = 0
    for batch in progress(loader, 'corrupted images'):
        for title, answers_of in answering.items():
            answers = answers_of(dict(batch))
            right[title].append(answers == truth[done : done + len(answers)])
        done += len(answers)
    shape = len(names), len(SEVERITIES), len(index)
    return {
        title: 100 * torch.cat(parts).view(shape).double().mean(2) for title, parts in right.items()
    }


def _one_thread(_worker: int) -> None:
    cv2.setNumThreads(0)  # those of OpenCV do not survive a fork


def robustness_metrics(table: Tensor, names: Sequence[str], clean: float) -> dict[str, float]:
    """`top1`, the mean over corruptions and severities, `top1_clean` on the same images, and the
    means of each severity and of each corruption, in percent."""
    severity = {
        f'top1_severity{s}': v for s, v in zip(SEVERITIES, table.mean(0).tolist(), strict=True)
    }
    kind = {f'top1_{name}': v for name, v in zip(names, table.mean(1).tolist(), strict=True)}
    return dict(top1=table.mean().item(), top1_clean=clean, **severity, **kind)
