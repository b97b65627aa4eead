"""Pairs of different images that belong together."""

import os
import re
from pathlib import Path

import numpy as np
from mmengine.dataset import BaseDataset

from mmbarlow.datasets.pair_sources import (
    Pairs,
    pairs_of_folders,
    pairs_of_names,
    pairs_of_table,
)
from mmbarlow.datasets.passed_over import say_once
from mmbarlow.datasets.sample_random import Key, SampleIndex, uniforms
from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS

PARTNER = 8  # in the place of a view's number, where no view reads: which partner is drawn


@DATASETS.register_module()
class PairedImages(BaseDataset):
    """Pairs of images of one place, patient, video or scene, for `mmbarlow.PairedViews`.

    What belongs together is said in one of three ways (docs/pairs.md has an example of each):

    - `table`: a CSV file with the columns `path_a` and `path_b`, of which each row is a pair; or
      with `path` and `group`, and if there is one `order`, where each image makes a pair with
      another one of its group. Paths are relative to the table.
    - `folders`: two folders below `data_root`, for two modalities. Partners have the same path in
      them but for the extension, or, with `group`, the same key.
    - `group` alone: a regular expression that is searched for in the path of each image relative to
      `data_root`, with slashes. What its parentheses hold, or else all of it, is the key, and
      images of one key are a group: r'^([^/]*)/' are those of a folder, r'^(patient\\d+)_' those
      of a patient.

    Where there are several, the partner is drawn anew in each epoch: by the key of the sample
    alone, as its views are (`mmbarlow.ViewSampler`). A sample has `img_path` and `pair_path`;
    `of_two_kinds` says that partners are no first images of other pairs.

    Args:
        data_root: the folder.
        table: path of the table, relative to `data_root`.
        folders: the two folders, relative to `data_root`.
        group: the regular expression.
        max_distance: most places between the images of a pair, in the order of their group: by
            `order`, or else by name; numbers count by their values. By default any.
        drop_unpaired: train without images that have no partner, instead of refusing to start.
        **kwargs: `pipeline` and the rest of MMEngine's BaseDataset.

    Raises:
        InputError: none or two of the ways are given, the source is not there, there is no pair, or
            images without a partner are not dropped; the message has their number.
    """

    def __init__(
        self,
        data_root: str = '',
        table: str | None = None,
        folders: tuple[str, str] | None = None,
        group: str | None = None,
        max_distance: int | None = None,
        drop_unpaired: bool = False,
        **kwargs,
    ) -> None:
        ways = [way for way, given in dict(table=table, folders=folders).items() if given]
        if len(ways) > 1 or not (ways or group) or (table and group):
            raise InputError(
                'mmbarlow.PairedImages takes table, folders, group, or folders with group: say in '
                'one of these ways which images belong together.'
            )
        if folders is not None and (isinstance(folders, str) or len(folders) != 2):
            raise InputError(f'folders={folders!r}: give the two folders of a pair.')
        if max_distance is not None and (max_distance < 1 or folders):
            raise InputError(
                f'max_distance={max_distance}: give 1 or more, for images in groups (of a table or '
                'by group alone).'
            )
        try:
            re.compile(group or '')
        except re.error as error:
            raise InputError(f'group={group!r} is no regular expression: {error}.') from None
        self.source = table, folders, group, max_distance
        self.drop_unpaired = drop_unpaired
        super().__init__(data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        pairs, where = self._pairs()
        lacking = ', and '.join(pairs.lacking)
        if not pairs.images:
            raise InputError(f'there is no pair of images in {where}: {lacking}.')
        if lacking and not self.drop_unpaired:
            raise InputError(
                f'{where}: {lacking}. Complete them, or set '
                'train_dataloader.dataset.drop_unpaired=True to train without them.'
            )
        if lacking:
            say_once(f'left out of {where}: {lacking}')
        # one array and no list, whose memory each worker would copy bit by bit
        self.partners = np.array([os.fsencode(path) for path in pairs.partners])
        same = pairs.partners is pairs.images
        self.of_two_kinds = not same
        return [
            dict(img_path=path, choices=choice, own=i if same else -1)
            for i, (path, choice) in enumerate(zip(pairs.images, pairs.choices, strict=True))
        ]

    def get_data_info(self, idx: int) -> dict:
        """A sample with its partner; an index without a key has that of epoch 0 of seed 0."""
        info = super().get_data_info(idx)
        (first, last), own = info.pop('choices'), info.pop('own')
        among = first <= own < last
        key = idx.key if isinstance(idx, SampleIndex) else Key(0, 0, int(info['sample_idx']))
        u = uniforms(np.array([key]), PARTNER + 1, 1)[PARTNER, 0, 0]
        place = first + int(u * (last - first - among))
        info['pair_path'] = os.fsdecode(self.partners.item(place + (among and place >= own)))
        return info

    def _pairs(self) -> tuple[Pairs, str]:
        """The pairs, and what to call their source."""
        root = os.path.expanduser(str(self.data_root or ''))
        table, folders, group, max_distance = self.source
        if table:
            path = Path(root, os.path.expanduser(table))
            return pairs_of_table(path, max_distance), str(path)
        if folders:
            a, b = (os.path.join(root, folder) for folder in folders)
            return pairs_of_folders((a, b), group), root or f'{a} and {b}'
        return pairs_of_names(root, str(group), max_distance), root
