"""Two views of a digit of 32 px and six of 16 px, for as long as two of 32 px for 40 epochs.

    OMP_NUM_THREADS=1 python tools/train.py configs/ablations/barlowtwins-multicrop_resnet18_1xb128-coslr-17e_digits.py

Its peer of two views is barlowtwins_resnet18_1xb128-coslr-40e_digits.py. Numbers: docs/ablations.md.
"""

_base_ = 'barlowtwins-4views_resnet18_1xb128-coslr-20e_digits.py'
view = _base_.model.data_preprocessor.global_views[0]
model = dict(
    data_preprocessor=dict(
        global_views=[view] * 2,
        local_size=16,
        local_views=[dict(view, crop_scale=(0.1, 0.3))] * 6,
    ),
    head=dict(pairs='global-any', global_views=2),
)
del view
train_cfg = dict(max_epochs=17, val_interval=17)
default_hooks = dict(export=dict(scale='17 epochs of multi-crop'))
