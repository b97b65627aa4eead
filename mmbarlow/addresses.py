"""Addresses where a config names weights: of files that somebody fetched; none is fetched here."""

import os
import re
from pathlib import Path

import torch
from mmengine.runner.checkpoint import get_external_models, get_mmcls_models

from mmbarlow.errors import InputError

ADDRESS = re.compile(r'[\w+.-]{2,}:(/|s3:)')  # one slash is left where it was made a Path


def local_copy(path: str | Path) -> str:
    """The file that `path` names: an address stands for its file in torch's cache, if it is there.

    Raises:
        InputError: it is not there. Nothing is fetched.
    """
    name = os.path.expanduser(path)
    if not ADDRESS.match(name):
        return name
    url = _url(name) or ''
    cached = Path(torch.hub.get_dir(), 'checkpoints', url.rpartition('/')[2])
    if url and cached.is_file():
        return str(cached)
    how = f'download {url} to {cached}' if url else 'download it'
    raise InputError(
        f'{path} is an address, and nothing is fetched: {how}, or give the path of a file of '
        'weights.'
    )


def _url(address: str) -> str | None:
    """Where the file of an address lies, if it is of a scheme that MMEngine has lists of."""
    scheme, _, name = address.partition('://')
    if scheme in ('http', 'https'):
        return address
    if scheme in ('torchvision', 'modelzoo'):
        from torchvision.models import get_model_weights  # slow to import

        try:
            weights = {w.name: w for w in get_model_weights(name.partition('.')[0])}
        except ValueError:
            return None
        wanted = name.partition('.')[2].upper() or 'IMAGENET1K_V1'
        return weights[wanted].url if wanted in weights else None
    if scheme in ('open-mmlab', 'openmmlab', 'mmcls'):
        listed = (get_mmcls_models if scheme == 'mmcls' else get_external_models)()
        return listed.get(name)
    return None
