"""Lists from miniatures of the official downloads, read back by the benchmarks' data sets."""

import json
from pathlib import Path

import pytest

from mmbarlow.config import load_config
from mmbarlow.registry import DATASETS

LINEAR = Path(__file__).parents[2] / 'configs' / 'benchmarks' / 'linear'
IMAGES256 = Path('data/vision/torralba/deeplearning/images256')


def touch(folder: Path, paths) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()


def listed(config: str, root: Path, loader: str) -> list[tuple[str, int]]:
    """(image, label) as the benchmark finds them; every image must be on the disk."""
    cfg = load_config(LINEAR / config, dict(data_root=str(root)))
    data = DATASETS.build(dict(cfg[loader].dataset, pipeline=[]))
    samples = [data.get_data_info(i) for i in range(len(data))]
    assert all(Path(sample['img_path']).is_file() for sample in samples)
    return [(Path(sample['img_path']).name, sample['gt_label']) for sample in samples]


class Places:
    tool, config = 'converters/places205.py', 'linear_places205.py'

    def __init__(self, root: Path) -> None:
        self.root = root
        self.train = {f's/scene {i}/gsun_{i}.jpg': i for i in range(205)}
        self.val = {'s/scene 7/gsun_a.jpg': 7, 's/scene 3/gsun_b.jpg': 3}
        touch(root / IMAGES256, [*self.train, *self.val])
        self.write()

    def write(self) -> None:
        folder = self.root / 'trainvalsplit_places205'
        folder.mkdir(exist_ok=True)
        for split, samples in dict(train=self.train, val=self.val).items():
            lines = ''.join(f'{path} {label}\n' for path, label in samples.items())
            (folder / f'{split}_places205.csv').write_text(lines)


class INat:
    tool, config = 'converters/inat18.py', 'linear_inat18.py'

    def __init__(self, root: Path) -> None:
        self.root = root
        self.species = [5, 0, 2]  # whose labels are 2, 0, 1
        self.train = {f'train_val2018/Aves/{c}/t{c}.jpg': c for c in self.species}
        self.val = {'train_val2018/Aves/5/v.jpg': 5}
        touch(root, [*self.train, *self.val])
        self.write()

    def write(self) -> None:
        for split, samples in dict(train=self.train, val=self.val).items():
            content = dict(
                images=[dict(id=100 + i, file_name=path) for i, path in enumerate(samples)],
                categories=[dict(id=c, name=str(c), supercategory='Aves') for c in self.species],
                annotations=[
                    dict(id=i, image_id=100 + i, category_id=c)
                    for i, c in enumerate(samples.values())
                ],
            )
            (self.root / f'{split}2018.json').write_text(json.dumps(content))


@pytest.fixture
def places(tmp_path):
    return Places(tmp_path)


@pytest.fixture
def inat(tmp_path):
    return INat(tmp_path)


@pytest.fixture(params=[Places, INat])
def download(request, tmp_path):
    return request.param(tmp_path)


def test_places_lists_are_what_the_benchmark_reads(places, run_tool):
    status, out, _ = run_tool(places.tool, places.root)
    assert status == 0
    assert 'train.txt: 205 images of 205 classes' in out
    assert listed(places.config, places.root, 'val_dataloader') == [
        ('gsun_a.jpg', 7),
        ('gsun_b.jpg', 3),
    ]
    train = listed(places.config, places.root, 'train_dataloader')
    assert train == [(f'gsun_{i}.jpg', i) for i in range(205)]


def test_inat_labels_are_the_ranks_of_the_categories(inat, run_tool):
    status, out, _ = run_tool(inat.tool, inat.root)
    assert status == 0
    assert 'val.txt: 1 images of 1 classes' in out
    train = listed(inat.config, inat.root, 'train_dataloader')
    assert train == [('t5.jpg', 2), ('t0.jpg', 0), ('t2.jpg', 1)]
    assert listed(inat.config, inat.root, 'val_dataloader') == [('v.jpg', 2)]


