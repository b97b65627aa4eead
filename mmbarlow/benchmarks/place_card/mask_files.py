"""A user's images and masks, for a card."""

from pathlib import Path

from mmengine.config import Config

from mmbarlow.benchmarks.place_card.mask_task import MaskTask
from mmbarlow.optional import package


def mask_task(folder: str, name: str, seed: int = 0) -> MaskTask:
    """The images and masks of a folder, all of which are checked.

    Raises:
        InputError: mmseg is missing; see also `mmbarlow.segmentation.mask_checks.check_masks`.
    """
    package('mmseg', 'a card of masks', 'segmentation')
    import mmbarlow.segmentation.registered  # noqa: F401 the name MaskFolder
    from mmbarlow.segmentation.mask_checks import check_masks
    from mmbarlow.segmentation.mask_folder import MaskFolder

    parts = {
        part: dict(type='mmbarlow.MaskFolder', data_root=folder, split=part, pipeline=[])
        for part in ('train', 'val')
    }
    facts = check_masks(
        Config({f'{part}_dataloader': dict(dataset=data) for part, data in parts.items()})
    )
    pairs: list[list[tuple[Path, Path]]] = []
    for part in parts:
        data = MaskFolder(folder, part, pipeline=[])
        infos = [data.get_data_info(i) for i in range(len(data))]
        pairs.append([(Path(i['img_path']), Path(i['seg_map_path'])) for i in infos])
    return MaskTask(name, pairs[0], pairs[1], facts.classes, seed)
