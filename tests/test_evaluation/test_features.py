"""Features of a data set: by one process and by two, with one label for each image or several."""

import os
import subprocess
import sys

import pytest
import torch
import torch.distributed as dist
from mmengine.dataset import BaseDataset
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement

from mmbarlow.errors import InputError
from mmbarlow.evaluation import features
from mmbarlow.evaluation.features import Features, dataset_features
from mmbarlow.models.encoder import Encoder
from mmbarlow.registry import DATASETS

SIZES = (7, 1)  # neither is divisible by two processes


@DATASETS.register_module()
class Marks(BaseDataset):
    """Images of one number each, with the given labels; without mmpretrain, which would take the
    processes seconds to import."""

    def __init__(self, labels: list) -> None:
        self.labels = labels
        super().__init__(pipeline=[pack], serialize_data=False)

    def load_data_list(self) -> list[dict]:
        return [dict(number=i, gt_label=label) for i, label in enumerate(self.labels)]


def pack(sample: dict) -> dict:
    label = torch.tensor(sample['gt_label']).reshape(-1)
    image = torch.full((3, 2, 2), float(sample['number']))
    return dict(inputs=image, data_samples=BaseDataElement(gt_label=label))


def extract(labels: list, dtype: str = 'float32') -> Features:
    loader = Runner.build_dataloader(
        dict(
            batch_size=2,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='default_collate'),
            dataset=dict(type='mmbarlow.Marks', labels=labels),
        )
    )
    model = Encoder(dict(type='mmbarlow.RawPixels'))
    return dataset_features(model, loader, dtype)


def single(n: int) -> list:
    return [3 * i % 10 for i in range(n)]


def several(n: int) -> list:
    return [[i % 2, -(i % 3 // 2), 1] for i in range(n)]


def worker(folder: str, rank: str) -> None:
    where = f'file://{folder}/store'
    dist.init_process_group('gloo', init_method=where, rank=int(rank), world_size=2)
    features.GATHERED_BYTES = 200  # two images of each process in one exchange
    found = {
        (n, kind.__name__): tuple(extract(kind(n))) for n in SIZES for kind in (single, several)
    }
    torch.save(found, f'{folder}/{rank}.pth')
    dist.barrier()
    os._exit(0)  # see test_distributed.py


def test_two_processes_see_every_image_once_and_in_order(tmp_path):
    """Started without torchrun, whose own start takes as long as theirs."""
    environment = dict(os.environ, OMP_NUM_THREADS='1', CUDA_VISIBLE_DEVICES='')
    command = [sys.executable, __file__, str(tmp_path)]
    processes = [subprocess.Popen([*command, rank], env=environment) for rank in '01']
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    for rank in range(2):
        found = torch.load(tmp_path / f'{rank}.pth')
        for n in SIZES:
            for kind in (single, several):
                got, labels = found[n, kind.__name__]
                assert got[:, 0].tolist() == list(range(n))
                assert labels.tolist() == kind(n)


def test_one_process_gives_a_row_for_each_image_and_its_label_or_marks():
    for kind in (single, several):
        got, labels = extract(kind(5))
        assert torch.equal(got, torch.arange(5.0)[:, None].expand(5, 12))
        assert (labels.dtype, labels.tolist()) == (torch.int64, kind(5))


def test_features_are_held_in_half_precision_on_request():
    got = extract(single(5), 'float16').features
    assert got.dtype == torch.float16
    assert got[:, 0].tolist() == list(range(5))


def test_large_features_are_announced_with_their_size(monkeypatch):
    said = []
    monkeypatch.setattr(features, 'print_log', lambda text, logger: said.append(text))
    features.announce_memory('bank', 1_281_167, 2048, torch.float16)
    features.announce_memory('bank', 1000, 2048, torch.float32)
    assert said == ['bank: 1,281,167 x 2,048 in float16, 5.2 GB']


def test_lists_of_classes_are_told_from_marks():
    with pytest.raises(InputError, match='a number for each class'):
        extract([[0], [3, 4], [1]])


def test_images_without_labels_or_none_at_all_are_refused():
    with pytest.raises(InputError, match='needs labels'):
        features.label_of({})
    with pytest.raises(InputError, match='no images to evaluate'):
        extract([])


if __name__ == '__main__':
    worker(*sys.argv[1:])
