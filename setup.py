"""What pyproject.toml cannot say: `.mim`, where MMEngine looks for configs and mim for tools."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
PARTS = ('configs', 'tools', 'model-index.yml')
# openmim looks in the package, as MMEngine does. onedl-mim takes the folder of the first installed
# file for the package, and pip has the command and the metadata before `mmbarlow/`, in the order of
# their names; `+` sorts before those.
FOLDERS = ('mmbarlow', '+mmbarlow')


class BuildWithMim(build_py):
    """Puts configs and tools into the package as `.mim`; an editable install gets links instead."""

    def run(self):
        super().run()
        if self.editable_mode:
            mim = empty(ROOT / 'mmbarlow' / '.mim')
            for name in PARTS:
                (mim / name).symlink_to(Path('..', '..', name))
            return
        for folder in FOLDERS:
            mim = empty(Path(self.build_lib) / folder / '.mim')
            for name in PARTS:
                if (ROOT / name).is_dir():
                    skip = shutil.ignore_patterns('__pycache__')
                    shutil.copytree(ROOT / name, mim / name, ignore=skip)
                else:
                    shutil.copy(ROOT / name, mim / name)


def empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


setup(cmdclass={'build_py': BuildWithMim})
