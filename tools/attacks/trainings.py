"""Small trainings of every kind that this package has, on digits."""

OPTIONS = [
    *('train_cfg.max_epochs=3', 'train_cfg.val_interval=1', 'param_scheduler.warmup=1'),
    *('train_dataloader.batch_size=8', 'train_dataloader.num_workers=0'),
    *('train_dataloader.persistent_workers=False', 'train_dataloader.dataset.indices=24'),
    *('val_dataloader.dataset.indices=8', 'val_cfg.bank_dataloader.dataset.indices=20'),
    *('model.backbone.stem_channels=8', 'model.backbone.base_channels=8'),
    *('default_hooks.checkpoint.interval=1', 'default_hooks.checkpoint.max_keep_ckpts=9'),
    *('default_hooks.logger.interval=2', 'default_hooks.pixels.images=0'),
]
TWINS = [f'model.{k}=16' for k in ('neck.hid_channels', 'neck.out_channels', 'head.in_channels')]
TWINS += ['model.neck.in_channels=64']
NECK = ['model.neck.in_channels=64']
BATCH_VIEWS = dict(
    model=dict(
        data_preprocessor=dict(
            _delete_=True,
            type='mmbarlow.BatchTwinViews',
            size=32,
            view_a=dict(),
            view_b=dict(blur=0.5),
            mean=[123.0] * 3,
            std=[58.0] * 3,
        )
    ),
    train_dataloader=dict(
        dataset=dict(
            pipeline=[
                dict(type='mmbarlow.CenterView', size=32),
                dict(type='mmpretrain.PackInputs'),
            ]
        )
    ),
)
WORKERS = ['train_dataloader.num_workers=2']
STAYING = [*WORKERS, 'train_dataloader.persistent_workers=True']
PARTIAL = ['train_dataloader.drop_last=False', 'train_dataloader.dataset.indices=20']
BF16 = ['optim_wrapper.type=mmbarlow.BF16OptimWrapper']
ACCUMULATED = ['optim_wrapper.accumulative_counts=2']
# What a CUDA graph holds, call by call, and the guard without a look at each step.
RECORDED = ['resident.graph=eager', 'default_hooks.finite_loss.lag=2']
DEFAULT = ['train_dataloader.sampler.type=DefaultSampler']
QUEUE = [dict(type='mmpretrain.SwAVHook', batch_size=8, epoch_queue_starts=0, queue_length=8)]
ITERATIONS = dict(
    train_cfg=dict(_delete_=True, by_epoch=False, max_iters=9, val_interval=3),
    log_processor=dict(by_epoch=False),
    default_hooks=dict(checkpoint=dict(by_epoch=False)),
    param_scheduler=dict(_delete_=True, type='LinearLR', by_epoch=False, end=9, start_factor=0.1),
)
FOREIGN = dict(
    train_dataloader=dict(
        dataset=dict(
            pipeline=[
                dict(type='mmbarlow.LoadRGB'),
                dict(type='mmpretrain.torchvision/RandomResizedCrop', size=32),
                dict(type='mmpretrain.PILToNumpy'),
                dict(type='mmpretrain.RandomErasing', erase_prob=0.5),  # NumPy and Python
                dict(type='mmpretrain.PackInputs'),
            ]
        )
    )
)
BASELINE = 'baselines/{}_resnet18_1xb128-coslr-30e_digits.py'
PLAIN = 'barlowtwins/barlowtwins_resnet18_1xb128-coslr-70e_digits.py'
MIXED = 'mixed_barlowtwins/mixed-barlowtwins_resnet18_1xb128-coslr-30e_digits.py'
AMCL = 'amcl/amcl-barlowtwins_resnet18_1xb128-coslr-30e_digits.py'
# Each with its config in configs/, its options, and entries that options cannot say.
TABLE = dict(
    plain=(PLAIN, TWINS, {}),
    workers=(PLAIN, [*TWINS, *WORKERS], {}),
    staying_workers=(PLAIN, [*TWINS, *STAYING], {}),
    partial_batch=(PLAIN, [*TWINS, *WORKERS, *PARTIAL], {}),
    default_sampler=(PLAIN, [*TWINS, *DEFAULT, *WORKERS], {}),
    chunked=(PLAIN, [*TWINS, 'model.chunk_size=4'], {}),
    bf16=(PLAIN, [*TWINS, *BF16], {}),
    batch_views=(PLAIN, TWINS, BATCH_VIEWS),
    resident=(PLAIN, [*TWINS, *PARTIAL, 'resident=True'], {}),
    resident_graph=(PLAIN, [*TWINS, *RECORDED], BATCH_VIEWS),
    accumulated=(PLAIN, [*TWINS, *ACCUMULATED], {}),
    average=(PLAIN, TWINS, dict(custom_hooks=[dict(type='EMAHook', momentum=0.1)])),
    drop_path=(PLAIN, [*TWINS, 'model.backbone.drop_path_rate=0.5'], {}),
    mixed=(MIXED, TWINS, {}),
    amcl=(AMCL, [*TWINS, 'model.head.temperature.batch_size=8'], {}),
    byol=(BASELINE.format('byol'), NECK, {}),
    mocov2=(BASELINE.format('mocov2'), [*NECK, 'model.queue_len=32'], {}),
    simclr=(BASELINE.format('simclr'), NECK, {}),
    simsiam=(BASELINE.format('simsiam'), NECK, {}),
    swav=(BASELINE.format('swav'), [*NECK, 'model.head.loss.num_prototypes=8'], {}),
    swav_queue=(
        BASELINE.format('swav'),
        [*NECK, 'model.head.loss.num_prototypes=8'],
        dict(custom_hooks=QUEUE),
    ),
    supervised=(BASELINE.format('supervised'), ['model.head.in_channels=64'], {}),
    supervised_workers=(
        BASELINE.format('supervised'),
        ['model.head.in_channels=64', *WORKERS, *DEFAULT],
        FOREIGN,
    ),
    iterations=(PLAIN, [*TWINS, *DEFAULT], ITERATIONS),
    endless=(
        BASELINE.format('supervised'),
        ['model.head.in_channels=64', 'train_dataloader.sampler.type=InfiniteSampler'],
        ITERATIONS,
    ),
)
