"""Multi-crop on STL-10: two views of 96 px and six of 40 px, one GPU, which makes the views.

    python tools/train.py configs/barlowtwins/barlowtwins-multicrop_resnet18_1xb128-coslr-100e_stl10.py

The sizes are to each other as SwAV's 224 and 96 px, and so are the crops. An image has 1.5 times the
pixels of one with two views. Not run yet.
"""

_base_ = 'barlowtwins-4views_resnet18_1xb128-coslr-100e_stl10.py'
large, small = dict(crop_scale=(0.14, 1.0)), dict(crop_scale=(0.05, 0.14))
a, b = _base_.model.data_preprocessor.global_views[:2]
model = dict(
    data_preprocessor=dict(
        global_views=[dict(a, **large), dict(b, **large)],
        local_size=40,
        local_views=[dict(a, **small)] * 6,
    ),
    head=dict(pairs='global-any', global_views=2),
)
del large, small, a, b
