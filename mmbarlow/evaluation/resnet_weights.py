"""Load a pretrained ResNet completely into a detector, which may hold it in two places, or into a
segmentor."""

import torch
from torch import Tensor, nn

from mmbarlow.checkpoints import compare
from mmbarlow.errors import InputError


def load_resnet(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Copy a ResNet's tensors into a detector or segmentor, in place.

    Args:
        model: of mmdet or mmseg; see `resnet_tensors`.
        state: tensors of the ResNet under their own names, such as `conv1.weight`. A ResNet-50
            has 318, including the counters of its BN layers.

    Raises:
        InputError: a tensor is missing, left over or of another shape, or the names have a
            prefix. The model is then unchanged.
    """
    own = resnet_tensors(model)
    stem = next((name for name in state if name.endswith('.conv1.weight')), '')
    prefix = stem.removesuffix('conv1.weight')
    if 'conv1.weight' not in state and f'{prefix}bn1.weight' in state:
        raise InputError(
            f"the names of the pretrained network's tensors begin with {prefix!r}: remove the "
            'prefix, or convert the file with tools/convert_checkpoint.py.'
        )
    cure = (
        'Give a complete, plain ResNet of the same depth: stem and layer1 to layer4, the last of '
        'which (res5) is the RoI head of a C4 detector.'
    )
    compare(own, state, 'the pretrained network', cure)
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(state[name])


def resnet_tensors(model: nn.Module) -> dict[str, Tensor]:
    """The tensors of a model's ResNet under the ResNet's own names, not copied.

    They lie in `backbone` and, in a C4 detector, also in `roi_head.shared_head.layer4`.
    """
    own = dict(model.get_submodule('backbone').state_dict())
    if hasattr(getattr(model, 'roi_head', None), 'shared_head'):
        res5 = model.get_submodule('roi_head.shared_head').state_dict()
        own.update({k: v for k, v in res5.items() if k.startswith('layer')})
    return own
