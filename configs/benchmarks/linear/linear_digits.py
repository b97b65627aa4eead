"""Linear probe on the frozen features of digits.

python tools/benchmark.py CHECKPOINT --suite linear_digits
"""

_base_ = '../../_base_/datasets/digits.py'
test_evaluator = dict(_delete_=True, type='mmbarlow.LinearProbe')
