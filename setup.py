"""What pyproject.toml cannot say: `.mim`, where MMEngine looks for configs and mim for tools."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildWithMim(build_py):
    """Puts configs and tools into the package as `.mim`; an editable install gets links instead."""

    def run(self):
        super().run()
        mim = (ROOT if self.editable_mode else Path(self.build_lib)) / 'mmbarlow' / '.mim'
        shutil.rmtree(mim, ignore_errors=True)
        mim.mkdir(parents=True)
        for name in ('configs', 'tools', 'model-index.yml'):
            if self.editable_mode:
                (mim / name).symlink_to(Path('..', '..', name))
            elif (ROOT / name).is_dir():
                skip = shutil.ignore_patterns('__pycache__')
                shutil.copytree(ROOT / name, mim / name, ignore=skip)
            else:
                shutil.copy(ROOT / name, mim / name)


setup(cmdclass={'build_py': BuildWithMim})
