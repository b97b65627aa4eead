"""Barlow Twins for MMEngine. See README.md for the commands, `mmbarlow.apis` for notebooks."""

from mmengine.config.utils import MODULE2PACKAGE

from .version import __version__ as __version__

# Lets a config inherit `'mmbarlow::barlowtwins/NAME.py'` from the installed package.
MODULE2PACKAGE.setdefault('mmbarlow', 'mmbarlow')
