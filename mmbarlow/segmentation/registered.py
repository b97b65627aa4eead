"""The names that segmentation configs use, such as `mmbarlow.MaskFolder`.

Those configs list this module in `custom_imports`: pretraining must neither need mmseg nor wait for
its import, as with mmbarlow/detection/registered.py.
"""

from mmbarlow.registry import import_modules

import_modules('mmbarlow.segmentation')
