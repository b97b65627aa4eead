"""What the name of a pretraining config says: its model and its data set."""

import re

from mmbarlow.zoo.runs import LABELS

# algo_backbone_GPUSxbBATCH-schedule-EPOCHSe_dataset
GRAMMAR = re.compile(r'(?P<algorithm>[^_]+)_[^_]+_\d+xb\d+-[^_]+-\d+e_(?P<dataset>\w+)')
IMAGENET = 'in1k'
LAYOUTS = ('_folders', '_list')  # how the files of a data set lie, not which data set it is


def algorithm_and_dataset(stem: str) -> tuple[str, str] | None:
    """Model and data set as records name them, or None if the name does not follow the grammar.

    An ablation, such as `barlowtwins-no-bn`, is of the model that its name begins with. The data
    set `in1k` is `imagenet`, and `cifar10_folders` is `cifar10`.

    Args:
        stem: file name of the config without `.py`.
    """
    found = GRAMMAR.fullmatch(stem)
    if found is None:
        return None
    algorithm, dataset = found['algorithm'], found['dataset']
    for layout in LAYOUTS:
        dataset = dataset.removesuffix(layout)
    known = [model for model in LABELS if f'{algorithm}-'.startswith(f'{model}-')]
    return max(known, key=len, default=algorithm), 'imagenet' if dataset == IMAGENET else dataset
