from collections.abc import Callable

import pytest

from mmbarlow.zoo.records import Record


@pytest.fixture
def make_record() -> Callable[..., Record]:
    """A valid record, kNN on digits after a pretraining, with what the test changes."""

    def make(**changes) -> Record:
        fields = dict(
            config='knn_digits',
            task='knn',
            dataset='digits',
            metrics=dict(top1_k10=97.0, top5_k10=99.5),
            model='barlowtwins',
            pretrain_config='pretrain_digits',
            checkpoint_sha256='b' * 64,
            seed=0,
            commit='a' * 40,
            versions=dict(python='3.11.7', torch='2.11.0'),
            hardware='Some CPU, 2 cores',
            wall_time_s=3.2,
            date='2026-11-20',
            scale='full',
            command='python tools/benchmark.py work_dirs/x.pth --suite knn_digits',
        )
        if changes.get('model') in ('pixels', 'untrained'):
            fields.update(pretrain_config=None, checkpoint_sha256=None)
        return Record(**(fields | changes))

    return make
