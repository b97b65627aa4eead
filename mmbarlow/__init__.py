"""Barlow Twins for MMEngine. README.md has the commands, `mmbarlow.apis` is for notebooks, and
`mmbarlow.loss` needs nothing but torch."""

from .version import __version__ as __version__

try:
    from mmengine.config.utils import MODULE2PACKAGE
except ImportError:  # somebody wants the loss alone
    pass
else:
    # Lets a config inherit `'mmbarlow::barlowtwins/NAME.py'` from the installed package.
    MODULE2PACKAGE.setdefault('mmbarlow', 'mmbarlow')
    MODULE2PACKAGE['mmseg'] = 'mmseg'  # MMEngine asks for a distribution of the name mmsegmentation
