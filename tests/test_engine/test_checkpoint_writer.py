"""What is written is the state of its step, whole, finite and read back."""

from pathlib import Path

import pytest
import torch
from torch import nn

from mmbarlow.engine.checkpoint_writer import CheckpointWriter
from mmbarlow.errors import InputError
from mmbarlow.files import TEMPORARY


def state(tensor: torch.Tensor) -> dict:
    return dict(
        meta=dict(epoch=1, iter=3), state_dict={'a': tensor}, optimizer=dict(state=[tensor])
    )


def test_the_file_has_the_state_of_its_step_although_training_goes_on(tmp_path):
    writer, weights, written = CheckpointWriter(), torch.full((3000, 2000), 1.0), []
    for number in range(1, 4):
        writer.start(state(weights), tmp_path / f'{number}.pth', written.append)
        weights += 1  # in place, as an optimizer does
    writer.wait()
    assert written == [tmp_path / f'{number}.pth' for number in (1, 2, 3)]
    for number, path in enumerate(written, 1):
        saved = torch.load(path)
        assert saved['state_dict']['a'].unique().tolist() == [number]
        assert saved['optimizer']['state'][0].unique().tolist() == [number]


def test_containers_are_copied_with_what_they_say_of_themselves(tmp_path):
    modules, counts = nn.BatchNorm1d(2).state_dict(), [1, 2]
    writer = CheckpointWriter()
    writer.start(dict(state_dict=modules, counts=counts), tmp_path / 'a.pth', lambda path: None)
    counts.append(3)
    writer.wait()
    saved = torch.load(tmp_path / 'a.pth')
    assert saved['state_dict']._metadata == modules._metadata
    assert saved['counts'] == [1, 2]


@pytest.mark.skipif(not Path('/proc/self/task').exists(), reason='counts threads as Linux has them')
def test_the_thread_that_writes_has_no_threads_of_its_own(tmp_path):
    """With more threads than cores, those of the training would sleep between operations."""

    def threads() -> int:
        return len([*Path('/proc/self/task').iterdir()])

    before, weights = torch.get_num_threads(), torch.ones(4_000_000)
    torch.set_num_threads(2)
    try:
        weights.sum()  # the threads of the training, if it is the first to need them
        alone, writer = threads(), CheckpointWriter()
        writer.start(state(weights), tmp_path / 'a.pth', lambda path: None)
        writer.wait()
        assert threads() == alone + 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def steps(writer: CheckpointWriter) -> None:
    """Those that are made until a write has failed."""
    while True:
        writer.check()


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_what_is_not_finite_is_not_written_and_is_told_by_the_next_step(value, tmp_path):
    writer, good = CheckpointWriter(), tmp_path / 'epoch_1.pth'
    writer.start(state(torch.ones(5)), good, lambda path: None)
    writer.wait()
    whole, bad = good.read_bytes(), torch.tensor([1.0, value])
    writer.start(state(bad), tmp_path / 'epoch_2.pth', lambda path: pytest.fail('was written'))
    with pytest.raises(InputError, match=r'epoch_2.pth is not written, since state_dict\.a holds'):
        steps(writer)
    writer.wait()  # it is told once
    assert [path.name for path in tmp_path.iterdir()] == ['epoch_1.pth']
    assert good.read_bytes() == whole


def test_what_is_large_is_written(tmp_path):
    """The sum overflows, and no number does."""
    writer, large = CheckpointWriter(), torch.full((5,), 3e38)
    writer.start(state(large), tmp_path / 'a.pth', lambda path: None)
    writer.wait()
    assert torch.equal(torch.load(tmp_path / 'a.pth')['state_dict']['a'], large)


def test_what_could_not_be_read_again_is_not_written(tmp_path):
    writer = CheckpointWriter()
    writer.start(dict(meta=dict(path=Path('a'))), tmp_path / 'a.pth', lambda path: None)
    with pytest.raises(InputError, match='is no checkpoint of tensors and plain values'):
        writer.wait()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_is_not_made_again(tmp_path):
    writer = CheckpointWriter()
    writer.start(state(torch.ones(1)), tmp_path / 'gone' / 'a.pth', lambda path: None)
    with pytest.raises(InputError, match='the folder .*gone is gone'):
        writer.wait()
    assert not list(tmp_path.glob(f'**/{TEMPORARY}*')) + list(tmp_path.iterdir())
