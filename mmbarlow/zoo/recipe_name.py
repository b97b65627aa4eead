"""What the name of a pretraining config says: its model and its data set."""

import re

from mmbarlow.zoo.runs import LABELS

# algo_backbone_GPUSxbBATCH-schedule-EPOCHSe_dataset; _folders and _list say how the files of a
# data set lie, not which data set it is.
GRAMMAR = re.compile(r'([^_]+)_[^_]+_\d+xb\d+-[^_]+-\d+e_(\w+?)(_folders|_list)?')


def algorithm_and_dataset(stem: str) -> tuple[str, str] | None:
    """Model and data set as records name them, or None if the stem does not follow the grammar.

    An ablation, such as `barlowtwins-no-bn`, is of the model that its name begins with. The data
    set `in1k` is `imagenet`, and `cifar10_folders` is `cifar10`.
    """
    if not (found := GRAMMAR.fullmatch(stem)):
        return None
    algorithm, dataset, _ = found.groups()
    known = [model for model in LABELS if f'{algorithm}-'.startswith(f'{model}-')]
    return max(known, key=len, default=algorithm), 'imagenet' if dataset == 'in1k' else dataset
