"""Linear SVMs on VOC07 with 1 to 96 positive images per class: mean AP over 5 draws.

python tools/benchmark.py CHECKPOINT --suite lowshot_voc07 --cfg-options data_root=FOLDER

No number of Barlow Twins has been published. VISSL's protocol
(config/benchmark/low_shot_transfer/voc07/eval_resnet_8gpu_transfer_voc07_low_shot_svm.yaml):
images squeezed straight to 224 x 224, res5 in 2 x 2 cells (8192 numbers for a ResNet-50), its 11
costs; VISSL's other layer, res4, is lowshot-res4_voc07. MMSelfSup has res5 too, resizes to 256
first, and has other costs (see svm_voc07.py). The draws themselves are our own.
"""

_base_ = '../../_base_/datasets/voc07.py'


def straight(loader):
    view, pack = loader.dataset.pipeline
    return dict(dataset=dict(pipeline=[dict(view, resize=None), pack]))


test_dataloader = straight(_base_.test_dataloader)
test_cfg = dict(layer='res5', bank_dataloader=straight(_base_.test_cfg.bank_dataloader))
test_evaluator = dict(type='mmbarlow.LowShotSVM')
