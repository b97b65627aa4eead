"""The images in a zip file, for file systems that are slow with many small files."""

import os
import re
import zipfile
from collections import Counter

from mmengine.dataset import BaseDataset

from mmbarlow.datasets.class_folders import unknown_classes
from mmbarlow.datasets.image_folder import is_image
from mmbarlow.datasets.passed_over import (
    extension_of,
    no_image,
    passed_over,
    say_once,
    without_arrays,
)
from mmbarlow.datasets.zip_members import LOCAL_HEADER, METHODS, Member
from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS

# folders, hidden ones, and those that macOS adds to a zip file
HIDDEN = re.compile(r'(^|/)(\.|__MACOSX/)|/$')


@DATASETS.register_module()
class ImageArchive(BaseDataset):
    """The images in a zip file, which is read in place and never unpacked.

    `zip -0 -r images.zip FOLDER` makes one; `-0` stores the images as they are, since compression
    gains nothing on them. Each process opens the file by itself. The index is in the arrays of
    MMEngine's BaseDataset, which forked workers share.

    Args:
        data_root: the zip file.
        folder: take only the images below this folder of the archive, such as 'train'.
        with_label: take the first folder of an image (below `folder`) as its class; the label is
            the rank of the class in sorted order.
        names_from: the folder of the archive whose classes count; by default `folder` itself. A
            test split names the training split here, for its labels to be the same.
        quiet: leave it to the caller to say what is left out.
        **kwargs: `pipeline` and the rest of MMEngine's BaseDataset.

    Raises:
        InputError: there is no such file, or it is not a complete zip file; its members overlap;
            it has no image there, or one that is encrypted, neither stored nor deflated, without a
            class, or of a class that `names_from` does not have.
    """

    def __init__(
        self,
        data_root: str,
        folder: str = '',
        with_label: bool = False,
        names_from: str | None = None,
        quiet: bool = False,
        **kwargs,
    ) -> None:
        self.archive = os.path.expanduser(data_root)
        self.folder = _prefix(folder)
        self.with_label = with_label
        self.names_from = self.folder if names_from is None else _prefix(names_from)
        self.quiet = quiet
        self.passed_over: Counter[str] = Counter()  # other members by their extension
        super().__init__(data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        found = self._members()
        members = self._images(found, self.folder)
        samples: list[dict] = [
            dict(
                name=m.filename,
                member=tuple(
                    Member(m.header_offset, m.compress_size, m.compress_type, m.file_size, m.CRC)
                ),
            )
            for m in members
        ]
        if self.with_label:
            own = [_class(m.filename, self.folder) for m in members]
            training = self._images(found, self.names_from)
            names = sorted({_class(m.filename, self.names_from) for m in training})
            if unknown := sorted(set(own).difference(names)):
                split, other = (x.strip('/') for x in (self.folder, self.names_from))
                raise InputError(unknown_classes(split, unknown, other, self.archive))
            self._metainfo['classes'] = tuple(names)
            ranks = {name: label for label, name in enumerate(names)}
            for sample, name in zip(samples, own, strict=True):
                sample['gt_label'] = ranks[name]
        if self.passed_over and not self.quiet:
            say_once(f'{passed_over(self.passed_over)} in {self.archive}/{self.folder}'.rstrip('/'))
        return samples

    def get_data_info(self, idx: int) -> dict:
        info = super().get_data_info(idx)
        path = f'{self.archive}/{info.pop("name")}'
        return dict(info, img_path=path, archive=self.archive)

    def _members(self) -> list[zipfile.ZipInfo]:
        try:
            with zipfile.ZipFile(self.archive) as archive:
                members = archive.infolist()
        except OSError as error:
            raise InputError(f'cannot open {self.archive}: {error.strerror}.') from None
        except Exception as error:  # of a directory that lies, zipfile raises any of them
            raise InputError(
                f'{self.archive} is no zip file, or is cut off ({error}): make or copy it again.'
            ) from None
        self._check_places(members)
        seen = (m for m in members if not HIDDEN.search(m.filename))  # is_dir fails without a name
        return sorted(seen, key=lambda member: member.filename)

    def _check_places(self, members: list[zipfile.ZipInfo]) -> None:
        """Raises InputError unless each member has a place of its own in the file."""
        end, whole = 0, os.path.getsize(self.archive)
        for member in sorted(members, key=lambda member: member.header_offset):
            start, end_before = member.header_offset, end
            end = start + LOCAL_HEADER.size + member.compress_size
            if not end_before <= start <= end <= whole:
                raise InputError(
                    f'{self.archive} is damaged: {member.filename} overlaps another member, or '
                    'does not lie in the file; make or copy it again.'
                )

    def _images(self, members: list[zipfile.ZipInfo], folder: str) -> list[zipfile.ZipInfo]:
        """Those of the members that are images below `folder`; others are counted."""
        below = [m for m in members if m.filename.startswith(folder)]
        names = [m.filename for m in below if is_image(os.path.basename(m.filename))]
        taken = {*without_arrays(names, Counter())}
        images = [m for m in below if m.filename in taken]
        for member in images:
            self._check(member, folder)
        if folder == self.folder:
            others = {m.filename for m in below}.difference(m.filename for m in images)
            self.passed_over = Counter(map(extension_of, others))
        if not images:
            where = f'the folder {folder} of ' if folder else ''
            raise InputError(no_image(where + self.archive, self.passed_over))
        return images

    def _check(self, member: zipfile.ZipInfo, folder: str) -> None:
        name = f'{member.filename} in {self.archive}'
        if member.flag_bits & 1:
            raise InputError(f'{name} is encrypted: make the archive without a password.')
        if member.compress_type not in METHODS:
            raise InputError(f'{name} has an unknown compression: make the archive with zip -0.')
        if self.with_label and '/' not in member.filename[len(folder) :]:
            raise InputError(f'{name} is in no folder that names its class: use with_label=False.')


def _prefix(folder: str) -> str:
    return f'{folder.strip("/")}/' if folder.strip('/') else ''


def _class(name: str, folder: str) -> str:
    return name.removeprefix(folder).split('/')[0]
