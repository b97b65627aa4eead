"""Linear SVMs on VOC07 with 1 to 96 positive images per class: mean AP over 5 draws.

python tools/benchmark.py CHECKPOINT --suite lowshot_voc07 --cfg-options data_root=FOLDER

No number of Barlow Twins has been published. k, draws and costs as VISSL and, but for the costs
(see svm_voc07.py, as for layer and image), MMSelfSup; the draws themselves are our own.
"""

_base_ = '../../_base_/datasets/voc07.py'
test_evaluator = dict(type='mmbarlow.LowShotSVM')
