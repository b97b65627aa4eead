"""mmbarlow card runs/photos flowers                      a page: runs/photos/card/flowers/card.md
mmbarlow card net_backbone.pth cifar10                 a shipped data set, in data/cifar10
mmbarlow card runs/photos flowers --supervised resnet18.pth
mmbarlow card runs/photos flowers --parts knn logistic fewshot
mmbarlow card runs/photos flowers --corrupted-images all --corruptions all
mmbarlow card runs/photos data/people                  images with masks, or with boxes
"""

import argparse

from mmbarlow.commands.labeled_arguments import add_labeled_arguments, read_arguments, read_backbone


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_labeled_arguments(parser)
    parser.add_argument('--seed', type=int, default=0, help='of the split and of all draws (0)')
    parser.add_argument(
        '--supervised', metavar='FILE', help='weights trained with labels, a column'
    )
    parser.add_argument(
        '--parts',
        nargs='+',
        metavar='PART',
        help='knn, logistic, attentive, fewshot, calibration, robustness, by default all; or '
        'segmentation or detection, for a folder with masks or boxes',
    )
    parser.add_argument(
        '--corrupted-images',
        default='500',
        metavar='N',
        help="test images that are corrupted, drawn evenly from the classes (500), or 'all'",
    )
    parser.add_argument(
        '--corruptions',
        nargs='+',
        metavar='NAME',
        help="ImageNet-C's 15 by default; 'all' has four more",
    )
    parser.add_argument(
        '--precision',
        default='auto',
        help='of the features: fp32, bf16, or auto: bf16 where the device computes in it',
    )
    parser.add_argument('--data-root', help='folder of a shipped data set, if it is another one')


def run(args: argparse.Namespace) -> None:
    """Raises InputError if the backbone, the images or the folders cannot be used."""
    from mmbarlow.benchmarks.card.data import is_shipped, own_card_data, shipped_card_data
    from mmbarlow.benchmarks.card.making import make_card
    from mmbarlow.benchmarks.card.options import CardOptions
    from mmbarlow.benchmarks.place_card.tasks import place_part
    from mmbarlow.datasets.corruption import COMMON, CORRUPTIONS
    from mmbarlow.errors import InputError

    if part := place_part(args.labeled, args.parts):
        _make_place_card(args, part)
        return
    kinds = CORRUPTIONS if args.corruptions == ['all'] else args.corruptions or COMMON
    count = _count(args.corrupted_images)
    options = CardOptions(args.parts, kinds, count, args.precision, args.supervised)
    if is_shipped(args.labeled):
        if args.size is not None:
            raise InputError(f'--size is for your own images: {args.labeled} has a size.')
        network, beside = read_backbone(args)
        root = dict(data_root=args.data_root) if args.data_root else None
        data = shipped_card_data(args.labeled, network, root, args.seed)
    else:
        network, task, _, _, other = read_arguments(args)
        data, beside = own_card_data(task, network), other.parent.parent
    out = args.out or beside / 'card' / data.name
    make_card(network, data, options, out, args.records or out / 'records', _say)


def _make_place_card(args: argparse.Namespace, part: str) -> None:
    from mmbarlow.benchmarks.card.options import CardOptions
    from mmbarlow.benchmarks.labeled_task import task_name
    from mmbarlow.benchmarks.place_card.making import Reading, make_place_card
    from mmbarlow.benchmarks.place_card.tasks import place_task

    options = CardOptions(precision=args.precision, supervised=args.supervised)
    network, beside = read_backbone(args)
    out = args.out or beside / 'card' / task_name(args.labeled, args.name)
    task = place_task(args.labeled, part, out, args.name, args.seed)
    reading = Reading(args.size, args.batch_size, args.workers)
    make_place_card(network, task, options, out, args.records or out / 'records', reading, _say)


def _say(line: str) -> None:
    print(line, flush=True)


def _count(text: str) -> int | None:
    from mmbarlow.errors import InputError

    if text == 'all':
        return None
    try:
        return int(text)
    except ValueError:
        raise InputError(f"--corrupted-images is a number or 'all', not {text!r:.40}.") from None
