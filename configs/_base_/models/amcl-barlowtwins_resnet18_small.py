# Adaptive multi-head Barlow Twins: three heads and a network for their temperatures, and AMCL's
# 'default' views (bilinear crop, flip, jitter, gray; neither blur nor solarize), which the device
# makes. phi is initialized as here, not as in the release (docs/variants.md).
_base_ = 'barlowtwins_resnet18_small.py'

view = dict(interpolation='bilinear', saturation=0.4)
model = dict(
    data_preprocessor=dict(type='mmbarlow.BatchTwinViews', size=32, view_a=view, view_b=view),
    neck=dict(type='mmbarlow.MultiHeadNeck', num_heads=3, num_layers=3),
    head=dict(
        type='mmbarlow.AdaptiveMultiHead',
        num_heads=3,
        beta=1e-6,
        temperature=dict(
            type='mmbarlow.PairTemperature', batch_size=512, tau_min=1e-5, tau_max=2.0
        ),
    ),
)
del view
