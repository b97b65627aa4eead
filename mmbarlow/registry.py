"""One child registry for each kind of thing mmbarlow adds to OpenMMLab.

MMEngine finds this file by the scope of a name, `mmbarlow.BarlowTwins`, and imports `registered`
when it looks for one, so a config needs no `custom_imports`, except for detection and
segmentation: see mmbarlow/detection/registered.py. Always write the scope: mmpretrain registers
classes of the same names.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from pkgutil import walk_packages

from mmengine import registry as mmengine


def import_modules(package: str) -> None:
    """Import every module of a package, so that a new file registers its classes without a list."""
    for module in walk_packages(import_module(package).__path__, f'{package}.'):
        import_module(module.name)


def class_finder(package: str) -> Callable[[str], type]:
    """The `__getattr__` of a package whose modules' classes can be imported from it, too."""

    def find(name: str) -> type:
        if name[0].isupper():  # not a module, which Python finds by itself
            import_modules(package)
            for place in [key for key in sys.modules if key.startswith(f'{package}.')]:
                found = vars(sys.modules[place]).get(name)
                if isinstance(found, type) and found.__module__ == place:
                    return found
        raise AttributeError(f'module {package!r} has no attribute {name!r}')

    return find


def _child(parent: mmengine.Registry) -> mmengine.Registry:
    place = ['mmbarlow.registered']
    return mmengine.Registry(parent.name, parent=parent, scope='mmbarlow', locations=place)


MODELS = _child(mmengine.MODELS)
MODEL_WRAPPERS = _child(mmengine.MODEL_WRAPPERS)
DATASETS = _child(mmengine.DATASETS)
TRANSFORMS = _child(mmengine.TRANSFORMS)
DATA_SAMPLERS = _child(mmengine.DATA_SAMPLERS)
OPTIMIZERS = _child(mmengine.OPTIMIZERS)
OPTIM_WRAPPERS = _child(mmengine.OPTIM_WRAPPERS)
OPTIM_WRAPPER_CONSTRUCTORS = _child(mmengine.OPTIM_WRAPPER_CONSTRUCTORS)
PARAM_SCHEDULERS = _child(mmengine.PARAM_SCHEDULERS)
HOOKS = _child(mmengine.HOOKS)
LOOPS = _child(mmengine.LOOPS)
METRICS = _child(mmengine.METRICS)
VISBACKENDS = _child(mmengine.VISBACKENDS)
TASK_UTILS = _child(mmengine.TASK_UTILS)
FUNCTIONS = _child(mmengine.FUNCTIONS)
