"""Backbones of mmpretrain in torchvision."""

from typing import Any

from mmpretrain.models import ConvNeXt, SwinTransformer, VisionTransformer
from torch import nn
from torchvision.models.convnext import CNBlockConfig

from mmbarlow.convert.networks import ForeignNetwork, with_channels_of
from mmbarlow.convert.other_networks import other_torchvision_network
from mmbarlow.convert.resnet_networks import RESNETS, torchvision_resnet
from mmbarlow.convert.swin_order import merged_in_order
from mmbarlow.errors import InputError

FFN = ((r'\.ffn\.layers\.0\.0\.', '.mlp.0.'), (r'\.ffn\.layers\.1\.', '.mlp.3.'))
CONVNEXT = (
    (r'^downsample_layers\.(\d+)\.', lambda m: f'features.{2 * int(m[1])}.'),
    (r'^stages\.(\d+)\.', lambda m: f'features.{2 * int(m[1]) + 1}.'),
    (r'\.gamma$', '.layer_scale'),
    (r'\.depthwise_conv\.', '.block.0.'),
    (r'^(features\.\d+\.\d+)\.norm\.', r'\1.block.2.'),
    (r'\.pointwise_conv1\.', '.block.3.'),
    (r'\.pointwise_conv2\.', '.block.5.'),
    (r'^norm\d+\.', 'classifier.0.'),
)
VIT = (
    (r'^cls_token$', 'class_token'),
    (r'^pos_embed$', 'encoder.pos_embedding'),
    (r'^patch_embed\.projection\.', 'conv_proj.'),
    (r'^ln1\.', 'encoder.ln.'),
    (r'^layers\.(\d+)\.ln(\d)\.', r'layers.\1.ln_\2.'),
    (r'\.attn\.qkv\.', '.self_attention.in_proj_'),
    (r'\.attn\.proj\.', '.self_attention.out_proj.'),
    *FFN,
    (r'^layers\.(\d+)\.', r'encoder.layers.encoder_layer_\1.'),
)
SWIN = (
    (r'^patch_embed\.projection\.', 'features.0.0.'),
    (r'^patch_embed\.norm\.', 'features.0.2.'),
    (r'^stages\.(\d+)\.blocks\.', lambda m: f'features.{2 * int(m[1]) + 1}.'),
    (r'^stages\.(\d+)\.downsample\.', lambda m: f'features.{2 * int(m[1]) + 2}.'),
    (r'\.w_msa\.', '.'),
    *FFN,
    (r'^norm\d+\.', 'norm.'),
)


def torchvision_network(backbone: Any) -> ForeignNetwork:
    """The network of torchvision that has the tensors of this backbone.

    Raises:
        InputError: there is none, with the reason in a sentence.
    """
    makers = {ConvNeXt: _convnext, VisionTransformer: _vit, SwinTransformer: _swin}
    makers |= dict.fromkeys(RESNETS, torchvision_resnet)
    make = makers.get(type(backbone), other_torchvision_network)
    return with_channels_of(backbone, make(backbone))


def _convnext(net: Any) -> ForeignNetwork:
    if not net.gap_before_final_norm:
        raise InputError('torchvision averages before the last norm of a ConvNeXt, not after it.')
    widths = [*net.channels[1:], None]
    stages = [CNBlockConfig(*s) for s in zip(net.channels, widths, net.depths, strict=True)]
    replaced: dict[str, nn.Module] = {'classifier.2': nn.Identity()}
    return ForeignNetwork('torchvision.models.ConvNeXt', (stages,), {}, replaced, CONVNEXT)


def _vit(net: Any) -> ForeignNetwork:
    if not net.with_cls_token or net.out_type not in ('cls_token', 'raw'):
        raise InputError('torchvision has only vision transformers that give their class token.')
    (height, width), patch = net.img_size, net.patch_embed.projection.stride[0]
    if height != width:
        raise InputError('torchvision has vision transformers of square images only.')
    options = dict(
        image_size=height,
        patch_size=patch,
        num_layers=net.num_layers,
        num_heads=net.arch_settings['num_heads'],
        hidden_dim=net.embed_dims,
        mlp_dim=net.arch_settings['feedforward_channels'],
    )
    replaced: dict[str, nn.Module] = dict(heads=nn.Identity())
    return ForeignNetwork('torchvision.models.VisionTransformer', (), options, replaced, VIT)


def _swin(net: Any) -> ForeignNetwork:
    window = net.stages[0].blocks[0].attn.window_size
    options = dict(
        patch_size=list(net.patch_embed.projection.stride),
        embed_dim=net.embed_dims,
        depths=list(net.depths),
        num_heads=list(net.num_heads),
        window_size=[window, window],
    )
    replaced: dict[str, nn.Module] = dict(head=nn.Identity())
    maker = 'torchvision.models.SwinTransformer'
    return ForeignNetwork(maker, (), options, replaced, SWIN, changed=merged_in_order)
