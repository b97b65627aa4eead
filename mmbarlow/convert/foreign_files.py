"""Files of other code, read without running anything of theirs."""

from collections import OrderedDict
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load_file

from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.errors import InputError


def read_foreign(path: Path) -> dict:
    """A checkpoint of any library: `read_checkpoint`, or safetensors by the file's suffix.

    Lightning, VISSL and MMEngine put settings and logs beside the tensors, as objects of classes
    that `weights_only` refuses. Of those named below each is read as a `Placeholder`: the class
    is neither imported nor called. Any other is refused.

    Raises:
        InputError: the file is missing, damaged, or holds objects of other classes.
    """
    if path.suffix == '.safetensors' and path.is_file():
        try:
            return load_file(path)
        except safetensors.SafetensorError as error:
            raise InputError(f'{path} is no safetensors file, or is damaged: {error}.') from error
    with torch.serialization.safe_globals(_stand_ins()):
        return read_checkpoint(path)


class Placeholder:
    """Stands for an object that is no tensor: takes what the pickle gives it, and does nothing."""

    def __new__(cls, *args):
        return super().__new__(cls)

    def __init__(self, *args) -> None:
        pass

    def __setstate__(self, state) -> None:
        pass


def _mapping(*args) -> dict:
    return {}


# What is found beside the weights, and never among them.
IGNORED = {
    'argparse': ['Namespace'],
    'builtins': ['bool', 'dict', 'float', 'getattr', 'int', 'list', 'str', 'tuple'],
    'mmengine.logging.history_buffer': ['HistoryBuffer'],
    'numpy': ['dtype', 'ndarray'],
    'numpy.core.multiarray': ['_reconstruct', 'scalar'],
    'numpy._core.multiarray': ['_reconstruct', 'scalar'],
    'omegaconf.base': ['ContainerMetadata', 'Metadata'],
    'omegaconf.dictconfig': ['DictConfig'],
    'omegaconf.listconfig': ['ListConfig'],
    'omegaconf.nodes': ['AnyNode', 'BooleanNode', 'FloatNode', 'IntegerNode', 'StringNode'],
    'pathlib': ['Path', 'PosixPath', 'WindowsPath'],
    'pathlib._local': ['Path', 'PosixPath', 'WindowsPath'],
    # Lightning before 1.5 kept the state of callbacks by class
    'pytorch_lightning.callbacks.early_stopping': ['EarlyStopping'],
    'pytorch_lightning.callbacks.lr_monitor': ['LearningRateMonitor'],
    'pytorch_lightning.callbacks.model_checkpoint': ['ModelCheckpoint'],
    'typing': ['Any'],
}
# torch fills mappings in after making them, and takes nothing but real ones for that.
MAPPINGS = {
    'collections.defaultdict': _mapping,
    'lightning.fabric.utilities.data.AttributeDict': OrderedDict,
    'lightning.pytorch.utilities.parsing.AttributeDict': OrderedDict,
    'lightning_fabric.utilities.data.AttributeDict': OrderedDict,
    'pytorch_lightning.utilities.parsing.AttributeDict': OrderedDict,
}


def _stand_ins() -> list:
    names = [f'{module}.{name}' for module, found in IGNORED.items() for name in found]
    return [(Placeholder, name) for name in names] + [(c, name) for name, c in MAPPINGS.items()]
