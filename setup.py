"""Packaging; a setup.py for `.mim`, the folder where MMEngine looks for `mmbarlow::` configs."""

import runpy
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


def requirements(name: str) -> list[str]:
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    return [line for line in lines if line and not line.startswith('#')]


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


setup(
    name='mmbarlow',
    version=runpy.run_path(str(ROOT / 'mmbarlow' / 'version.py'))['__version__'],
    description='Barlow Twins for MMEngine',
    license='Apache-2.0',
    python_requires='>=3.10,<3.13',
    packages=find_packages(include=['mmbarlow*']),
    package_data={
        'mmbarlow': ['zoo/**/*.json', 'datasets/lists/*.xz', 'commands/page/page.*s'],
    },
    install_requires=requirements('runtime'),
    extras_require={
        name: requirements(name)
        for name in ('detection', 'docs', 'export', 'formats', 'tests', 'tracking')
    },
    entry_points={'console_scripts': ['mmbarlow = mmbarlow.commands.main:command_line']},
    cmdclass={'build_py': BuildWithMim},
)
