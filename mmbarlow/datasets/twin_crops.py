"""What a device needs of an image to make its two views: the pixels of the crops, and numbers."""

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from torch import Tensor

from mmbarlow.datasets import view_ops
from mmbarlow.datasets.broken_images import Skipper
from mmbarlow.datasets.twin_views import TwinViews, image_for_views
from mmbarlow.datasets.view import INTERPOLATIONS, Drawn
from mmbarlow.errors import InputError
from mmbarlow.registry import FUNCTIONS, TRANSFORMS

# Numbers of a view, in the order of `Drawn`, and how many of them each parameter has.
WIDTHS = (1, 1, 4, 1, 4, 4, 1, 1, 1)
TYPES = (int, float, int, bool, int, float, bool, float, bool)
PART, SIZE = sum(WIDTHS), sum(WIDTHS) + 1  # then the part that has the crop, and the view's size
# A crop whose side is more than so many times that of its view is resized by the worker. A view
# thus never takes more than 16 times its own pixels on the device, whatever its image is.
LARGEST = 4


@TRANSFORMS.register_module()
class TwinCrops(TwinViews):
    """Draws the two views of `mmbarlow.TwinViews` and leaves it to the device to make them.

    It takes the place of TwinViews where `train_dataloader.collate_fn` is `mmbarlow.pack_crops` and
    `model.data_preprocessor` is `mmbarlow.PackedTwinViews`. The worker decodes the image, a JPEG
    file at the reduced resolution of TwinViews, and draws all parameters from the same numbers: the
    crops are the same ones. Sets `img` to a list for `mmpretrain.PackInputs`: the numbers of both
    views, float64 (2, 20), and the parts of the image that hold the crops, uint8 (3, h, w).

    Args:
        size, view_a, view_b: as in TwinViews.

    Raises:
        InputError: an option or its value is unknown to `View`, or views shall be rotated, which
            the device does not do.
    """

    def __init__(self, size, view_a: dict, view_b: dict) -> None:
        super().__init__(size, view_a, view_b)
        if any(view.rotate for view in self.views.views):
            raise InputError('mmbarlow.TwinCrops does not rotate: take mmbarlow.TwinViews for it.')
        self.crop_skipper = Skipper(self.crops)

    def transform(self, results: dict) -> dict | None:
        made = self.crop_skipper.read(results)
        return None if made is None else dict(results, img=made)

    def crops(self, results: dict) -> list[Tensor]:
        """What `img` becomes; raises BrokenImage."""
        size = self.sizes[0].of(results)
        image, drawn, factor = image_for_views(results, self.views, [size] * 2, (0, 1))
        drawn = drawn.changed(lambda parameter: parameter[:, 0])
        parts, which, box = crop_parts(image, drawn._replace(box=drawn.box // factor), size)
        numbers = numbers_of_views(drawn._replace(box=box))
        numbers = np.column_stack((numbers, which, np.full(2, size)))
        return [torch.from_numpy(numbers), *map(planes, parts)]


def crop_parts(
    image: np.ndarray, drawn: Drawn, size: int
) -> tuple[list[np.ndarray], list[int], np.ndarray]:
    """The parts of an image (H, W, 3) that hold the crops of its V views.

    Returns:
        the parts; for each view the index of its part, and its crop in there, (V, 4). The views
        share a part where that is smaller than one for each.
    """
    box, whole = drawn.box, np.array([0, 0, size, size])
    large = box[:, 2:].max(-1) > LARGEST * size
    first, last = box[:, :2].min(0), (box[:, :2] + box[:, 2:]).max(0)
    if not large.any() and np.prod(last - first) <= np.prod(box[:, 2:], -1).sum():
        shared = image[first[1] : last[1], first[0] : last[0]]
        return [shared], [0] * len(box), box - [*first, 0, 0]
    parts, inside = [], np.where(large[:, None], whole, box * [0, 0, 1, 1])
    for (left, top, width, height), index, is_large in zip(
        box, drawn.interpolation, large, strict=True
    ):
        if is_large:
            crop = left, top, width, height
            parts.append(view_ops.crop_and_resize(image, crop, size, INTERPOLATIONS[index]))
        else:
            parts.append(image[top : top + height, left : left + width])
    return parts, list(range(len(box))), inside


def planes(part: np.ndarray) -> Tensor:
    """The pixels (h, w, 3) channel by channel, (3, h, w)."""
    return torch.from_numpy(np.ascontiguousarray(part.transpose(2, 0, 1)))


def numbers_of_views(drawn: Drawn) -> np.ndarray:
    """The parameters (V, ...) as numbers (V, PART), float64."""
    return np.concatenate([p.reshape(len(p), -1).astype(float) for p in drawn[:-1]], -1)


def drawn_of_numbers(numbers: np.ndarray) -> Drawn:
    """The parameters (count, ...) of numbers (count, PART or more)."""
    columns = np.split(numbers, np.cumsum(WIDTHS), -1)[: len(WIDTHS)]
    typed = [c.astype(kind) for c, kind in zip(columns, TYPES, strict=True)]
    return Drawn._make(
        [*(c[:, 0] if w == 1 else c for c, w in zip(typed, WIDTHS, strict=True)), None]
    )


@FUNCTIONS.register_module()
def pack_crops(samples: list[dict]) -> dict:
    """The batch of samples from `TwinCrops` and `mmpretrain.PackInputs`.

    Returns:
        `inputs`, all parts in one row of uint8, with so many zeros at the end that a row of any
        part can be read as wide as the widest; `numbers`, float64 (n, 2, 20); `parts`, int64
        (n, 2, 3): where the part of each view begins, its height and its width; and
        `data_samples`.

    Raises:
        InputError: the samples are of another transform.
    """
    first = samples[0].get('inputs')
    if not isinstance(first, list) or first[0].dtype != torch.float64:
        raise InputError(
            'mmbarlow.pack_crops packs what mmbarlow.TwinCrops and mmpretrain.PackInputs make: set '
            'train_dataloader.dataset.pipeline to these two.'
        )
    numbers = torch.stack([sample['inputs'][0] for sample in samples])
    parts = [sample['inputs'][1:] for sample in samples]
    flat_parts = [part for own in parts for part in own]
    shapes = np.array([part.shape[1:] for part in flat_parts])
    ends = np.cumsum(3 * shapes.prod(-1))
    places = np.column_stack((ends - 3 * shapes.prod(-1), shapes))
    counts = np.cumsum([0, *map(len, parts)])
    which = counts[:-1, None] + numbers[..., PART].numpy().astype(int)
    padding = torch.zeros(int(shapes[:, 1].max()), dtype=torch.uint8)
    return dict(
        inputs=torch.cat([*(part.flatten() for part in flat_parts), padding]),
        numbers=numbers,
        parts=torch.from_numpy(places[which]),
        data_samples=pseudo_collate([sample['data_samples'] for sample in samples]),
    )
