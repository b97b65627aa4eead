"""Detection and segmentation with mmdet, which nothing outside of this folder imports.

`registered` has the names for configs. Only detection configs import it, as their `custom_imports`
(configs/_base_/detection_runtime.py).
"""
