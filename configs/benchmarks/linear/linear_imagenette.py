"""Linear probe on the frozen features of Imagenette.

python tools/benchmark.py CHECKPOINT --suite linear_imagenette
"""

_base_ = '../../_base_/datasets/imagenette.py'
test_evaluator = dict(_delete_=True, type='mmbarlow.LinearProbe')
