# The same for images of 64 px: with max-pooling after the 3x3 stem, and other views, here with
# bicubic crops. The released code changes the colors before the crop, TwinViews after it; that matters to the contrast alone.
_base_ = 'mixed_barlowtwins_small.py'

view = dict(interpolation='bicubic', crop_scale=(0.2, 1.0), saturation=0.4, gray=0.1)

model = dict(
    data_preprocessor=dict(size=64, view_a=view, view_b=view),
    backbone=dict(type='mmbarlow.PooledResNet'),
)
del view
