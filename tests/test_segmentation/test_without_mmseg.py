"""Without mmseg, segmentation says in one line how to get it; mmcv's operators are not needed."""

import subprocess
import sys

from mmbarlow.paths import CLONE

CONFIGS = 'configs/benchmarks/voc_segmentation/'
WITHOUT = """
import sys
sys.modules['mmcv._ext'] = None
from mmbarlow.config import load_config
from mmbarlow.errors import InputError
load_config(sys.argv[1])
import mmbarlow.segmentation.registered
for name in [name for name in sys.modules if name.startswith(('mmseg', 'mmbarlow.segm'))]:
    del sys.modules[name]
sys.modules['mmseg'] = None
try:
    load_config(sys.argv[1])
except InputError as error:
    print(error)
"""


def test_segmentation_names_its_extra():
    config = f'{CONFIGS}linear-seg_voc12aug.py'
    command = [sys.executable, '-W', 'ignore', '-c', WITHOUT, config]
    done = subprocess.run(command, cwd=CLONE, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    line = done.stdout.splitlines()[-1]
    assert line == "segmentation needs the package mmseg: pip install 'mmbarlow[segmentation]'."
