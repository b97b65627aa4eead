"""Four views of each image of STL-10, 96 px, for half of the epochs, one GPU, which makes the views.

    python tools/train.py configs/barlowtwins/barlowtwins-4views_resnet18_1xb128-coslr-100e_stl10.py

Downloads STL-10 as barlowtwins_resnet18_1xb128-coslr-200e_stl10.py does, and shows the network as many
views. Not run yet.
"""

_base_ = 'barlowtwins_resnet18_1xb128-coslr-200e_stl10.py'
twins = _base_.train_dataloader.dataset.pipeline[0]
model = dict(
    data_preprocessor=dict(
        type='mmbarlow.BatchMultiViews', size=96, global_views=[twins.view_a, twins.view_b] * 2
    )
)
train_dataloader = dict(dataset=dict(pipeline=_base_.whole_images))
del twins
train_cfg = dict(max_epochs=100)
