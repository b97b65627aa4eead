"""As lowshot_voc07, on res4 in 3 x 3 cells (9216 numbers for a ResNet-50), VISSL's other layer.

python tools/benchmark.py CHECKPOINT --suite lowshot-res4_voc07 --cfg-options data_root=FOLDER

No number of Barlow Twins has been published.
"""

_base_ = 'lowshot_voc07.py'
test_cfg = dict(layer='res4')
