"""Features from another layer than the last, as VISSL takes them."""

from typing import Any

from mmengine.model import BaseModel
from torch import Tensor, nn

from mmbarlow.errors import InputError
from mmbarlow.evaluation.multi_head.multi_pooling import LEVELS, average_to_grid
from mmbarlow.evaluation.multi_head.stem_resnet import check_stages, stage_maps

LAYERS = ('conv1', 'res2', 'res3', 'res4', 'res5')


class LayerFeatures(nn.Module):
    """A frozen network that gives one layer, averaged to a grid of cells and flattened.

    For a ResNet-50 at 224 px VISSL's windows leave 9216 numbers of conv1, res2 and res4, and 8192
    of res3 and res5 (`MultiPooling`).

    Args:
        model: has a ResNet of mmpretrain as `backbone`, and a `data_preprocessor`.
        layer: one of `LAYERS`.

    Raises:
        InputError: there is no such layer.
    """

    def __init__(self, model: Any, layer: str) -> None:
        super().__init__()
        if layer not in LAYERS:
            raise InputError(f'test_cfg.layer={layer!r} does not exist: take {", ".join(LAYERS)}.')
        check_stages(model.backbone)
        self.model, self.data_preprocessor = model, model.data_preprocessor
        self.index = LAYERS.index(layer)

    def forward(self, inputs: Tensor, mode: str = 'tensor') -> Tensor:
        """(n, 3, H, W) to (n, C * cells); the one mode is 'tensor'."""
        maps = stage_maps(self.model.backbone, inputs)
        return average_to_grid(maps[self.index], LEVELS[self.index]).flatten(1)


def with_layer(model: BaseModel, layer: str | None) -> Any:
    """What `dataset_features` takes for `test_cfg.layer`: for None, the network itself."""
    return model if layer is None else LayerFeatures(model, layer)
