"""Without mmseg, or mmcv's compiled operators: segmentation says in one line how to get them."""

import json
import subprocess
import sys

from mmbarlow.paths import CLONE

CONFIG = 'configs/benchmarks/voc_segmentation/linear-seg_voc12aug.py'
HIDING = """
import json, sys
from importlib.abc import MetaPathFinder

class Hiding(MetaPathFinder):
    module = ''

    def find_spec(self, name, path, target=None):
        if name == Hiding.module:
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)

sys.meta_path.insert(0, Hiding())
from mmbarlow.config import load_config
from mmbarlow.errors import InputError
found = []
for Hiding.module in ('mmcv._ext', 'mmseg'):
    for name in [name for name in sys.modules if name.startswith(Hiding.module)]:
        del sys.modules[name]
    try:
        load_config(sys.argv[1])
    except InputError as error:
        found.append(str(error))
print(json.dumps(found))
"""


def test_segmentation_names_its_extra():
    command = [sys.executable, '-W', 'ignore', '-c', HIDING, CONFIG]
    done = subprocess.run(command, cwd=CLONE, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    operators, package = json.loads(done.stdout.splitlines()[-1])
    assert operators.startswith('segmentation needs an mmcv with compiled operators')
    assert package.startswith('segmentation needs mmseg')
    assert all("pip install 'mmbarlow[segmentation]'" in text for text in (operators, package))
