"""Read files of other code without running any of it."""

from collections import OrderedDict
from pathlib import Path

import torch

from mmbarlow.weight_files import read_plain


def read_foreign(path: str | Path) -> dict:
    """A checkpoint of any library, read by `read_plain`.

    Lightning, VISSL and MMEngine store settings and logs beside the tensors, as objects of classes
    that `weights_only` refuses. Objects of the classes listed below become a `Placeholder`: the
    class is neither imported nor called. All other classes are refused.

    Raises:
        InputError: the file is missing, damaged, or holds objects of other classes.
    """
    stand_ins: list = [(stand_in, name) for name, stand_in in MAPPINGS.items()]
    stand_ins += [(Placeholder, f'{module}.{c}') for module in IGNORED for c in IGNORED[module]]
    with torch.serialization.safe_globals(stand_ins):
        return read_plain(path)


class Placeholder:
    """Stands for an object that is no tensor: accepts any arguments and state, and ignores them."""

    def __new__(cls, *args):
        return super().__new__(cls)

    def __init__(self, *args) -> None:
        pass

    def __setstate__(self, state) -> None:
        pass


# Classes of objects that lie beside the weights, never among them.
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
# torch fills mappings after creating them, which only works with real ones.
MAPPINGS = {
    'collections.defaultdict': lambda *args: {},
    'lightning.fabric.utilities.data.AttributeDict': OrderedDict,
    'lightning.pytorch.utilities.parsing.AttributeDict': OrderedDict,
    'lightning_fabric.utilities.data.AttributeDict': OrderedDict,
    'pytorch_lightning.utilities.parsing.AttributeDict': OrderedDict,
}
