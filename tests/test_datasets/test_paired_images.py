"""Pairs of images: which belong together, which partner is drawn, and what has none."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from mmengine.dataset import pseudo_collate
from PIL import Image
from torch.utils.data import DataLoader

from mmbarlow.datasets.paired_images import PairedImages
from mmbarlow.datasets.sample_random import Key, SampleIndex, ViewSampler
from mmbarlow.errors import InputError


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def pairs_of(dataset: PairedImages, root: Path, epoch: int = 0) -> list[tuple[str, str]]:
    samples = [dataset.get_data_info(SampleIndex(i, Key(0, epoch, i))) for i in range(len(dataset))]
    return [
        tuple(Path(sample[key]).relative_to(root).as_posix() for key in ('img_path', 'pair_path'))
        for sample in samples
    ]


@pytest.fixture
def videos(tmp_path) -> Path:
    """Two videos of 12 frames, whose numbers have as many digits as they need."""
    touch(tmp_path, *(f'{video}/frame{i}.png' for video in 'ab' for i in range(12)))
    return tmp_path


def test_a_table_of_two_paths_gives_its_rows(tmp_path):
    touch(tmp_path, '2019/x.png', '2023/x.png', '2019/y.png', '2023/y, z.png')
    (tmp_path / 't.csv').write_text(
        'Path_A, path_b ,note\n2019/x.png,2023/x.png,\n2019/y.png,"2023/y, z.png",wet\n'
    )
    dataset = PairedImages(str(tmp_path), table='t.csv')
    wanted = [('2019/x.png', '2023/x.png'), ('2019/y.png', '2023/y, z.png')]
    assert pairs_of(dataset, tmp_path) == wanted


def test_a_table_of_groups_draws_a_partner_by_the_order_of_numbers(tmp_path):
    touch(tmp_path, *'abcde')
    rows = 'path;group;order\na;7;2\nb;7;10\nc;7;1.5\nd;8;0\ne;8;0\n'
    (tmp_path / 't.csv').write_text(rows)
    dataset = PairedImages(str(tmp_path), table='t.csv', max_distance=1)
    found = {pair for epoch in range(20) for pair in pairs_of(dataset, tmp_path, epoch)}
    neighbors = {('c', 'a'), ('a', 'c'), ('a', 'b'), ('b', 'a'), ('d', 'e'), ('e', 'd')}
    assert found == neighbors


def test_frames_have_any_other_frame_of_their_video_or_a_near_one(videos):
    dataset = PairedImages(str(videos), group='^([^/]+)/')
    drawn = Counter(pairs_of(dataset, videos, epoch)[0] for epoch in range(200))
    assert set(drawn) == {('a/frame0.png', f'a/frame{i}.png') for i in range(1, 12)}
    assert max(drawn.values()) < 40  # 18 are expected of each

    dataset = PairedImages(str(videos), group='^([^/]+)/', max_distance=2)
    found = {pair for epoch in range(40) for pair in pairs_of(dataset, videos, epoch)}
    number = {f'{v}/frame{i}.png': i for v in 'ab' for i in range(12)}
    assert {abs(number[a] - number[b]) for a, b in found} == {1, 2}
    assert all(a[0] == b[0] for a, b in found)
    assert len(found) == 2 * (2 * 11 + 2 * 10)  # every one of them comes


def test_patients_are_told_by_a_regular_expression(tmp_path):
    touch(tmp_path, 'p1_ct.png', 'p1_mr.png', 'p2_ct.png', 'more/p2_mr.png')
    dataset = PairedImages(str(tmp_path), group=r'(p\d+)_')
    assert dict(pairs_of(dataset, tmp_path))['p2_ct.png'] == 'more/p2_mr.png'


def test_modalities_are_paired_by_their_paths_or_by_a_key(tmp_path):
    touch(tmp_path, 'rgb/day/1.jpg', 'heat/day/1.png', 'rgb/2.jpg', 'heat/2.tiff')
    dataset = PairedImages(str(tmp_path), folders=('rgb', 'heat'))
    assert pairs_of(dataset, tmp_path) == [
        ('rgb/2.jpg', 'heat/2.tiff'),
        ('rgb/day/1.jpg', 'heat/day/1.png'),
    ]
    touch(tmp_path, *(f'{kind}/01/{s}.tif' for kind in ('s1', 's2') for s in ('may', 'june')))
    dataset = PairedImages(str(tmp_path), folders=('s1', 's2'), group='^([^/]+)/')
    found = {pair for epoch in range(20) for pair in pairs_of(dataset, tmp_path, epoch)}
    assert len(found) == 4  # two seasons of one with two of the other


def test_a_pair_is_the_same_from_any_number_of_workers_and_in_each_process(videos):
    for path in videos.rglob('*.png'):
        Image.new('L', (4, 4)).save(path)
    dataset = PairedImages(str(videos), group='^([^/]+)/')
    dataset.pipeline.transforms = [lambda sample: sample]

    def passes(workers: int) -> list[tuple[str, str]]:
        sampler = ViewSampler(dataset, seed=3)
        found = []
        for epoch in (0, 1):
            sampler.set_epoch(epoch)
            loader = DataLoader(
                dataset, 5, sampler=sampler, num_workers=workers, collate_fn=pseudo_collate
            )
            for batch in loader:
                found += zip(batch['img_path'], batch['pair_path'], strict=True)
        return found

    alone = passes(0)
    assert passes(1) == alone
    assert passes(3) == alone
    assert dict(alone[:24]) != dict(alone[24:])  # but another one in the next epoch


def test_a_partner_is_not_drawn_from_the_generator_of_the_process(videos):
    dataset = PairedImages(str(videos), group='^([^/]+)/')
    np.random.seed(0)
    before = np.random.get_state()[2]
    dataset.get_data_info(3)
    assert np.random.get_state()[2] == before


CASES = {
    '2 of 4 pairs have no partner (the first is line 3), and 1 of 4 images do not exist (the first '
    'is gone.png)': dict(table='pairs.csv'),
    '1 of 3 images are in no group (the first is a/3.png), and 1 of 2 groups have a single image '
    '(the first is a/2.png)': dict(table='groups.csv'),
    '1 of 6 images do not match the regular expression group= (the first is top.png), and 1 of 3 '
    'groups have a single image (the first is c/1.png)': dict(group='^([^/]+)/'),
    'b have no partner in': dict(folders=('a', 'b')),
}


@pytest.mark.parametrize(('says', 'options'), CASES.items(), ids=lambda c: str(c)[:30])
def test_images_without_a_partner_are_counted_and_can_be_dropped(tmp_path, says, options):
    root = tmp_path / 'data'
    touch(root, 'a/1.png', 'a/2.png', 'b/1.png', 'b/9.png', 'c/1.png', 'top.png')
    (root / 'pairs.csv').write_text(
        'path_a,path_b\na/1.png,b/1.png\na/1.png,\n,a/1.png\na/2.png,gone.png\n'
    )
    touch(root, *(['a/3.png'] if 'groups.csv' in options.values() else []))
    (root / 'groups.csv').write_text('path,group\na/1.png,x\na/2.png,y\na/3.png,\n')
    if options.get('table') == 'groups.csv':
        options = dict(table='groups.csv')
        with pytest.raises(InputError, match='there is no pair of images'):
            PairedImages(str(root), **options, drop_unpaired=True)
        (root / 'groups.csv').write_text('path,group\na/1.png,x\na/2.png,y\na/3.png,\nb/1.png,x\n')
        says = says.replace('1 of 3', '1 of 4')
    with pytest.raises(InputError) as error:
        PairedImages(str(root), **options)
    assert says in str(error.value)
    assert 'train_dataloader.dataset.drop_unpaired=True' in str(error.value)
    dataset = PairedImages(str(root), **options, drop_unpaired=True)
    assert 0 < len(dataset) <= 4


@pytest.mark.parametrize(
    ('options', 'says'),
    [
        (dict(), 'takes table, folders, group, or folders with group'),
        (dict(table='t.csv', folders=('a', 'b')), 'takes table, folders, group'),
        (dict(group='(', data_root='.'), 'is no regular expression'),
        (dict(folders=('a',)), 'give the two folders'),
        (dict(folders='ab'), 'give the two folders'),
        (dict(folders=('a', 'b'), max_distance=2), 'max_distance=2: give 1 or more'),
        (dict(group='x', max_distance=0), 'max_distance=0: give 1 or more'),
        (dict(table='none.csv'), 'none.csv cannot be read as a table'),
        (dict(folders=('/no/a', '/no/b')), 'there is no folder /no/a'),
    ],
)
def test_options_that_say_no_pairs_end_in_a_sentence(options, says):
    with pytest.raises(InputError, match=says.replace('(', r'\(')):
        PairedImages(**options)


def test_a_table_without_the_columns_says_which(tmp_path):
    (tmp_path / 't.csv').write_text('path,label\na.png,1\n')
    with pytest.raises(InputError, match='no column group: .* path and group, and names path, lab'):
        PairedImages(str(tmp_path), table='t.csv')
    (tmp_path / 't.csv').write_text('before,after\na.png,b.png\n')
    with pytest.raises(InputError, match='no column path_a and no column path_b'):
        PairedImages(str(tmp_path), table='t.csv')
