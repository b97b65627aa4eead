"""Ablation: views with crops and flips alone, on CIFAR-10.

    python tools/train.py configs/ablations/barlowtwins-crop-flip_resnet18-stem7-c32_1xb256-coslr-8e_cifar10.py

No solarize either.
Eleven minutes on one core of a busy machine. Results: docs/ablations_results.md.
"""

_base_ = 'barlowtwins_resnet18-stem7-c32_1xb256-coslr-8e_cifar10.py'

train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(
                type='mmbarlow.TwinViews',
                size=32,
                view_a=dict(gray=0.0, jitter=0.0),
                view_b=dict(gray=0.0, jitter=0.0),
            ),
            dict(type='mmpretrain.PackInputs', meta_keys=('skipped',)),
        ]
    )
)
