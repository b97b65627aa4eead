"""Images in a folder for each class, with the same labels in every split."""

import logging
import os

from mmengine.logging import print_log

from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS


@DATASETS.register_module()
class ClassFolders(ImageFolder):
    """The images of one split, `train/airplane/*.jpg`; a label is the rank of the class's name
    among those of the training split, whatever split it is.

    A class is a folder with an image in it or below it, by the rules of `ImageFolder`; hidden and
    empty folders are none. `mmpretrain.CustomDataset` ranks the folders of each split by itself:
    one folder more or less shifts the labels of one split alone.

    Args:
        data_root: the folder of the splits.
        data_prefix: the split, a folder in it.
        names_from: the split whose classes count.
        **kwargs: `pipeline` and the rest of MMEngine's BaseDataset.

    Raises:
        InputError: there is no such folder or no class in it, or the split has a class that the
            training split does not have.
    """

    def __init__(
        self, data_root: str, data_prefix: str = 'train', names_from: str = 'train', **kwargs
    ) -> None:
        self.split, self.names_from = data_prefix, names_from
        super().__init__(data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        names = self._classes(self.names_from)
        own = self._classes(self.split)
        if unknown := [name for name in own if name not in names]:
            raise InputError(
                f'{self.split} in {self.data_root} has the classes {", ".join(unknown)}, and '
                f'{self.names_from} has no image of them: labels follow {self.names_from}, so '
                'rename these folders or take them out.'
            )
        if missing := [name for name in names if name not in own]:
            what = f'{self.split} has no image of the classes {", ".join(missing)}'
            print_log(what, 'current', logging.WARNING)
        self._metainfo['classes'] = tuple(names)
        self.unreadable, self.passed_over = [], type(self.passed_over)()
        samples = [
            dict(img_path=path, gt_label=label)
            for label, name in enumerate(names)
            if name in own
            for path in self._walk(self._path(self.split, name), set())
        ]
        self.say_left_out()
        return samples

    def _path(self, *parts: str) -> str:
        return os.path.join(os.path.expanduser(str(self.data_root)), *parts)

    def _classes(self, split: str) -> list[str]:
        """Names of the folders of a split that hold an image, in sorted order."""
        folder = self._path(split)
        if not os.path.isdir(folder):
            raise InputError(f'there is no folder {folder}: each split has one folder per class.')
        names = sorted(n for n in os.listdir(folder) if not n.startswith('.'))
        names = [n for n in names if next(self._walk(self._path(split, n), set()), None)]
        if not names:
            raise InputError(f'there is no folder with an image in {folder}, so it has no classes.')
        return names
