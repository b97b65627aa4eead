"""Images in a zip file: read in their place by any process, and what is said of bad archives."""

import struct
import subprocess
import tracemalloc
import zipfile

import numpy as np
import pytest
from mmengine.dataset import pseudo_collate
from PIL import Image
from torch.utils.data import DataLoader

from mmbarlow.datasets import passed_over
from mmbarlow.datasets.image_archive import ImageArchive
from mmbarlow.datasets.image_checks import check_image
from mmbarlow.datasets.image_reading import image_data, read_rgb
from mmbarlow.datasets.plain_views import LoadRGB
from mmbarlow.errors import BrokenImage, InputError, one_line

NAMES = [f'{split}/{c}/{i}.png' for split in ('train', 'val') for c in 'ab' for i in range(5)]


def color(i: int) -> tuple[int, int, int]:
    return i, 2 * i, 3 * i


@pytest.fixture(params=[zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def archive(tmp_path, request):
    """A zip file of images whose color tells their place in `NAMES`."""
    path = tmp_path / 'images.zip'
    with zipfile.ZipFile(path, 'w', request.param) as file:
        for i in np.random.default_rng(0).permutation(len(NAMES)):
            Image.new('RGB', (8, 8), color(i)).save(tmp_path / 'image.png')
            file.write(tmp_path / 'image.png', NAMES[i])
        file.writestr('train/README.txt', 'no image')
        file.writestr('__MACOSX/train/a/._0.png', 'no image')
    return path


def colors(dataset) -> list[tuple[int, int, int]]:
    return [read_rgb(dataset.get_data_info(i)).getpixel((0, 0)) for i in range(len(dataset))]


def test_each_image_is_found_by_its_name_in_sorted_order(archive):
    dataset = ImageArchive(str(archive))
    assert colors(dataset) == [color(i) for i in range(len(NAMES))]
    assert dataset.get_data_info(3)['img_path'] == f'{archive}/{NAMES[3]}'
    assert 'gt_label' not in dataset.get_data_info(3)


def test_labels_are_the_ranks_of_the_first_folders(archive):
    dataset = ImageArchive(str(archive), folder='val', with_label=True)
    assert dataset.metainfo['classes'] == ('a', 'b')
    assert [dataset.get_data_info(i)['gt_label'] for i in range(len(dataset))] == [0] * 5 + [1] * 5
    assert colors(dataset) == [color(i) for i in range(10, 20)]


@pytest.mark.parametrize(
    ('method', 'workers'), [('fork', 2), pytest.param('spawn', 1, marks=pytest.mark.slow)]
)
def test_workers_read_what_one_process_reads(method, workers, tmp_path):
    with zipfile.ZipFile(tmp_path / 'images.zip', 'w') as file:
        for i in range(10):
            with file.open(f'{i}.png', 'w') as member:
                Image.new('RGB', (8, 8), color(i)).save(member, 'PNG')
    dataset = ImageArchive(str(tmp_path / 'images.zip'), pipeline=[LoadRGB()])
    assert colors(dataset) == [color(i) for i in range(10)]  # it is open, too
    loader = DataLoader(
        dataset, 5, num_workers=workers, collate_fn=pseudo_collate, multiprocessing_context=method
    )
    read = [image.getpixel((0, 0)) for batch in loader for image in batch['img']]
    assert read == [color(i) for i in range(10)]


def test_members_that_zip_itself_stores_are_read(tmp_path):
    """Info-ZIP and Python write headers of different lengths."""
    done = subprocess.run(['which', 'zip'], capture_output=True)
    if done.returncode:
        pytest.skip('there is no zip command')
    Image.new('RGB', (8, 8), 'red').save(tmp_path / 'a.png')
    subprocess.run(['zip', '-0', '-q', 'x.zip', 'a.png'], cwd=tmp_path, check=True)
    assert colors(ImageArchive(str(tmp_path / 'x.zip'))) == [(255, 0, 0)]


def test_a_damaged_member_is_a_broken_image(archive):
    dataset = ImageArchive(str(archive))
    with archive.open('r+b') as file:
        for i, place in ((0, 0), (1, 60)):  # a header, and the content
            file.seek(dataset.get_data_info(i)['member'][0] + place)
            file.write(bytes(40))
    for i in (0, 1):
        with pytest.raises(BrokenImage, match=rf'images\.zip/{NAMES[i]} cannot be read'):
            read_rgb(dataset.get_data_info(i))
    with archive.open('r+b') as file:
        file.truncate(10)
    with pytest.raises(BrokenImage, match='the archive is cut off'):
        image_data(dataset.get_data_info(2))


def test_archives_that_cannot_be_used_are_explained(archive, tmp_path):
    whole = archive.read_bytes()
    (tmp_path / 'cut.zip').write_bytes(whole[:-100])
    (tmp_path / 'text.zip').write_text('not found')
    with zipfile.ZipFile(tmp_path / 'no.zip', 'w') as file:
        file.writestr('a.txt', '')
    encrypted = bytearray(whole)
    encrypted[whole.index(b'PK\x01\x02') + 8] |= 1  # the flag of the first member
    (tmp_path / 'encrypted.zip').write_bytes(encrypted)
    with zipfile.ZipFile(tmp_path / 'lzma.zip', 'w', zipfile.ZIP_LZMA) as file:
        file.writestr('a.png', 'x')
    says = dict(
        cut='is no zip file, or is cut off',
        text='is no zip file, or is cut off',
        no=r'no image in .*no\.zip \(passed over: 1 \.txt\): names of images end in \.jpg',
        encrypted='is encrypted: make the archive without',
        lzma='unknown compression: make the archive with zip -0',
        absent='cannot open .*: No such file',
    )
    for name, message in says.items():
        with pytest.raises(InputError, match=message):
            ImageArchive(str(tmp_path / f'{name}.zip'))
    with pytest.raises(InputError, match='no image in the folder test/ of'):
        ImageArchive(str(archive), folder='test')
    with pytest.raises(
        InputError, match='is in no folder that names its class: use with_label=False'
    ):
        ImageArchive(str(archive), folder='val/a', with_label=True)


def test_a_missing_archive_is_named_before_anything_is_built(run_tool, tmp_path):
    status, _, err = run_tool(
        'train.py',
        'configs/barlowtwins/barlowtwins_resnet50_1xb128-coslr-100e_archive.py',
        *('--work-dir', tmp_path, '--cfg-options', f'data_root={tmp_path}/nowhere.zip'),
    )
    assert status == 2
    assert f'cannot open {tmp_path}/nowhere.zip: No such file' in err


def zipped(path, *names: str) -> str:
    with zipfile.ZipFile(path, 'w') as file:
        for name in names:
            file.writestr(name, '')
    return str(path)


def test_labels_of_a_test_split_follow_the_classes_of_training(tmp_path):
    names = ['train/blue/a.jpg', 'train/red/a.jpg', 'test/red/a.jpg']
    hidden = ['test/.ipynb_checkpoints/a.jpg', 'test/__MACOSX/a.jpg', 'test/red/._a.jpg']
    path = zipped(tmp_path / 'a.zip', *names, *hidden)
    dataset = ImageArchive(path, 'test', with_label=True, names_from='train')
    assert [dataset.get_data_info(i)['gt_label'] for i in range(len(dataset))] == [1]
    assert dataset.metainfo['classes'] == ('blue', 'red')
    with pytest.raises(InputError, match='train in .* has the classes blue, and test has no image'):
        ImageArchive(path, 'train', with_label=True, names_from='test')


def test_members_that_are_no_images_are_counted_once(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(passed_over, 'print_log', lambda text, *_: said.append(text))
    names = ('a.jpg', 'b.heic', 'deep/c.HEIC', 'd', '__MACOSX/._a.jpg', '.DS_Store', 'deep/.x.dcm')
    path = zipped(tmp_path / 'a.zip', *names)
    for _ in range(2):
        assert len(ImageArchive(path)) == 1
    assert said == [f'passed over: 2 .heic, 1 without an extension in {path}']


PICTURE = Image.new('RGB', (8, 8), 'red')


def packed(path, method: int = zipfile.ZIP_DEFLATED, **contents: bytes | str) -> bytearray:
    with zipfile.ZipFile(path, 'w', method) as file:
        for name, content in contents.items():
            file.writestr(f'{name}.png', content)
    return bytearray(path.read_bytes())


def directory(data: bytearray, name: str) -> int:
    """Where the directory of a zip file has the entry of `name`."""
    return data.index(name.encode(), data.index(b'PK\x01\x02')) - 46


@pytest.fixture
def picture(tmp_path) -> bytes:
    PICTURE.save(tmp_path / 'picture.png')
    return (tmp_path / 'picture.png').read_bytes()


def test_no_member_unpacks_to_more_than_it_says_or_may(picture, tmp_path):
    path = tmp_path / 'a.zip'
    data = packed(path, a=bytes(50_000_000), b=bytes(1000), c=picture)
    struct.pack_into('<I', data, directory(data, 'a.png') + 24, 1000)  # its size, unpacked
    struct.pack_into('<I', data, directory(data, 'b.png') + 24, 2**32 - 2)
    data[directory(data, 'c.png') + 16] ^= 1  # its checksum
    path.write_bytes(data)
    reasons = ['the archive is damaged', 'more than 1,024 mebibytes', 'the archive is damaged']
    tracemalloc.start()
    for i, reason in enumerate(reasons):
        assert check_image(ImageArchive(str(path)).get_data_info(i)).reason == reason
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_members_that_share_their_bytes_or_lie_outside_are_refused(picture, tmp_path):
    path = tmp_path / 'a.zip'
    for place, value in (('a.png', 10**9), ('b.png', 0)):
        data = packed(path, zipfile.ZIP_STORED, a=picture, b=picture)
        struct.pack_into('<I', data, directory(data, place) + 42, value)  # of its header
        path.write_bytes(data)
        with pytest.raises(InputError, match='overlaps another member, or does not lie in the'):
            ImageArchive(str(path))


def test_a_directory_that_lies_ends_in_a_sentence(picture, tmp_path):
    """Every byte of the directory, and zip64's fields, as a liar would have them."""
    path = tmp_path / 'a.zip'
    sound = packed(path, zipfile.ZIP_STORED, a=picture, b=picture)
    start, rng = sound.index(b'PK\x01\x02'), np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        data = bytearray(sound)
        for place in rng.integers(start, len(data), rng.integers(1, 5)):
            data[place] = rng.choice([0, 1, 45, 99, 127, 128, 255])
        path.write_bytes(data)
        try:
            dataset = ImageArchive(str(path), quiet=True)
        except InputError as error:
            refused += one_line(error).isprintable()
            continue
        for i in range(len(dataset)):
            check_image(dataset.get_data_info(i))
    assert 50 < refused < 300


def test_names_that_lead_elsewhere_are_names_alone(picture, tmp_path, monkeypatch):
    (tmp_path / 'in' / 'deep').mkdir(parents=True)
    monkeypatch.chdir(tmp_path / 'in' / 'deep')
    path = tmp_path / 'a.zip'
    names = ('../up', '../../further', '/tmp/absolute', 'C:\\windows', 'a\nb', 'e\x1b[31mred')
    packed(path, zipfile.ZIP_STORED, **dict.fromkeys(names, picture))
    before = sorted(tmp_path.rglob('*'))
    dataset = ImageArchive(str(path))
    for i in range(len(dataset)):
        assert read_rgb(dataset.get_data_info(i)).getpixel((0, 0)) == (255, 0, 0)
    assert len(dataset) == 4  # '..' is hidden
    assert sorted(tmp_path.rglob('*')) == before
