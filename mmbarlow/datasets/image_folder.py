"""All images below a folder, without labels."""

import os
from collections import Counter
from collections.abc import Iterator

from mmengine.dataset import BaseDataset

from mmbarlow.datasets.passed_over import (
    EXTENSIONS,
    extension_of,
    no_image,
    passed_over,
    say_once,
    without_arrays,
)
from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS


def is_image(name: str) -> bool:
    """Whether a file is an image by its name, in upper or lower case; hidden files are not."""
    return name.lower().endswith(EXTENSIONS) and not name.startswith('.')


@DATASETS.register_module()
class ImageFolder(BaseDataset):
    """The images in a folder and in the folders below it, to any depth, without labels.

    docs/data.md says which files are taken; their order is the same on any machine.
    `mmpretrain.CustomDataset(with_label=False)`, by contrast, follows a link to a parent folder 40
    times and stops at a folder that it may not read.

    Args:
        data_root: the folder.
        quiet: leave it to the caller to say what is left out.
        **kwargs: `pipeline` and the rest of MMEngine's BaseDataset.

    Raises:
        InputError: there is no such folder, or no image below it.
    """

    def __init__(self, data_root: str, quiet: bool = False, **kwargs) -> None:
        self.quiet = quiet
        self.unreadable: list[tuple[str, str]] = []  # folders and reasons
        self.passed_over: Counter[str] = Counter()  # other files by their extension
        super().__init__(data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        root = os.path.expanduser(str(self.data_root))
        if not os.path.isdir(root):
            hint = ': a zip file is for mmbarlow.ImageArchive' if os.path.isfile(root) else ''
            raise InputError(f'there is no folder {root}{hint}.')
        paths = without_arrays(list(self._walk(root, set())), self.passed_over)
        samples = [dict(img_path=path) for path in paths]
        if not samples:
            raise InputError(no_image(root, self.passed_over))
        self.say_left_out(root)
        return samples

    def say_left_out(self, root: str) -> None:
        """Log the folders that cannot be read, and how many files are no images by their names."""
        if self.quiet:
            return
        for folder, reason in self.unreadable:
            say_once(f'the folder {folder} is left out: {reason}')
        if self.passed_over:
            say_once(f'{passed_over(self.passed_over)} in {root}')

    def _walk(self, folder: str, seen: set[tuple[int, int]]) -> Iterator[str]:
        """Paths of images below `folder`; those in it come before those of its subfolders."""
        waiting = [folder]  # and no recursion: folders can be deeper than Python's stack
        while waiting:
            folder = waiting.pop()
            try:
                status = os.stat(folder)
                place = status.st_dev, status.st_ino  # the same through any link
                if place in seen:
                    continue
                seen.add(place)
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError as error:
                self.unreadable.append((folder, str(error.strerror).lower()))
                continue
            for entry in entries:
                # a link to nothing counts as a broken image: there was meant to be one
                if is_image(entry.name) and (
                    entry.is_file() or (entry.is_symlink() and not os.path.exists(entry.path))
                ):
                    yield entry.path
                elif entry.is_file() and not entry.name.startswith('.'):
                    self.passed_over[extension_of(entry.name)] += 1
            below = [e for e in entries if e.is_dir() and not e.name.startswith('.')]
            waiting += [entry.path for entry in reversed(below)]
