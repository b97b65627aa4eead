"""Barlow Twins for ViT-S/16 on Imagenette at 224 px, 200 epochs, one GPU.

    python tools/train.py configs/barlowtwins/barlowtwins_vit-small-p16_1xb256-coslr-200e_imagenette.py --amp

Needs data/imagenette2/{train,val}, from github.com/fastai/imagenette; 7,400 steps. Not run here yet.
To beat: linear 83.0 %, kNN (k=20) 81.2 %, both the best of online probes over 200 epochs of a ViT-S/16
with the same optimizer and projector (github.com/galilai-group/stable-pretraining at d15ec96,
benchmarks/imagenet10/RESULTS.md; there the warm-up is 1 % of the steps). Ours, after the training:

    python tools/benchmark.py work_dirs/NAME/NAME_backbone.pth --suite imagenette
"""

_base_ = [
    '../_base_/models/barlowtwins_vit-small.py',
    '../_base_/datasets/imagenette.py',
    '../_base_/schedules/adamw_vit.py',
    '../_base_/pretrain_runtime.py',
]

model = dict(
    neck=dict(hid_channels=2048, out_channels=2048),
    head=dict(in_channels=2048),
)
train_cfg = dict(max_epochs=200, val_interval=10)
