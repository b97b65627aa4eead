"""One small backbone of each family of mmpretrain and of timm, and a tiny one of the same code."""

from typing import Any, NamedTuple

from mmbarlow.models.named_backbones import TIMM, classes_of_mmpretrain, named_backbone

NARROW: dict[str, Any] = dict(num_stages=2, out_indices=(1,), strides=(1, 2), dilations=(1, 1))
VIT = dict(arch=dict(embed_dims=32, num_layers=2, num_heads=4, feedforward_channels=64))
SWIN: dict[str, Any] = dict(embed_dims=8, depths=[2, 2], num_heads=[2, 2])
FOUR: dict[str, Any] = dict(embed_dims=[8, 8, 16, 16], depths=[1, 1, 1, 1])
TWINS: dict[str, Any] = dict(
    **FOUR,
    num_heads=[1, 1, 2, 2],
    **dict(patch_sizes=[4, 2, 2, 2], strides=[4, 2, 2, 2], mlp_ratios=[2] * 4),
    sr_ratios=[8, 4, 2, 1],
)
FORMER = dict(layers=[1, 1, 1, 1], embed_dims=[8, 12, 16, 24], mlp_ratios=[2] * 4)
TNT = dict(embed_dims_outer=32, embed_dims_inner=8, num_layers=2)
DW = [dict(type='DW', kernel_size=7)] * 4


class Family(NamedTuple):
    """What is measured, and what is tested.

    name: as `mmbarlow pretrain --backbone` takes it.
    small: arguments of the small one that the table is of, those of the name where it has none.
    tiny: of one that is trained in a moment.
    size: height and width of the images, where it does not take any; None: 64 px, and 32 px for
        the tiny one.
    """

    name: str
    small: dict[str, Any] = {}
    tiny: dict[str, Any] = {}
    size: int | None = None

    def config(self, tiny: bool = False) -> dict[str, Any]:
        return named_backbone(self.name, self.pixels(tiny)) | (self.tiny if tiny else self.small)

    def pixels(self, tiny: bool = False) -> int:
        return self.size or (32 if tiny else 64)


