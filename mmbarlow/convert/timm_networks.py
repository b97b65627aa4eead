"""Backbones of mmpretrain, and of timm in mmpretrain's wrapper, in timm."""

from typing import Any

from mmpretrain.models import ConvNeXt, SwinTransformer, TIMMBackbone, VisionTransformer
from torch import nn

from mmbarlow.convert.networks import ForeignNetwork
from mmbarlow.convert.other_networks import other_timm_network
from mmbarlow.convert.resnet_networks import RESNETS, timm_resnet
from mmbarlow.convert.swin_order import merged_in_order
from mmbarlow.errors import InputError

FFN = ((r'\.ffn\.layers\.0\.0\.', '.mlp.fc1.'), (r'\.ffn\.layers\.1\.', '.mlp.fc2.'))
CONVNEXT = (
    (r'^downsample_layers\.0\.', 'stem.'),
    (r'^stages\.(\d+)\.', r'stages.\1.blocks.'),
    (r'^downsample_layers\.(\d+)\.', r'stages.\1.downsample.'),
    (r'\.depthwise_conv\.', '.conv_dw.'),
    (r'\.pointwise_conv(\d)\.', r'.mlp.fc\1.'),
    (r'\.grn\.gamma$', '.mlp.grn.weight'),
    (r'\.grn\.beta$', '.mlp.grn.bias'),
    (r'^norm\d+\.', 'head.norm.'),
)
NORM_FIRST = ((r'^head\.norm\.', 'norm_pre.'),)
VIT = (
    (r'^patch_embed\.projection\.', 'patch_embed.proj.'),
    (r'^pre_norm\.', 'norm_pre.'),
    (r'^ln1\.', 'norm.'),
    (r'^ln2\.', 'fc_norm.'),
    (r'^layers\.', 'blocks.'),
    (r'\.ln(\d)\.', r'.norm\1.'),
    (r'\.(attn|ffn)\.gamma(\d)\.weight$', r'.ls\2.gamma'),
    *FFN,
)
SWIN = (
    (r'.*\.relative_position_index$', ''),
    (r'^patch_embed\.projection\.', 'patch_embed.proj.'),
    (r'^stages\.(\d+)\.blocks\.', r'layers.\1.blocks.'),
    (r'^stages\.(\d+)\.downsample\.', lambda m: f'layers.{int(m[1]) + 1}.downsample.'),
    (r'\.w_msa\.', '.'),
    *FFN,
    (r'^norm\d+\.', 'norm.'),
)
VITS = {(192, 3): 'tiny', (384, 6): 'small', (768, 12): 'base'}  # by width and heads, 12 layers
CONVNEXTS = {(96, 9): 'tiny', (96, 27): 'small', (128, 27): 'base', (192, 27): 'large'}


def timm_network(backbone: Any, config: dict) -> ForeignNetwork:
    """The network of timm that has the tensors of this backbone.

    Args:
        backbone: ours.
        config: what it was built from.

    Raises:
        InputError: there is none, with the reason in a sentence.
    """
    if config.get('type') == 'mmbarlow.OtherChannels':  # whose network is the one inside
        config = {**config['backbone'], 'in_channels': config['in_channels']}
    if type(backbone) in RESNETS:
        return timm_resnet(backbone)
    if type(backbone) is TIMMBackbone:
        return _own(backbone, config)
    makers = {ConvNeXt: _convnext, VisionTransformer: _vit, SwinTransformer: _swin}
    if make := makers.get(type(backbone)):
        return make(backbone)
    return other_timm_network(backbone, config)


def _network(name: str, options: dict, usual: dict, renames: Any, **more: Any) -> ForeignNetwork:
    """With those options alone that are not as usual."""
    options = {key: value for key, value in options.items() if value != usual.get(key)}
    return ForeignNetwork(
        'timm.create_model', (name,), dict(num_classes=0) | options, {}, renames, **more
    )


