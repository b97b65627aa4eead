"""The images in a zip file, for file systems that are slow with many small files."""

import os
import zipfile

import numpy as np
from mmengine.dataset import BaseDataset

from mmbarlow.datasets.image_folder import EXTENSIONS, is_image
from mmbarlow.errors import InputError
from mmbarlow.registry import DATASETS

METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


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
        **kwargs: `pipeline` and the rest of MMEngine's BaseDataset.

    Raises:
        InputError: there is no such file, or it is not a complete zip file; it has no image there,
            or one that is encrypted, neither stored nor deflated, or without a class.
    """

    def __init__(
        self, data_root: str, folder: str = '', with_label: bool = False, **kwargs
    ) -> None:
        self.archive = os.path.expanduser(data_root)
        self.folder = f'{folder.strip("/")}/' if folder.strip('/') else ''
        self.with_label = with_label
        super().__init__(data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        members = sorted(self._members(), key=lambda member: member.filename)
        samples: list[dict] = [
            dict(name=m.filename, member=(m.header_offset, m.compress_size, m.compress_type))
            for m in members
        ]
        if self.with_label:
            names = [m.filename.removeprefix(self.folder).split('/')[0] for m in members]
            classes, labels = np.unique(names, return_inverse=True)
            self._metainfo['classes'] = tuple(classes.tolist())
            for sample, label in zip(samples, labels.tolist(), strict=True):
                sample['gt_label'] = label
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
        except zipfile.BadZipFile as error:
            raise InputError(
                f'{self.archive} is no zip file, or is cut off ({error}): make or copy it again.'
            ) from None
        found = [m for m in members if m.filename.startswith(self.folder)]
        found = [m for m in found if is_image(os.path.basename(m.filename))]
        for member in found:
            self._check(member)
        if not found:
            where = f'the folder {self.folder} of ' if self.folder else ''
            raise InputError(
                f'there is no image in {where}{self.archive} among {len(members):,} members: '
                f'the names of images end in {", ".join(EXTENSIONS)}.'
            )
        return found

    def _check(self, member: zipfile.ZipInfo) -> None:
        name = f'{member.filename} in {self.archive}'
        if member.flag_bits & 1:
            raise InputError(f'{name} is encrypted: make the archive without a password.')
        if member.compress_type not in METHODS:
            raise InputError(f'{name} has an unknown compression: make the archive with zip -0.')
        if self.with_label and '/' not in member.filename[len(self.folder) :]:
            raise InputError(f'{name} is in no folder that names its class: use with_label=False.')
