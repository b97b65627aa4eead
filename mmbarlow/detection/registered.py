"""The names that detection configs use, such as `mmbarlow.ResLayerExtraNorm`.

This module is apart from `mmbarlow.registered`, which MMEngine imports when it looks up any
`mmbarlow.` name, because pretraining must neither need mmdet and mmcv's compiled operators nor
wait for their import. Detection configs list it in `custom_imports` instead.
"""

from mmbarlow.registry import import_modules

import_modules('mmbarlow.detection')
