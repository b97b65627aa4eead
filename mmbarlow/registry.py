"""One child registry for each kind of thing mmbarlow adds to OpenMMLab.

MMEngine finds this file by the scope of a name, `mmbarlow.BarlowTwins`, so a config needs no
`custom_imports`, but for detection: see mmbarlow/detection/registered.py. Always write the scope:
mmpretrain registers classes of the same names.
"""

from mmengine import registry as mmengine

MODELS = mmengine.Registry(
    'model',
    parent=mmengine.MODELS,
    scope='mmbarlow',
    # data preprocessors are models, and so are the networks of the multi-head benchmark
    locations=['mmbarlow.models', 'mmbarlow.datasets', 'mmbarlow.evaluation.registered'],
)
DATASETS = mmengine.Registry(
    'dataset', parent=mmengine.DATASETS, scope='mmbarlow', locations=['mmbarlow.datasets']
)
TRANSFORMS = mmengine.Registry(
    'transform', parent=mmengine.TRANSFORMS, scope='mmbarlow', locations=['mmbarlow.datasets']
)
DATA_SAMPLERS = mmengine.Registry(
    'data sampler', parent=mmengine.DATA_SAMPLERS, scope='mmbarlow', locations=['mmbarlow.datasets']
)
OPTIMIZERS = mmengine.Registry(
    'optimizer', parent=mmengine.OPTIMIZERS, scope='mmbarlow', locations=['mmbarlow.engine']
)
OPTIM_WRAPPERS = mmengine.Registry(
    'optim_wrapper', parent=mmengine.OPTIM_WRAPPERS, scope='mmbarlow', locations=['mmbarlow.engine']
)
OPTIM_WRAPPER_CONSTRUCTORS = mmengine.Registry(
    'optimizer wrapper constructor',
    parent=mmengine.OPTIM_WRAPPER_CONSTRUCTORS,
    scope='mmbarlow',
    locations=['mmbarlow.engine'],
)
PARAM_SCHEDULERS = mmengine.Registry(
    'parameter scheduler',
    parent=mmengine.PARAM_SCHEDULERS,
    scope='mmbarlow',
    locations=['mmbarlow.engine'],
)
HOOKS = mmengine.Registry(
    'hook',
    parent=mmengine.HOOKS,
    scope='mmbarlow',
    locations=['mmbarlow.engine', 'mmbarlow.evaluation.registered'],
)
LOOPS = mmengine.Registry(
    'loop', parent=mmengine.LOOPS, scope='mmbarlow', locations=['mmbarlow.evaluation.registered']
)
METRICS = mmengine.Registry(
    'metric',
    parent=mmengine.METRICS,
    scope='mmbarlow',
    locations=['mmbarlow.evaluation.registered'],
)
