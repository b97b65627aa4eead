"""The pickle that detectron2's DetectionCheckpointer reads, with the names of its own ResNet."""

import pickle
import re
from pathlib import Path

import numpy as np
from torch import Tensor

from mmbarlow.errors import InputError

FORMATS = {1: 'L', 3: 'RGB'}  # by the number of channels
# As in detectron2's tools/convert-torchvision-to-d2.py: stem.conv1, res2 to res5, and each norm
# inside the convolution before it.
RENAMED = (
    (r'^(conv1|bn1)\.', r'stem.\1.'),
    *((rf'^layer{i}\.', f'res{i + 1}.') for i in (1, 2, 3, 4)),
    (r'\bbn(\d)\.', r'conv\1.norm.'),
    (r'\bdownsample\.0\.', 'shortcut.'),
    (r'\bdownsample\.1\.', 'shortcut.norm.'),
)


def content(state: dict[str, Tensor]) -> dict:
    """The object to pickle: all tensors as arrays, with BN's counters, which SyncBN there needs.

    `matching_heuristics` lets detectron2 match names by their ends, so that it finds `res5` in the
    head of a C4 model.

    Raises:
        InputError: detectron2 has no such stem.
    """
    if state['conv1.weight'].shape[-1] != 7:
        raise InputError(
            "detectron2's ResNet has a 7x7 stem with pooling, but this network has a 3x3 one for "
            'small images: convert a network that was pretrained with a 7x7 stem.'
        )
    model = {_renamed(name): tensor.numpy() for name, tensor in state.items()}
    return dict(model=model, __author__='mmbarlow', matching_heuristics=True)


def save(content: dict, path: Path) -> None:
    with path.open('wb') as file:
        _Pickler(file).dump(content)


def options(config: dict, mean: list[float], std: list[float]) -> str:
    """The command-line options of detectron2 that its config needs for this network.

    Args:
        config: the network's, as `infer_resnet.resnet_config` has it.
        mean, std: mean and standard deviation of each channel, 0 to 255, or one for all of them;
            detectron2 makes a stem of as many channels as PIXEL_MEAN has numbers.

    Raises:
        InputError: the network takes images that detectron2 does not read.
    """
    channels = config.get('in_channels', 3)
    if channels not in FORMATS:
        raise InputError(
            f'detectron2 reads gray and RGB images, and this network takes {channels} channels.'
        )
    mean, std = (x * channels if len(x) == 1 else x for x in (mean, std))
    found = {
        'INPUT.FORMAT': FORMATS[channels],
        'MODEL.PIXEL_MEAN': _list(mean),
        'MODEL.PIXEL_STD': _list(std),
        'MODEL.RESNETS.DEPTH': config['depth'],
        'MODEL.RESNETS.STRIDE_IN_1X1': config.get('style') == 'caffe',
    }
    base = config.get('base_channels', 64)
    expansion = config.get('expansion', 1 if config['depth'] < 50 else 4)
    widths = {
        'STEM_OUT_CHANNELS': (config.get('stem_channels', 64), 64),
        'WIDTH_PER_GROUP': (base, 64),
        'RES2_OUT_CHANNELS': (base * expansion, 256),
    }
    found.update({f'MODEL.RESNETS.{k}': own for k, (own, usual) in widths.items() if own != usual})
    return ' '.join(f'{key} {value}' for key, value in found.items())


class _Pickler(pickle.Pickler):
    """Pickles arrays as calls of `numpy.ndarray`. By default NumPy 2 refers to `numpy._core`, which
    NumPy before 1.26 and thus many installations of detectron2 do not have."""

    def reducer_override(self, obj):
        if isinstance(obj, np.ndarray):
            return np.ndarray, (obj.shape, obj.dtype, bytearray(obj.tobytes()))
        return NotImplemented


def _renamed(name: str) -> str:
    for pattern, wanted in RENAMED:
        name = re.sub(pattern, wanted, name)
    return name


def _list(numbers: list[float]) -> str:
    return f'"[{", ".join(f"{x:g}" for x in numbers)}]"'
