"""Lists of iNaturalist 2018 for mmpretrain.CustomDataset, from the official download.

    python tools/converters/inat18.py data/inat18

From github.com/visipedia/inat_comp (2018), train_val2018.tar.gz, train2018.json.tar.gz and
val2018.json.tar.gz, unpacked into one folder:

    data/inat18/train_val2018/Aves/2761/*.jpg ...
    data/inat18/train2018.json, val2018.json

Writes data/inat18/meta/train.txt (437,513 images of 8,142 species) and val.txt (24,426) after it
has found every image on the disk. A label is the rank of the category's id.
"""

import argparse
import json
from pathlib import Path

from annotation_lists import Samples, write_lists
from mmbarlow import cli
from mmbarlow.errors import InputError


def main() -> None:
    parser = argparse.ArgumentParser(description='Write the lists of iNaturalist 2018.')
    parser.add_argument('root', type=Path, help='folder of the download, such as data/inat18')
    parser.add_argument('--force', action='store_true', help='replace existing lists')
    args = parser.parse_args()
    train, species = read(args.root / 'train2018.json')
    val, species_of_val = read(args.root / 'val2018.json')
    if species != species_of_val:
        raise InputError(
            f'train2018.json and val2018.json in {args.root} have different categories: they must '
            'come from one download.'
        )
    write_lists(dict(train=train, val=val), len(species), args.root, args.root / 'meta', args.force)


def read(file: Path) -> tuple[Samples, list[int]]:
    """The labeled images of a COCO-style file, and the sorted ids of its categories.

    Raises:
        InputError: the file is missing or damaged, or an annotation names an image or a category
            that it does not have.
    """
    if not file.is_file():
        raise InputError(f'there is no {file}: unpack {file.name}.tar.gz there.')
    try:
        content = json.loads(file.read_bytes())
        names = {image['id']: str(image['file_name']) for image in content['images']}
        species = sorted(category['id'] for category in content['categories'])
        pairs = [(a['image_id'], a['category_id']) for a in content['annotations']]
        labels = {category: label for label, category in enumerate(species)}
        strangers = [(i, c) for i, c in pairs if i not in names or c not in labels]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f'{file} does not have images, annotations and categories as in COCO ({error!r}): '
            'download it again.'
        ) from error
    for image, category in strangers:
        what = f'image {image}' if image not in names else f'category {category}'
        raise InputError(f'an annotation in {file} names {what}, which is missing there.')
    if len(pairs) < len(names):
        raise InputError(f'{len(names) - len(pairs)} images in {file} have no annotation.')
    return [(names[image], labels[category]) for image, category in pairs], species


if __name__ == '__main__':
    cli.run(main)