def _own(net: Any, config: dict) -> ForeignNetwork:
    """timm's network without the wrapper, which takes its pooling away: what a norm after the
    pooling was is then one before it."""
    wrapper = ('type', 'model_name', 'pretrained', 'checkpoint_path', 'init_cfg', '_scope_')
    options = {key: value for key, value in config.items() if key not in wrapper}
    if 'in_channels' in options:
        options['in_chans'] = options.pop('in_channels')
    if options.pop('features_only', False):
        raise InputError('with features_only, timm makes the network without its end.')
    renames: tuple = ((r'^timm_model\.', ''),)
    if type(net.timm_model).__name__ == 'ConvNeXt':
        options['head_norm_first'] = True
        renames += NORM_FIRST
    return _network(config['model_name'], options, dict(num_classes=0), renames)


def _convnext(net: Any) -> ForeignNetwork:
    name = CONVNEXTS.get((net.channels[0], net.depths[2]), 'tiny')
    usual_width = dict(tiny=96, small=96, base=128, large=192)[name]
    block = net.stages[0][0]
    kind = 'convnext' if block.gamma is not None else 'convnextv2'  # which has no such scale
    if kind == 'convnextv2' and name == 'small':  # it has none of that size
        name = 'tiny'
    options = dict(
        depths=list(net.depths),
        dims=list(net.channels),
        patch_size=net.downsample_layers[0][0].stride[0],
        in_chans=net.downsample_layers[0][0].in_channels,
        use_grn=block.grn is not None,
        head_norm_first=not net.gap_before_final_norm,
    )
    usual = dict(
        depths=[3, 3, 9 if name == 'tiny' else 27, 3],
        dims=[usual_width << i for i in range(4)],
        **dict(patch_size=4, in_chans=3, use_grn=kind == 'convnextv2', head_norm_first=False),
    )
    renames = CONVNEXT if net.gap_before_final_norm else CONVNEXT + NORM_FIRST
    return _network(f'{kind}_{name}', options, usual, renames)


def _vit(net: Any) -> ForeignNetwork:
    arch, projection = net.arch_settings, net.patch_embed.projection
    name = VITS.get((net.embed_dims, arch['num_heads']), 'tiny')
    width, heads = next(key for key, value in VITS.items() if value == name)
    size = net.img_size
    averaged = net.out_type == 'avg_featmap'
    if averaged and net.final_norm:
        raise InputError('timm has one norm at the end of a vision transformer, and this has two.')
    options = dict(
        img_size=size[0] if size[0] == size[1] else list(size),
        patch_size=projection.stride[0],
        in_chans=projection.in_channels,
        embed_dim=net.embed_dims,
        depth=net.num_layers,
        num_heads=arch['num_heads'],
        mlp_ratio=arch['feedforward_channels'] / net.embed_dims,
        qkv_bias=net.layers[0].attn.qkv.bias is not None,
        class_token=net.with_cls_token,
        pre_norm=not isinstance(net.pre_norm, nn.Identity),
        final_norm=net.final_norm or averaged,
        init_values=1e-5 if hasattr(net.layers[0].attn.gamma1, 'weight') else None,
    )
    if net.out_type in ('featmap', 'avg_featmap') or not net.with_cls_token:
        options |= dict(global_pool='avg', fc_norm=averaged)
    usual = dict(
        **dict(img_size=224, patch_size=16, in_chans=3, embed_dim=width, depth=12),
        **dict(num_heads=heads, mlp_ratio=4, qkv_bias=True, class_token=True, pre_norm=False),
        final_norm=True,
    )
    return _network(f'vit_{name}_patch16_224', options, usual, VIT)


def _swin(net: Any) -> ForeignNetwork:
    projection = net.patch_embed.projection
    size = net.patch_embed.init_input_size
    options = dict(
        img_size=size[0] if size[0] == size[1] else list(size),
        patch_size=projection.stride[0],
        in_chans=projection.in_channels,
        embed_dim=net.embed_dims,
        depths=list(net.depths),
        num_heads=list(net.num_heads),
        window_size=net.stages[0].blocks[0].attn.window_size,
    )
    usual = dict(
        **dict(img_size=224, patch_size=4, in_chans=3, embed_dim=96, depths=[2, 2, 6, 2]),
        **dict(num_heads=[3, 6, 12, 24], window_size=7),
    )
    name = 'swin_tiny_patch4_window7_224'
    return _network(name, options, usual, SWIN, changed=merged_in_order)
