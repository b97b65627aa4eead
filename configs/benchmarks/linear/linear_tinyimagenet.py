"""Linear probe on the frozen features of Tiny ImageNet. Needs data/tiny-imagenet-200 as unpacked from its zip.

python tools/benchmark.py CHECKPOINT --suite linear_tinyimagenet
"""

_base_ = '../../_base_/datasets/tinyimagenet.py'
test_evaluator = dict(_delete_=True, type='mmbarlow.LinearProbe')