DEIT = dict(arch='deit-tiny')
OF_MMPRETRAIN = (
    Family('LeNet5', size=32),
    Family('AlexNet', size=64),
    Family('VGG'),
    Family('RegNet'),
    Family('ResNet', tiny=NARROW),
    Family('ResNeXt', tiny=NARROW),
    Family('ResNetV1c', tiny=NARROW),
    Family('ResNetV1d', tiny=NARROW),
    Family('ResNeSt', tiny=NARROW),
    Family('ResNet_CIFAR', tiny=NARROW),
    Family('SEResNet', tiny=NARROW),
    Family('SEResNeXt', tiny=NARROW),
    Family('ShuffleNetV1'),
    Family('ShuffleNetV2'),
    Family('MobileNetV2', tiny=dict(widen_factor=0.25)),
    Family('MobileNetV3'),
    Family('VisionTransformer', DEIT, VIT),
    Family('SwinTransformer', tiny=dict(arch=SWIN, out_indices=(1,))),
    Family('TNT', dict(arch='s'), dict(arch=TNT | dict(num_heads_outer=4, num_heads_inner=2))),
    Family(
        'T2T_ViT',
        tiny=dict(
            embed_dims=32, num_layers=2, layer_cfgs=dict(num_heads=2, feedforward_channels=64)
        ),
    ),
    Family('Res2Net', tiny=NARROW),
    Family('RepVGG', tiny=dict(base_channels=8)),
    Family(
        'Conformer', tiny=dict(arch=dict(embed_dims=24, channel_ratio=1, num_heads=2, depths=12))
    ),
    Family(
        'MlpMixer',
        dict(arch='s'),
        dict(arch=dict(embed_dims=64, num_layers=2, tokens_mlp_dims=32, channels_mlp_dims=64)),
    ),
    Family('DistilledVisionTransformer', DEIT, VIT),
    Family('PCPVT', tiny=dict(arch=TWINS)),
    Family('SVT', tiny=dict(arch=TWINS | dict(window_sizes=[7] * 4))),
    Family('EfficientNet'),
    Family('EfficientNetV2', dict(arch='b0'), dict(arch='b0')),
    Family('ConvNeXt', dict(arch='atto'), dict(arch=dict(depths=[1] * 4, channels=[8, 8, 16, 16]))),
    Family('HRNet', dict(arch='w18'), dict(arch='w18')),
    Family('ConvMixer', tiny=dict(arch=dict(embed_dims=16, depth=2, patch_size=7, kernel_size=7))),
    Family('EdgeNeXt'),
    Family('CSPDarkNet'),
    Family('CSPResNet'),
    Family('CSPResNeXt'),
    Family(
        'RepLKNet',
        tiny=dict(
            arch=dict(
                large_kernel_sizes=[7, 7, 5, 3],
                layers=[1, 1, 1, 1],
                channels=[8, 8, 16, 16],
                small_kernel=3,
                dw_ratio=1,
            )
        ),
    ),
    Family(
        'RepMLPNet',
        tiny=dict(arch=dict(channels=[8, 16, 32, 64], depths=[1] * 4, sharesets_nums=[1, 2, 4, 8])),
    ),
    Family('PoolFormer', tiny=dict(arch=FORMER | dict(layer_scale_init_value=1e-5))),
    Family('RIFormer', tiny=dict(arch=FORMER | dict(layer_scale_init_value=1e-5))),
    Family('DenseNet', tiny=dict(arch=dict(growth_rate=8, depths=[1, 2, 2, 1], init_channels=16))),
    Family('VAN', tiny=dict(arch=FOUR | dict(ffn_ratios=[2] * 4))),
    Family('InceptionV3', size=96),
    Family('MobileOne'),
    Family(
        'EfficientFormer',
        tiny=dict(
            arch=dict(
                layers=[1] * 4,
                embed_dims=[8, 12, 16, 24],
                downsamples=[False, True, True, True],
                vit_num=1,
            )
        ),
        size=224,
    ),
    Family(
        'SwinTransformerV2',
        tiny=dict(arch=SWIN | dict(extra_norm_every_n_blocks=0), out_indices=(1,)),
    ),
    Family(
        'MViT',
        dict(arch='tiny'),
        dict(arch=dict(embed_dims=8, num_layers=4, num_heads=1, downscale_indices=[1, 2, 3])),
    ),
    Family('DeiT3', dict(arch='s'), VIT),
    Family(
        'HorNet',
        tiny=dict(arch=dict(base_dim=16, depths=[1] * 4, orders=[2, 2, 2, 2], dw_cfg=DW)),
    ),
    Family('MobileViT', dict(arch='xx_small'), dict(arch='xx_small')),
    Family('DaViT', tiny=dict(arch=SWIN, out_indices=(1,))),
    Family('BEiTViT', DEIT, VIT),
    Family('RevVisionTransformer', DEIT, VIT),
    Family(
        'MixMIMTransformer',
        tiny=dict(arch=dict(embed_dims=16, depths=[1] * 4, num_heads=[1, 2, 4, 8])),
        size=224,
    ),
    Family(
        'TinyViT',
        tiny=dict(arch=dict(channels=[8, 8, 16, 16], num_heads=[1, 1, 2, 2], depths=[1] * 4)),
    ),
    Family('LeViT'),
    Family('Vig', size=224),
    Family('PyramidVig', size=224),
    Family(
        'XCiT',
        dict(embed_dims=128, depth=12, num_heads=4),
        dict(embed_dims=32, depth=2, num_heads=2),
    ),
    Family(
        'ViTSAM',
        tiny=dict(arch=VIT['arch'] | dict(global_attn_indexes=[1]), out_channels=16),
    ),
    Family('ViTEVA02', tiny=VIT),
    Family(
        'HiViT',
        dict(arch='tiny', out_indices=[9]),
        dict(arch=dict(embed_dims=32, depths=[1, 1, 8], num_heads=2), out_indices=[7]),
    ),
)
SHALLOW: dict[str, Any] = dict(depths=(1, 1, 1, 1))
VIT_OF_TIMM = dict(depth=2, embed_dim=32, num_heads=2)
SWIN_OF_TIMM = SHALLOW | dict(embed_dim=16, num_heads=(1, 2, 4, 8))
TINY_OF_TIMM: dict[str, dict[str, Any]] = dict(
    resnet18=dict(layers=(1, 1, 1, 1)),
    resnext50_32x4d=dict(layers=(1, 1, 1, 1)),
    res2net50_26w_4s=dict(layers=(1, 1, 1, 1)),
    regnety_002={},
    densenet121=dict(block_config=(1, 1, 1, 1)),
    efficientnet_b0={},
    mobilenetv3_small_050={},
    ghostnet_050={},
    dla34={},
    hrnet_w18_small={},
    convnext_atto=SHALLOW,
    mambaout_femto=SHALLOW,
    poolformer_s12={},
    edgenext_xx_small=SHALLOW,
    vit_tiny_patch16_224=VIT_OF_TIMM,
    deit_tiny_distilled_patch16_224=VIT_OF_TIMM,
    eva02_tiny_patch14_224=VIT_OF_TIMM,
    vit_pwee_patch16_reg1_gap_256=VIT_OF_TIMM,
    xcit_nano_12_p16_224=dict(depth=2),
    mixer_s32_224={},
    swin_tiny_patch4_window7_224=SWIN_OF_TIMM,
    swinv2_tiny_window8_256=SWIN_OF_TIMM,
    pvt_v2_b0=SHALLOW,
    levit_128s={},
    coatnet_nano_rw_224={},
    mobilevit_xxs={},
    davit_tiny=SHALLOW | dict(embed_dims=(16, 32, 64, 128), num_heads=(1, 2, 4, 8)),
    fastvit_t8=dict(layers=(1, 1, 1, 1)),
    hiera_tiny_224=dict(stages=(1, 1, 1, 1), embed_dim=16),
)
OF_TIMM = tuple(Family(TIMM + name, tiny=tiny) for name, tiny in TINY_OF_TIMM.items())


def families() -> list[Family]:
    """All that install here, those of mmpretrain first.

    Raises:
        KeyError: mmpretrain has a class that is not in the table.
    """
    known = {family.name: family for family in OF_MMPRETRAIN}
    return [*(known[name] for name in classes_of_mmpretrain()), *OF_TIMM]
