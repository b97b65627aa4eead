"""Whatever is wrong with the pointer or with a file: the newest good checkpoint is resumed."""

import os
import random
import re
from pathlib import Path

import pytest
import torch

from mmbarlow.engine.last_checkpoint import last_checkpoint_in
from mmbarlow.engine.numbered_checkpoints import point_to, remove_old, steps_of
from mmbarlow.engine.work_dir import NUMBERED, state_of_run
from mmbarlow.errors import InputError
from mmbarlow.weight_files import glance, read_plain

EPOCHS = re.compile(r'epoch_\d+\.pth')


def save(path: Path, steps: int, **meta) -> Path:
    content = dict(meta=dict(epoch=0, iter=steps, **meta), state_dict={'a.b': torch.randn(300)})
    torch.save(content | dict(optimizer={}), path)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob('*.pth'))


@pytest.mark.parametrize(
    ('text', 'says'),
    [
        ('epoch_2.pth', None),
        ('/of/another/machine/epoch_2.pth\n', None),
        ('  \n', 'is empty'),
        ('\0\0\0', 'is empty'),
        ('epoch_7.pth', 'is not there'),
        ('../epoch_7.pth', 'is not there'),
        ('epoch_\n2.pth', 'holds no name of a file'),
        ('\x1b[2Jepoch_2.pth', 'holds no name of a file'),
        ('..', 'holds no name of a file'),
        ('/', 'holds no name of a file'),
        ('records', 'is not there'),
        ('x' * 9000, 'holds no name of a file'),
    ],
)
def test_a_pointer_that_names_no_good_file_of_its_folder_is_told_and_not_followed(
    text, says, tmp_path
):
    folder = tmp_path / 'run'
    (folder / 'records').mkdir(parents=True)
    save(tmp_path / 'epoch_7.pth', 70)  # outside
    save(folder / 'epoch_2.pth', 20)
    newest = save(folder / 'iter_25.pth', 25)
    (folder / 'last_checkpoint').write_text(text)
    path, fault = last_checkpoint_in(folder)
    assert path == (folder / 'epoch_2.pth' if says is None else newest)
    assert fault is None if says is None else fault.endswith(says)


def test_a_pointer_that_is_a_folder_or_missing_is_told(tmp_path):
    newest = save(tmp_path / 'epoch_1.pth', 1)
    assert last_checkpoint_in(tmp_path) == (newest, f'{tmp_path}/last_checkpoint is missing')
    (tmp_path / 'last_checkpoint').mkdir()
    assert last_checkpoint_in(tmp_path)[0] == newest


def test_a_checkpoint_of_another_folder_is_not_resumed_unasked(tmp_path):
    other = save(tmp_path / 'epoch_7.pth', 70)
    folder = tmp_path / 'run'
    folder.mkdir()
    (folder / 'last_checkpoint').write_text(str(other))
    with pytest.raises(InputError, match=f'go on from that one, give --resume {other}'):
        last_checkpoint_in(folder)
    (out := tmp_path / 'out' / 'run').mkdir(parents=True)  # `out_dir` of the config
    point_to(save(out / 'epoch_8.pth', 80), folder)
    assert last_checkpoint_in(folder) == (out / 'epoch_8.pth', None)


def test_the_content_and_not_the_name_says_which_is_newest(tmp_path):
    save(tmp_path / 'epoch_9.pth', 10)
    save(tmp_path / 'iter_11.pth', 25)
    newest = save(tmp_path / 'epoch_3.pth', 30)
    save(tmp_path / 'step-2.pth', 31)  # of a config with a filename_tmpl of its own
    torch.save(dict(state_dict={'a': torch.ones(1)}), tmp_path / 'model_backbone.pth')
    assert last_checkpoint_in(tmp_path)[0] == tmp_path / 'step-2.pth'
    (tmp_path / 'step-2.pth').unlink()
    assert last_checkpoint_in(tmp_path)[0] == newest


