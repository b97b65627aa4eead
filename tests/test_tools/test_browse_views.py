"""The picture of the views that a config trains on."""

import pytest
from PIL import Image


def test_a_picture_and_what_was_drawn_come_out(run_tool, digits_config, tmp_path):
    picture = tmp_path / 'views.png'
    status, out, _ = run_tool('browse_views.py', digits_config, '--count', '2', '--output', picture)
    assert status == 0
    lines = [line for line in out.splitlines() if ', view ' in line]
    assert len(lines) == 4
    assert all('rotated by' in line and 'crop' in line for line in lines)
    assert 'flipped' not in out  # digits are not mirrored
    with Image.open(picture) as image:
        assert image.width == 900


def test_the_epoch_decides_what_is_shown(run_tool, digits_config, tmp_path):
    def drawn(epoch: str) -> str:
        options = '--count', '1', '--epoch', epoch, '--output', tmp_path / 'a.png'
        status, out, _ = run_tool('browse_views.py', digits_config, *options)
        assert status == 0
        return out

    assert drawn('0') == drawn('0') != drawn('1')


@pytest.mark.parametrize('views', ['TwinViews', 'BatchTwinViews', 'BatchMultiViews'])
def test_views_made_on_the_device_are_shown_too(run_tool, tmp_path, views):
    """A config of each, over a folder of photographs."""
    (tmp_path / 'photos').mkdir()
    for i in range(3):
        Image.new('RGB', (40, 30), (i, 90, 200)).save(tmp_path / 'photos' / f'{i}.jpg')
    several = views == 'BatchMultiViews'
    made = 'view_a=dict(gray=1.0), view_b=dict()'
    if several:
        made = 'global_views=[dict(gray=1.0), dict()], local_size=8, local_views=[dict()] * 4'
    twins = f"dict(type='mmbarlow.{views}', size=16, {made}, mean=[0.0] * 3)"
    config = tmp_path / 'config.py'
    config.write_text(
        'train_dataloader = dict(dataset=dict(\n'
        f"    type='mmbarlow.ImageFolder', data_root={str(tmp_path / 'photos')!r}, pipeline=[]))\n"
        f'model = dict(data_preprocessor={twins})\n'
        'randomness = dict(seed=3)\n'
    )
    status, out, _ = run_tool('browse_views.py', config, '--output', tmp_path / 'views.png')
    assert status == 0
    assert out.count('gray') >= 3
    assert out.count(', view ') == (18 if several else 6)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--count', '0'], '--count is 0'),
        (['--output', 'nowhere/views.png'], 'no folder nowhere'),
    ],
)
def test_bad_options_are_explained(run_tool, digits_config, options, message):
    status, _, err = run_tool('browse_views.py', digits_config, *options)
    assert status == 2
    assert message in err


def test_a_config_without_views_is_refused(run_tool, tmp_path):
    config = tmp_path / 'config.py'
    config.write_text("train_dataloader = dict(dataset=dict(type='mmbarlow.Digits'))\n")
    status, _, err = run_tool('browse_views.py', config, '--output', tmp_path / 'views.png')
    assert status == 2
    assert 'makes no views' in err
