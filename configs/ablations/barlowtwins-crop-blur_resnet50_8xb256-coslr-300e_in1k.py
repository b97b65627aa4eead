"""Ablation: views with crops and blur alone.

    tools/dist_train.sh configs/ablations/barlowtwins-crop-blur_resnet50_8xb256-coslr-300e_in1k.py 8 --amp

Data, hardware and hours as for the parent. Not run here yet.
Expected: up to 25 points under the parent (axis of figure 3 of the paper; its points are not
printed). Neither flipped nor solarised: our reading of "crop + blur only".
The parent: 71.4 / 90.2.
"""

_base_ = '../barlowtwins/barlowtwins_resnet50_8xb256-coslr-300e_in1k.py'

train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(
                type='mmbarlow.TwinViews',
                size=224,
                view_a=dict(blur=1.0, flip=0.0, gray=0.0, jitter=0.0),
                view_b=dict(blur=0.1, flip=0.0, gray=0.0, jitter=0.0),
            ),
            dict(type='mmpretrain.PackInputs', meta_keys=('skipped',)),
        ]
    )
)
