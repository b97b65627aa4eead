"""Ablation: views with no grayscale, on CIFAR-10.

    python tools/train.py configs/ablations/barlowtwins-no-gray_resnet18-stem7-c32_1xb256-coslr-8e_cifar10.py

Left are crop, flip, colour jitter, and solarize on the second view.
Eleven minutes on one core of a busy machine. Results: docs/ablations_results.md.
"""

_base_ = 'barlowtwins_resnet18-stem7-c32_1xb256-coslr-8e_cifar10.py'

train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(
                type='mmbarlow.TwinViews',
                size=32,
                view_a=dict(gray=0.0),
                view_b=dict(solarize=0.2, gray=0.0),
            ),
            dict(type='mmpretrain.PackInputs', meta_keys=('skipped',)),
        ]
    )
)
