# Training and testing with labels at 224 px, as in the official `evaluate.py`: random crop
# (bilinear) and flip in training, resize to 256 and center crop in testing. A child says where the images come from.
# The batch size is that of all processes together.
train_dataloader = dict(
    batch_size=256,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        pipeline=[
            dict(type='mmbarlow.LoadRGB', skip_broken=True),
            dict(type='mmpretrain.torchvision/RandomResizedCrop', size=224),
            dict(type='mmpretrain.torchvision/RandomHorizontalFlip'),
            dict(type='mmpretrain.PackInputs', meta_keys=('skipped',)),
        ],
    ),
)
val_dataloader = dict(
    batch_size=256,
    num_workers=8,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        pipeline=[
            dict(type='mmbarlow.CenterView', size=224, resize=256),
            dict(type='mmpretrain.PackInputs'),
        ],
    ),
)
val_cfg = dict()
val_evaluator = dict(type='mmpretrain.Accuracy', topk=(1, 5))
