"""DeCUR on SSL4EO-S12: Sentinel-1 (SAR, 2 channels) and Sentinel-2 L1C (optical, 13 channels).

    tools/dist_train.sh configs/two_modalities/decur_resnet50_4xb64-coslr-100e_ssl4eo.py 4 --amp

Needs data/ssl4eo/{s1,s2c}/<location>/<season>.tif, 251,079 locations in 4 seasons, one file with all channels
each (docs/pairs.md stacks the files of the download); 4 GPUs: A100 in the paper. Not run here.
Expected: mAP of a linear classifier on BigEarthNet-MM with both modalities, 1 % and 100 % of the labels: 79.8 and
86.2 with DeCUR, 78.7 and 83.2 with Barlow Twins between modalities (arXiv:2309.05300v3, as a summary by others quotes
its tables, not compared with them; it is not certain that they are without deformable attention, which is not here).

Data, views and numbers are those of the released code (zhu-xlab/DeCUR, src/pretrain/pretrain_mm.py and its
scripts/pretrain/ssl4eo_s12/srun_train_rn50_decur_mm.sh). Where it differs: that code draws a season for each of the
four views, here both views of a modality are of one season, and the two modalities of seasons drawn
independently, as there; it flips vertically, too; gray is the mean of all channels there, and channels that
are dropped here; it starts from ImageNet weights but for the first layer. Its intra_weight is 2, the paper's
is 1 (docs/pairs.md). Its condition for LARS is never met, so that the code as it is runs AdamW with the
rates below: they are LARS's.
"""

_base_ = [
    '../_base_/datasets/two_views.py',
    '../_base_/schedules/lars_8xb256.py',
    '../_base_/pretrain_runtime.py',
]

data_root = 'data/ssl4eo'
# mean and deviation of the channels (src/pretrain/datasets/SSL4EO/ssl4eo_dataset.py); two deviations to either
# side of the mean become 0 to 255
s1 = [(-12.54847273, 5.25697717), (-20.19237134, 5.91150917)]  # VV, VH, in dB
s2c = [
    *[(1605.57504906, 786.78685367), (1390.78157673, 850.34818441), (1314.8729939, 875.06484736)],
    *[
        (1363.52445545, 1138.84957046),
        (1549.44374991, 1122.17775652),
        (2091.74883118, 1161.59187054),
    ],
    *[
        (2371.7172463, 1274.39184232),
        (2299.90463006, 1248.42891965),
        (2560.29504086, 1345.52684884),
    ],
    *[(830.06605044, 577.31607053), (22.10351321, 51.15431158), (2177.07172323, 1336.09932639)],
    (1524.06546312, 1136.53823676),
]  # B1 to B12 with B8A after B8
s1, s2c = ([[mean - 2 * std, mean + 2 * std] for mean, std in bands] for bands in (s1, s2c))
geometry = dict(crop_scale=(0.2, 1.0), interpolation='bilinear', blur=0.5)
sar = dict(geometry, jitter=0.0)
optical = dict(geometry, saturation=0.0, hue=0.0, solarize=0.2)
train_dataloader = dict(
    batch_size=64,
    dataset=dict(
        type='mmbarlow.PairedImages',
        data_root=data_root,
        folders=('s1', 's2c'),
        group='^([^/]+)/',
        pipeline=[
            dict(
                type='mmbarlow.PairedViews',
                size=224,
                view_a=[sar, sar],
                view_b=[optical, optical],
                channels=(2, 13),
                range=(s1, s2c),
            ),
            dict(type='mmpretrain.PackInputs', meta_keys=('skipped',)),
        ],
    ),
)


def encoder(channels):
    return dict(
        # 0 to 1, as ToTensor leaves the views
        data_preprocessor=dict(
            type='mmbarlow.ChannelsPreprocessor',
            mean=[0.0] * channels,
            std=[255.0] * channels,
            non_blocking=True,
        ),
        backbone=dict(
            type='mmpretrain.ResNet', depth=50, in_channels=channels, zero_init_residual=True
        ),
        neck=dict(
            type='mmbarlow.BarlowTwinsNeck', in_channels=2048, hid_channels=8192, out_channels=8192
        ),
        head=dict(type='mmbarlow.CrossCorrelationHead', in_channels=8192, lambd=0.0051),
    )


model = dict(
    type='mmbarlow.TwoModalityBarlowTwins',
    modalities=dict(s1=encoder(2), s2=encoder(13)),
    head=dict(type='mmbarlow.CommonUniqueHead', in_channels=8192, common=7168, lambd=0.0051),
    channels_last=True,
)
optim_wrapper = dict(
    optimizer=dict(lr=0.05, weight_decay=1e-6),
    # 0.0048 for a gradient that is a quarter of the true one, on 4 GPUs, and for the mean of the three losses
    # where this is their sum; LARS hides both factors for weights alone
    paramwise_cfg=dict(bias_lr=0.0048 / 4 / 3),
)
param_scheduler = dict(warmup=0, eta_min_ratio=0.0)
train_cfg = dict(max_epochs=100)
del s1, s2c, geometry, sar, optical
