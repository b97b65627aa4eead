"""Features of a folder of images in a file: whole, resumable, with names, neighbors, duplicates."""

import csv
import json
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mmbarlow.apis import extract_features, get_model
from mmbarlow.evaluation import embedding, feature_store
from mmbarlow.signals import Signaled

BROKEN = 'deep/07.jpg'


@pytest.fixture(scope='module')
def photos(tmp_path_factory) -> Path:
    """12 images of colors of their own, two files twice, one of them also as another JPEG, and one
    that is cut off."""
    root, rng = tmp_path_factory.mktemp('work') / 'photos', np.random.default_rng(0)
    (root / 'deep').mkdir(parents=True)
    for i in range(12):
        low = rng.integers(0, 256, (3, 4, 3), dtype=np.uint8)
        image = Image.fromarray(low).resize((60, 45), Image.Resampling.BICUBIC)
        image.save(root / ('deep' if i % 2 else '') / f'{i:02}.jpg', quality=95)
        if i == 4:
            image.save(root / 'saved_again.jpg', quality=90)
    shutil.copy(root / '02.jpg', root / 'deep' / 'copy.jpg')
    whole = (root / BROKEN).read_bytes()
    (root / BROKEN).write_bytes(whole[: len(whole) // 3])
    (root / 'notes.md').write_text('not an image')
    return root


@pytest.fixture
def embed(run_command, narrow_backbone, photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(out: str, *options: str, images: tuple = (photos,)) -> tuple[int, str, str]:
        common = ('--size', '32', '--workers', '0', '--batch-size', '4')
        return run_command('embed', narrow_backbone, *images, '--out', out, *common, *options)

    return run


def readable(photos: Path) -> list[str]:
    own = sorted(map(str, photos.glob('*.jpg')))
    return own + sorted(str(p) for p in photos.glob('deep/*.jpg') if not str(p).endswith(BROKEN))


def reference(narrow_backbone: Path, names: list[str]) -> np.ndarray:
    return extract_features(get_model(narrow_backbone), names, size=32, bar=False).numpy()


def test_rows_are_those_of_extract_features_whatever_the_file(embed, photos, narrow_backbone):
    names = readable(photos)
    wanted = reference(narrow_backbone, names)
    for out in ('f.npy', 'f.csv', 'f.parquet'):
        status, told, _ = embed(out)
        assert status == 0
        assert f'features   {out}: 13 x 64 in float32' in told
        assert 'images     14 in' in told
        assert 'passed over: 1 .md' in told
        assert f'broken     1 images are left out: {out}.broken.txt' in told
    assert Path('f.npy.broken.txt').read_text() == f'{photos / BROKEN}\ttruncated\n'
    assert Path('f.names.txt').read_text().splitlines() == names
    np.testing.assert_allclose(np.load('f.npy'), wanted, rtol=1e-4, atol=1e-5)
    with open('f.csv', newline='') as file:
        table = list(csv.reader(file))
    assert [row[0] for row in table] == ['name', *names]
    exact = np.array([row[1:] for row in table[1:]], np.float32)
    assert np.array_equal(exact, np.load('f.npy'))
    from pyarrow.parquet import read_table

    columns = read_table('f.parquet')
    assert columns['name'].to_pylist() == names
    assert np.array_equal(np.array(columns['features'].to_pylist(), np.float32), np.load('f.npy'))


def test_half_precision_is_the_rounded_features(embed):
    embed('whole.npy')
    embed('half.npy', '--dtype', 'float16')
    half = np.load('half.npy')
    assert half.dtype == np.float16
    assert np.array_equal(half, np.load('whole.npy').astype(np.float16))


def test_an_archive_a_list_and_several_files_are_taken(embed, photos, narrow_backbone, tmp_path):
    names = readable(photos)[:5]
    wanted = reference(narrow_backbone, names)
    with zipfile.ZipFile(tmp_path / 'images.zip', 'w') as archive:
        for name in names:
            archive.write(name, Path(name).relative_to(photos))
    (photos.parent / 'list.txt').write_text('\n'.join(f'photos/{Path(n).name}' for n in names))
    (photos.parent / 'table.csv').write_text('label,path\n' + ''.join(f'x,{n}\n' for n in names))
    sources = [tmp_path / 'images.zip'], [photos.parent / 'list.txt'], [photos.parent / 'table.csv']
    for number, images in enumerate((*sources, names)):
        assert embed(f'{number}.npy', images=tuple(images))[0] == 0
        np.testing.assert_allclose(np.load(f'{number}.npy'), wanted, rtol=1e-4, atol=1e-5)


def interrupt(patch: pytest.MonkeyPatch, batches: int) -> None:
    """Have a signal come after so many batches, in the middle of a write."""
    append = feature_store.FeatureStore.append
    left = [batches]

    def counted(self, *batch) -> None:
        if not left[0]:
            self._files['rows.npy'].write(b'half a row')
            raise Signaled(15, 'left at once')
        left[0] -= 1
        append(self, *batch)

    patch.setattr(feature_store.FeatureStore, 'append', counted)
    patch.setattr(feature_store, 'SECONDS', 0.0)


def test_an_interrupted_run_goes_on_and_ends_with_the_same_file(embed, photos):
    embed('whole.npy')
    with pytest.MonkeyPatch.context() as patch:
        interrupt(patch, batches=2)
        assert embed('f.npy')[0] == 128 + 15
    assert not Path('f.npy').exists()
    for options, words in {
        ('--size', '64'): 'another --size and another --resize',
        ('--dtype', 'float16'): 'another --dtype',
    }.items():
        status, _, err = embed('f.npy', *options)
        assert status == 2
        assert f'f.npy.partial was begun with {words}: give what it was begun with' in err
    status, _, err = embed('f.npy', images=(photos / 'deep',))
    assert status == 2
    assert 'was begun with another list of images' in err
    status, told, _ = embed('f.npy')
    assert status == 0
    assert 'goes on    after 8 images' in told
    assert Path('f.npy').read_bytes() == Path('whole.npy').read_bytes()
    assert Path('f.names.txt').read_text() == Path('whole.names.txt').read_text()
    assert Path('f.npy.broken.txt').read_text() == Path('whole.npy.broken.txt').read_text()


def test_neighbors_and_duplicates_are_written_and_shown(embed, photos):
    status, told, _ = embed('f.npy', '--neighbors', '3', '--duplicates', '0.999')
    assert status == 0
    names = readable(photos)
    x = np.load('f.npy').astype(np.float64)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    cosines = x @ x.T
    np.fill_diagonal(cosines, -2)
    with open('f.neighbors.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['image'] for row in rows] == [name for name in names for _ in range(3)]
    for i, row in enumerate(rows):
        order = np.argsort(-cosines[i // 3])
        assert int(row['rank']) == i % 3 + 1
        value = cosines[i // 3, order[i % 3]]
        assert float(row['similarity']) == pytest.approx(value, abs=2e-6)
        assert cosines[i // 3, names.index(row['neighbor'])] == pytest.approx(value, abs=2e-6)
    with open('f.duplicates.csv', newline='') as file:
        pairs = list(csv.DictReader(file))
    first = pairs[0]
    assert (Path(first['image']).name, Path(first['other']).name) == ('02.jpg', 'copy.jpg')
    assert [pair['same_file'] for pair in pairs] == ['1'] + ['0'] * (len(pairs) - 1)
    near = {(Path(p['image']).name, Path(p['other']).name) for p in pairs[1:]}
    assert ('04.jpg', 'saved_again.jpg') in near
    assert f'duplicates {len(pairs):,} pairs with a cosine from 0.999, 1 of equal files' in told
    for picture in ('f.neighbors.png', 'f.duplicates.png'):
        with Image.open(picture) as image:
            assert image.width > 500


def test_finished_features_are_not_made_again(embed, monkeypatch):
    for out in ('f.npy', 'g.csv', 'h.parquet'):
        embed(out)
        before = Path(out).stat().st_mtime_ns
        status, told, _ = embed(out, '--neighbours', '2')
        assert (status, Path(out).stat().st_mtime_ns) == (0, before)
        assert f'neighbors  2 of each image: {out[0]}.neighbors.csv' in told
    tables = {Path(f'{name}.neighbors.csv').read_text() for name in 'fgh'}
    assert len(tables) == 1
    status, _, err = embed('f.npy', '--resize', '40')
    assert status == 2
    assert 'f.npy exists already, of another --resize: --force replaces it' in err
    assert embed('f.npy', '--resize', '40', '--force')[0] == 0
    assert json.loads(Path('f.npy.about.json').read_text())['resize'] == 40


def test_bad_input_is_told_in_a_sentence(embed, run_command, narrow_backbone, photos, tmp_path):
    (tmp_path / 'empty').mkdir()
    Path('mine.npy').write_text('mine')
    Path('broken').mkdir()
    Path('broken/a.jpg').touch()
    cases = {
        ('f.npy', '--neighbors', '13'): '--neighbors 13 of 13 images: each has 12 others',
        ('f.npy', '--neighbors', '0'): '--neighbors must be 1 or more',
        ('f.npy', '--duplicates', '1.5'): '--duplicates is a cosine above 0, up to 1',
        ('f.txt',): 'features are written to .npy, .csv, .parquet, not to f.txt',
        ('nowhere/f.npy',): 'there is no folder nowhere: make it first',
        ('mine.npy',): 'mine.npy exists already: --force replaces it',
    }
    for (out, *options), message in cases.items():
        status, _, err = embed(out, *options)
        assert (status, err.count('\n')) == (2, 1)
        assert message in err
    assert Path('mine.npy').read_text() == 'mine'
    for images, message in {
        'empty': 'there is no image in empty',
        'nothing': 'there is no folder or zip file nothing',
        'broken': 'no image can be read; the first is broken/a.jpg: empty',
    }.items():
        status, _, err = embed('g.npy', images=(images,))
        assert status == 2
        assert message in err
    near = narrow_backbone.with_name('pretrain_backbon.pth')
    status, _, err = run_command('embed', near, photos, '--out', 'g.npy')
    assert status == 2
    assert f'there is no backbone {near}: close names: {narrow_backbone}' in err


def test_without_pyarrow_only_parquet_is_refused(embed, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pyarrow.parquet', None)
    status, _, err = embed('f.parquet')
    assert status == 2
    assert 'f.parquet needs pyarrow: run `pip install pyarrow`, or write .npy or .csv' in err


def test_a_full_disk_keeps_what_was_done(embed, monkeypatch):
    resource = pytest.importorskip('resource')
    monkeypatch.setattr(feature_store, 'SECONDS', 0.0)
    embed('whole.npy')
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (128 + 6 * 64 * 4, limit[1]))
    try:
        status, _, err = embed('f.npy')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert status == 2
    assert 'cannot write to f.npy.partial: File too large. 4 images are kept: the same' in err
    status, told, _ = embed('f.npy')
    assert status == 0
    assert 'goes on    after 4 images, which are in f.npy.partial' in told
    assert np.array_equal(np.load('f.npy'), np.load('whole.npy'))
    assert not Path('f.npy.partial').exists()


def test_features_that_the_type_cannot_hold_are_refused(tmp_path, narrow_backbone):
    store = feature_store.FeatureStore(
        tmp_path / 'p', dict(dict.fromkeys(feature_store.WORDS, ''), dtype='float16')
    )
    features = np.array([[1.0, 2.0], [3.0, 70000.0]], np.float32)
    from mmbarlow.errors import InputError

    with pytest.raises(InputError, match='features of b reach 70,000, above 65,504: take --dtype'):
        embedding._check_range(features, store.dtype, ['a', 'b'])
    features[1, 1] = torch.nan
    with pytest.raises(InputError, match='features of b .*: its training diverged'):
        embedding._check_range(features, store.dtype, ['a', 'b'])
