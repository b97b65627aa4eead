"""Whether images, their mean and deviation, and the backbone have the same channels."""

import inspect
from typing import Any

from mmbarlow.errors import InputError
from mmbarlow.registry import MODELS


def check_image_channels(
    found: int, wanted: int | None, preprocessor: Any, config: dict, place: str = 'model'
) -> None:
    """Whether a network takes images as they come to its preprocessor.

    mmpretrain's preprocessors broadcast: one channel and three means make three channels, and
    thirteen channels whose order is reversed become three.

    Args:
        found: channels of the images.
        wanted: channels that the backbone takes, None for any.
        preprocessor: what normalizes them; anything with the attributes `mean` (C, 1, 1), or none.
        config: of the backbone.
        place: of the model in the config, for the message.

    Raises:
        InputError: the backbone takes others, or `mean` and `std` are of others. One mean is for
            any number of channels, as in MMEngine.
    """
    mean = getattr(preprocessor, 'mean', None)
    means = None if mean is None else len(mean)
    images = f'the images have {found} {"channel" if found == 1 else "channels"}'
    normalization = f'{place}.data_preprocessor.mean and std'
    numbers = f'{normalization} with a number for each channel'
    if found not in (1, 3):
        numbers += ', of type mmbarlow.ChannelsPreprocessor'
    ways = []
    if wanted not in (None, found):
        problem, ways = f'the backbone takes {wanted}', [channels_key(config, found, place)]
        if means not in (None, 1, found):
            ways.append(numbers)
    elif means not in (None, 1, found):
        problem, ways = f'{normalization} have {means}', [numbers]
    elif found != 3 and getattr(preprocessor, '_channel_conversion', False):
        problem = f'{place}.data_preprocessor swaps the first and the last of 3'
        ways = ['bgr_to_rgb, rgb_to_bgr and to_rgb in it to False']
    if not ways:
        return
    cure = f'set {" and ".join(ways)}'
    if {found, wanted or means} == {1, 3}:  # gray and RGB are read as each other
        cure += f', or channels={wanted or means} of the transforms to read the images so'
    raise InputError(f'{images} and {problem}: {cure}.')


def check_means(preprocessor: dict) -> None:
    """Raises InputError for more than three means with a preprocessor that takes one or three."""
    means = len(preprocessor.get('mean') or ())
    if means not in (0, 1, 3) and not preprocessor.get('type', '').startswith('mmbarlow.'):
        raise InputError(
            f'data_preprocessor.mean has {means} numbers, and {preprocessor["type"]} takes 1 or '
            "3: set data_preprocessor.type='mmbarlow.ChannelsPreprocessor'."
        )


def channels_key(config: dict, channels: int, place: str = 'model') -> str:
    """What to set in a config so that its backbone takes `channels`."""
    kind = config.get('type')
    network = MODELS.get(kind) if isinstance(kind, str) else kind
    names = ('in_channels', 'in_chans')
    key = next((k for k in names if network and takes(network, k)), None)
    if key:
        return f'{place}.backbone.{key}={channels}'
    return f"{place}.backbone=dict(type='mmbarlow.OtherChannels', in_channels={channels}, ...)"


def takes(kind: Any, argument: str) -> bool:
    """Whether a class has an argument, its own or one that it hands on to its parents."""
    for cls in kind.__mro__ if inspect.isclass(kind) else [kind]:
        parameters = inspect.signature(cls).parameters
        if argument in parameters:
            return True
        if all(p.kind != p.VAR_KEYWORD for p in parameters.values()):
            return False
    return False
