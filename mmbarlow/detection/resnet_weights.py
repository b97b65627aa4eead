"""A pretrained ResNet into a detector: all of it, also where the detector has it in two places."""

import torch
from torch import Tensor, nn

from mmbarlow.checkpoints import compare
from mmbarlow.errors import InputError

CURE = (
    "The detector's backbone is a plain ResNet of one depth, whole: stem, layer1 to layer4, the "
    'last of which (res5) is the RoI head of a C4 detector.'
)


def load_resnet(detector: nn.Module, state: dict[str, Tensor]) -> None:
    """Copy a ResNet's tensors into a detector, in place.

    Args:
        detector: of mmdet; see `resnet_tensors`.
        state: tensors of the ResNet under their own names, `conv1.weight` and so on: 318 of a
            ResNet-50, with the counters of its BN layers.

    Raises:
        InputError: a tensor is missing, left over or of another shape, or the names have a
            prefix. The detector is as it was then.
    """
    own = resnet_tensors(detector)
    stem = next((name for name in state if name.endswith('.conv1.weight')), '')
    if 'conv1.weight' not in state and f'{_before(stem)}bn1.weight' in state:
        raise InputError(
            f"the names of the pretrained network's tensors begin with {_before(stem)!r}: write "
            'them without, or let tools/convert_checkpoint.py do it.'
        )
    compare(own, state, 'the pretrained network', CURE)
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(state[name])


def resnet_tensors(detector: nn.Module) -> dict[str, Tensor]:
    """The tensors that a detector has of its ResNet, under the ResNet's own names.

    They are `backbone`'s and, of a C4 detector, `roi_head.shared_head.layer4`'s. Not copies:
    what is written into them is in the detector.
    """
    own = dict(detector.get_submodule('backbone').state_dict())
    if hasattr(detector.get_submodule('roi_head'), 'shared_head'):
        res5 = detector.get_submodule('roi_head.shared_head').state_dict()
        own.update({k: v for k, v in res5.items() if k.startswith('layer')})
    return own


def _before(stem: str) -> str:
    return stem.removesuffix('conv1.weight')