def test_of_a_run_that_replaces_another_one_its_own_checkpoints_come_first(tmp_path):
    save(tmp_path / 'epoch_9.pth', 90)
    (tmp_path / 'last_checkpoint').write_text('epoch_9.pth')
    start = tmp_path / '20260101_000000'
    start.mkdir()
    replaces = str(state_of_run(tmp_path, 'a')).replace("'", '"')
    (start / 'start.json').write_text(f'{{"curve": [], "replaces": {replaces}}}')
    assert last_checkpoint_in(tmp_path) == (tmp_path / 'epoch_9.pth', None)
    own = save(tmp_path / 'epoch_1.pth', 10)
    path, fault = last_checkpoint_in(tmp_path)
    assert path == own
    assert fault.endswith('is of the run that was replaced')


def test_a_flipped_bit_is_found_wherever_it_changes_what_is_read(tmp_path):
    """torch itself accepts most of them: it looks at no checksum."""
    good, file = save(tmp_path / 'epoch_1.pth', 1), tmp_path / 'epoch_2.pth'
    whole = torch.load(save(file, 2))
    content, rng, found, changes = file.read_bytes(), random.Random(0), 0, 0
    (tmp_path / 'last_checkpoint').write_text(file.name)
    data = content.index(whole['state_dict']['a.b'].numpy().tobytes())
    places = [(rng.randrange(len(content)), rng.randrange(8)) for _ in range(200)]
    places += [(place, place % 8) for place in range(data, data + 1200, 60)]
    places += [(content.rindex(b'/data/0') - 15, 4)]  # torch takes the member for a folder
    for place, bit in places:
        flipped = bytearray(content)
        flipped[place] ^= 1 << bit
        file.write_bytes(flipped)
        os.utime(file, ns=(0, (changes := changes + 1)))  # what was read within a tick is known
        path, fault = last_checkpoint_in(tmp_path)
        if path == good:
            found += 1
            assert fault.endswith('names, is damaged')
            with pytest.raises(InputError, match='is damaged|is no checkpoint'):
                read_plain(file)
        else:  # a bit of what fills gaps
            assert torch.equal(torch.load(path)['state_dict']['a.b'], whole['state_dict']['a.b'])
            assert not data <= place < data + 1200
    assert found > 120


def test_a_file_without_checksums_is_taken_as_it_is(tmp_path):
    torch.serialization.set_crc32_options(False)
    try:
        save(tmp_path / 'a.pth', 1)
    finally:
        torch.serialization.set_crc32_options(True)
    assert read_plain(tmp_path / 'a.pth')['meta']['iter'] == 1
    torch.save(dict(a=torch.ones(1)), tmp_path / 'b.pth', _use_new_zipfile_serialization=False)
    assert read_plain(tmp_path / 'b.pth') == dict(a=torch.ones(1))


def test_where_no_checkpoint_is_good_none_is_taken(tmp_path):
    assert last_checkpoint_in(tmp_path) == (None, None)
    for name in ('epoch_1.pth', 'epoch_2.pth'):
        path = save(tmp_path / name, 1)
        path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match=r'no checkpoint in .* is good: .*epoch_2.pth is damaged'):
        last_checkpoint_in(tmp_path)
    assert glance(path) == {}
    assert steps_of(path) == -1


def test_the_newest_are_kept_and_what_was_given_up_goes_first(tmp_path):
    for number in (1, 2, 3, 4):
        save(tmp_path / f'epoch_{number}.pth', 10 * number)
    save(tmp_path / 'iter_25.pth', 25, between=True)
    for other in ('best_epoch_1.pth', 'mine.pth', 'epoch_1_mine.pth'):
        save(tmp_path / other, 1)
    new = save(tmp_path / 'epoch_3.pth', 30)  # resumed from 2
    remove_old(new, 2, EPOCHS, {})
    others = ['best_epoch_1.pth', 'epoch_1_mine.pth', 'mine.pth']
    assert names(tmp_path) == sorted(['epoch_3.pth', 'iter_25.pth', *others])
    remove_old(new, -1, EPOCHS, {})  # all are kept, but those in between
    assert names(tmp_path) == sorted(['epoch_3.pth', *others])
    kept = save(tmp_path / 'epoch_2.pth', 20)
    state = {kept.name: kept.stat().st_mtime_ns}
    remove_old(new, 1, EPOCHS, state)  # of a run that is replaced when this one is complete
    assert kept.exists()
    os.utime(kept)
    remove_old(new, 1, EPOCHS, state)
    assert [name for name in names(tmp_path) if NUMBERED.fullmatch(name)] == ['epoch_3.pth']
