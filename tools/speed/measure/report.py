"""The JSON record of a measurement."""

import json
import time
from pathlib import Path

import torch

from mmbarlow.files import write_atomically


def write(path: Path, device: str, **numbers: object) -> None:
    """Write `numbers` to `path`, with the device, the CPU threads, torch's version and the date."""
    about = dict(device=device_name(device), threads=torch.get_num_threads())
    about |= dict(torch=torch.__version__, date=time.strftime('%Y-%m-%d'))
    write_atomically(path, json.dumps(about | numbers, indent=2) + '\n')


def device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device != 'cpu' else 'cpu'


def device_of() -> str:
    """'cuda' where there is one, else 'cpu'."""
    return 'cuda' if torch.cuda.is_available() else 'cpu'
