"""Images in a folder for each class, with the same labels in every split."""

import os

from mmbarlow.datasets.image_folder import ImageFolder, is_image
from mmbarlow.datasets.passed_over import extension_of, say_once, without_arrays
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
        if unknown := [n for n in self._classes(self.split) if n not in names]:
            raise InputError(unknown_classes(self.split, unknown, self.names_from, self._path()))
        self._metainfo['classes'] = tuple(names)
        self.unreadable, self.passed_over = [], type(self.passed_over)()
        samples = []
        for folder in self._folders(self.split):
            paths = list(self._walk(self._path(self.split, folder), set()))
            paths = without_arrays(paths, self.passed_over)
            samples += [dict(img_path=path, gt_label=names.index(folder)) for path in paths]
        self.say_left_out(self._path(self.split))
        return samples

    def say_left_out(self, root: str) -> None:
        """Log what `ImageFolder` does, images in no class folder, and empty classes."""
        for entry in os.scandir(root):
            if entry.is_file() and not entry.name.startswith('.'):
                kind = 'in no class folder' if is_image(entry.name) else extension_of(entry.name)
                self.passed_over[kind] += 1
        super().say_left_out(root)
        own = self._classes(self.split)
        if empty := [n for n in self._folders(self.split) if n not in own]:
            say_once(f'no class, since there is no image in it: {", ".join(empty)} in {root}')
        if missing := [n for n in self._metainfo['classes'] if n not in own]:
            say_once(f'{self.split} has no image of the classes {", ".join(missing)}')

    def _path(self, *parts: str) -> str:
        return os.path.join(os.path.expanduser(str(self.data_root)), *parts)

    def _folders(self, split: str) -> list[str]:
        """Names of the folders of a split, in sorted order."""
        path = self._path(split)
        if not os.path.isdir(path):
            raise InputError(f'there is no folder {path}: each split has one folder per class.')
        names = sorted(entry.name for entry in os.scandir(path) if entry.is_dir())
        return [name for name in names if not name.startswith('.')]

    def _classes(self, split: str) -> list[str]:
        """Those of them that hold an image."""
        folders = self._folders(split)
        names = [n for n in folders if next(self._walk(self._path(split, n), set()), None)]
        if not names:
            raise InputError(
                f'there is no folder with an image in {self._path(split)}, so it has no classes.'
            )
        return names


def unknown_classes(split: str, names: list[str], names_from: str, where: str) -> str:
    """The sentence on classes that the training split does not have."""
    return (
        f'{split} in {where} has the classes {", ".join(names)}, and {names_from} has no image of '
        f'them: labels follow {names_from}, so rename these folders or take them out.'
    )