def test_lists_that_are_there_stay_without_force(download, run_tool):
    (download.root / 'meta').mkdir()
    (download.root / 'meta' / 'val.txt').write_text('mine')
    status, _, err = run_tool(download.tool, download.root)
    assert (status, 'val.txt exists already: --force' in err) == (2, True)
    assert [p.name for p in (download.root / 'meta').iterdir()] == ['val.txt']
    assert (download.root / 'meta' / 'val.txt').read_text() == 'mine'
    assert run_tool(download.tool, download.root, '--force')[0] == 0
    assert len(listed(download.config, download.root, 'val_dataloader')) == len(download.val)


def refused(download, run_tool) -> str:
    """What the tool says; it must have written nothing."""
    download.write()
    status, _, err = run_tool(download.tool, download.root)
    assert status == 2
    assert err.count('\n') == 1
    assert not (download.root / 'meta').exists()
    return err


def test_images_that_are_not_on_the_disk_are_counted(download, run_tool):
    download.val |= {'Aves/9/first.jpg': 0, 'Aves/9/second.jpg': 0}
    err = refused(download, run_tool)
    assert f'2 of the {len(download.train) + len(download.val)} listed images' in err
    assert 'the first is Aves/9/first.jpg' in err


def test_an_image_in_both_splits_is_refused(download, run_tool):
    path, label = next(iter(download.train.items()))
    download.val[path] = label
    assert f'lists {path} and so does the train split' in refused(download, run_tool)


def test_an_empty_split_is_refused(download, run_tool):
    download.val = {}
    assert 'the val split is empty' in refused(download, run_tool)


def test_a_class_without_a_training_image_is_refused(download, run_tool):
    download.train.popitem()
    assert 'have no image in the train split' in refused(download, run_tool)


def test_a_label_outside_the_range_is_refused(places, inat, run_tool):
    places.val['s/scene 3/gsun_c.jpg'] = 205
    assert 'label 205 for s/scene 3/gsun_c.jpg, outside 0 to 204' in refused(places, run_tool)
    inat.val['train_val2018/Aves/1/v.jpg'] = 1
    assert 'val2018.json names category 1,' in refused(inat, run_tool)


def test_a_missing_list_is_named(download, run_tool):
    for file in [*download.root.glob('*.json'), *download.root.glob('*/val_places205.csv')]:
        file.unlink()
    status, _, err = run_tool(download.tool, download.root)
    assert status == 2
    assert 'there is no' in err
    assert '.gz there' in err


@pytest.mark.parametrize('line', ['no-label.jpg', 'a/b.jpg x', '7'])
def test_a_line_without_path_and_label_is_named_by_its_number(places, run_tool, line):
    file = places.root / 'trainvalsplit_places205' / 'val_places205.csv'
    file.write_text(file.read_text() + line)
    status, _, err = run_tool(places.tool, places.root)
    assert (status, 'val_places205.csv, line 3' in err) == (2, True)


@pytest.mark.parametrize('content', ['{"images": [', '{"images": []}', '[]'])
def test_a_damaged_json_is_refused(inat, run_tool, content):
    (inat.root / 'val2018.json').write_text(content)
    status, _, err = run_tool(inat.tool, inat.root)
    assert (status, 'val2018.json does not have' in err) == (2, True)


def test_annotations_that_do_not_cover_the_images_are_refused(inat, run_tool):
    file = inat.root / 'val2018.json'
    content = json.loads(file.read_text())
    file.write_text(json.dumps(dict(content, annotations=[])))
    status, _, err = run_tool(inat.tool, inat.root)
    assert (status, '1 images in ' in err and 'have no annotation' in err) == (2, True)


def test_splits_of_different_downloads_are_refused(inat, run_tool):
    file = inat.root / 'val2018.json'
    content = json.loads(file.read_text())
    file.write_text(json.dumps(dict(content, categories=content['categories'][:2])))
    status, _, err = run_tool(inat.tool, inat.root)
    assert status == 2
    assert 'different categories' in err
