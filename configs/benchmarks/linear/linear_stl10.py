"""Linear probe on the frozen features of STL-10. Downloads to data/stl10.

python tools/benchmark.py CHECKPOINT --suite linear_stl10
"""

_base_ = '../../_base_/datasets/stl10.py'
test_evaluator = dict(_delete_=True, type='mmbarlow.LinearProbe')
