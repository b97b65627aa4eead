"""A model as a folder, as timm and the Hugging Face hub have it: weights, config and card."""

import json
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from torch import Tensor

from mmbarlow.convert.networks import ForeignNetwork
from mmbarlow.errors import InputError
from mmbarlow.files import TEMPORARY, write_atomically
from mmbarlow.optional import package
from mmbarlow.weight_files import write_safetensors

FILES = ('config.json', 'model.safetensors', 'README.md')


def hub_config(
    network: ForeignNetwork,
    size: tuple[int, int],
    mean: list[float],
    std: list[float],
    crop_pct: float = 0.875,
) -> dict[str, Any]:
    """What `timm.create_model('local-dir:FOLDER', pretrained=True)` needs beside the weights.

    Args:
        network: a network of timm.
        size: height and width of the images.
        mean, std: mean and standard deviation of each channel, 0 to 255.
        crop_pct: the part of an image's shorter side that is looked at.

    Raises:
        InputError: arguments of timm do not make the network.
    """
    package('timm', '--to huggingface')
    if network.replaced:
        raise InputError(
            'timm has no argument that makes the stem of this network, so that no config.json '
            'describes it.'
        )
    net: Any = network.build()
    own = net.pretrained_cfg
    arguments = {k: v for k, v in network.arguments.items() if k != 'num_classes'}
    channels = arguments.get('in_chans', 3)
    # timm draws a first convolution anew where it knows its name and it has other channels.
    names = ('first_conv',) * (channels == 3) + ('classifier', 'pool_size')
    known = {key: own[key] for key in names if own.get(key)}
    return dict(
        architecture=network.positional[0],
        num_classes=0,
        num_features=net.num_features,
        **(dict(model_args=arguments) if arguments else {}),
        pretrained_cfg=dict(
            tag='mmbarlow',
            custom_load=False,
            input_size=[channels, *size],
            fixed_input_size=bool(own.get('fixed_input_size')),
            interpolation='bilinear',
            crop_pct=crop_pct,
            crop_mode='center',
            mean=[round(value / 255, 6) for value in mean],
            std=[round(value / 255, 6) for value in std],
            num_classes=0,
            **known,
        ),
    )


def write_hub_folder(
    path: Path, config: dict[str, Any], state: dict[str, Tensor], card: str, force: bool
) -> None:
    """Write the folder, whole or not at all; with `force` in the place of one like it.

    Raises:
        InputError: it cannot be written, or `path` is there and is no such folder.
    """
    path = path.absolute()
    if path.exists() and not (force and is_hub_folder(path)):
        raise InputError(f'{path} exists already, and is no folder of a model to replace.')
    made = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp('.tmp', TEMPORARY, path.parent))
        write_atomically(made / 'config.json', json.dumps(config, indent=2) + '\n')
        write_atomically(made / 'model.safetensors', lambda file: write_safetensors(state, file))
        write_atomically(made / 'README.md', card)
        made.chmod(0o755)  # mkdtemp's folders are for the owner only
        if path.exists():
            old = path.rename(made.with_suffix('.old'))
            made.rename(path)
            shutil.rmtree(old)
        else:
            made.rename(path)
        made = None
    except OSError as error:
        raise InputError(f'cannot write {path}: {error.strerror}.') from error
    finally:
        if made is not None:
            with suppress(OSError):
                shutil.rmtree(made)


def is_hub_folder(path: Path) -> bool:
    """Whether there is nothing else in the folder than what `write_hub_folder` writes."""
    return path.is_dir() and {p.name for p in path.iterdir()} <= set(FILES)
