"""What `mmbarlow embed` adds to bare passes, measured on a few images."""

import re

from PIL import Image


def test_both_rates_are_measured(run_tool, tmp_path):
    Image.new('RGB', (50, 40), (10, 90, 200)).save(tmp_path / 'a.jpg')
    sizes = ('--size', '32', '--passes', '8', '--batch-size', '4')
    more = ('--parts', 'rate', '--workers', '0', '--rounds', '1')
    status, out, _ = run_tool('speed/embed.py', tmp_path, *sizes, *more)
    assert status == 0
    found = {key: float(value) for key, value in re.findall(r'^  (\w+) +([-\d.]+)$', out, re.M)}
    ratio = found['bare_images_s'] / found['images_s']
    assert abs(found['percent_more_time'] - 100 * (ratio - 1)) < 0.1
