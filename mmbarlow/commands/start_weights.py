"""`--init`: a file of weights, or those of torchvision or timm that somebody has fetched."""

from typing import Any

from torch import nn

from mmbarlow.addresses import local_copy
from mmbarlow.convert.fitting import fit_module
from mmbarlow.errors import InputError, printable
from mmbarlow.models.named_backbones import TIMM, is_resnet


def weights_to_start_from(init: str, backbone: str, network: nn.Module) -> tuple[str, str]:
    """The file that `--init` means, and in words what of it the network takes.

    Raises:
        InputError: it is not there (nothing is fetched), or it is of another network.
    """
    if init == 'torchvision':
        path = _of_torchvision(backbone)
    elif init == 'timm':
        path = _of_timm(backbone)
    else:
        path = local_copy(init)
    try:
        found = fit_module(network, path)
    except InputError as error:
        raise InputError(f'{error} With --backbone {backbone}: give that of the file.') from error
    return path, printable(f'{path} {found}; the projector starts anew')


def _of_torchvision(backbone: str) -> str:
    if not is_resnet(backbone):
        raise InputError(
            f'--init torchvision has weights for the ResNets, not for {backbone}: give a file, or '
            'take --backbone resnet50.'
        )
    return local_copy(f'torchvision://{backbone}')


def _of_timm(backbone: str) -> str:
    try:
        import timm
        from huggingface_hub import try_to_load_from_cache
    except ImportError as error:
        needed = f"--init timm needs {error.name}: pip install 'mmbarlow[export]'."
        raise InputError(needed) from None
    name = backbone.removeprefix(TIMM)
    known: Any = timm.get_pretrained_cfg(name) if timm.is_model(name) else None
    place = known and known.hf_hub_id
    if not place:
        raise InputError(f'timm has no weights for {backbone}: give a file, or take timm/resnet50.')
    for file in ('model.safetensors', 'pytorch_model.bin'):
        if isinstance(path := try_to_load_from_cache(place, file), str):
            return path
    raise InputError(
        f'the weights of timm for {backbone} are not here, and nothing is fetched: download '
        f'https://huggingface.co/{place}/resolve/main/model.safetensors and give --init FILE.'
    )
