"""Mixed Barlow Twins on STL-10, 105,000 images of 96 px, ResNet-18, one GPU: the released recipe.

    python tools/train.py configs/mixed_barlowtwins/mixed-barlowtwins_resnet18_1xb256-coslr-2000e_stl10.py

Downloads STL-10 to data/stl10 if it is not there; its images take 3 GB of memory, 6 GB while they
are read. Not run here yet.
Views and evaluation are of 64 px, the latter from 70, both bicubic.
Expected: kNN (k=200, T=0.5) 88.94 %, linear 91.02 % by its own probe, linear-mixbt_stl10 (README of
wgcban/mix-bt, the best over the epochs on the test set; 2000 epochs in its script, not stated beside
the number).
"""

_base_ = [
    '../_base_/models/mixed_barlowtwins_64px.py',
    '../_base_/datasets/stl10.py',
    '../_base_/schedules/adam_2000e.py',
    '../_base_/pretrain_runtime.py',
]

model = dict(
    scale=2.0,
    data_preprocessor=dict(mean=[109.65, 107.1, 99.45], std=[68.85, 66.3, 68.85]),
)
train_dataloader = dict(batch_size=256, dataset=dict(pipeline=_base_.whole_images))

view, pack = _base_.val_dataloader.dataset.pipeline
at_64_px = dict(
    dataset=dict(pipeline=[dict(view, size=64, resize=70, interpolation='bicubic'), pack])
)
val_dataloader = test_dataloader = at_64_px
val_cfg = test_cfg = dict(bank_dataloader=at_64_px)
del view, pack, at_64_px
val_evaluator = test_evaluator = dict(temperature=0.5)
