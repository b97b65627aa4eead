"""The first layer of a vision transformer, kept as it was initialized."""

from torch import nn

from mmbarlow.errors import InputError

NAME = 'patch_embed'  # of the module, in mmpretrain and in timm


def freeze_patch_projection(backbone: nn.Module) -> None:
    """Keep the projection of patches from learning, before a runner wraps the network for DDP.

    MoCo v3 does so (Chen et al., 2021, section 4.2, https://arxiv.org/abs/2104.02057;
    `stop_grad_conv1` in its code): a fixed random projection removes dips of the accuracy in
    training, before which the gradient of this layer jumps first.

    Raises:
        InputError: the backbone has none.
    """
    for name, module in backbone.named_modules():
        if name.rpartition('.')[2] == NAME:
            for part in module.modules():
                if isinstance(part, nn.Conv2d | nn.Linear):
                    part.requires_grad_(False)
            return
    raise InputError(
        f'model.frozen_patches is for vision transformers, and {type(backbone).__name__} has no '
        f'{NAME}: leave it out.'
    )
