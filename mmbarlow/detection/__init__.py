"""What detection and segmentation with mmdet need; nothing outside of this folder imports mmdet.

`registered` has the names for configs, and is imported by detection configs alone, as their
`custom_imports` (configs/_base_/detection_runtime.py).
"""
