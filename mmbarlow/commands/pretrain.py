"""mmbarlow pretrain photos                        results in runs/photos
mmbarlow pretrain photos --minutes 30           done in half an hour
mmbarlow pretrain photos --labeled flowers      with kNN and a linear probe on the way
mmbarlow pretrain photos --init torchvision     from ImageNet weights
mmbarlow pretrain photos --backbone timm/vit_small_patch16_224 --batch-size 128

The same command goes on where an interruption left it. What is chosen is printed before the
start, with the flag that changes it; DIR/pretrain.py has it as a config for tools/train.py.
"""

import argparse
import time

# What is compared with a run that is there already, beside --epochs and the flags of choices.
ABOUT = ('folder', 'labeled', 'init', 'minutes', 'keep_best')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(started=time.perf_counter())
    add = parser.add_argument
    add('folder', metavar='FOLDER', help='images, nested or not, of any sizes; or a zip file')
    add('--out', metavar='DIR', help='folder for the results; runs/FOLDERNAME by default')
    length = parser.add_mutually_exclusive_group()
    length.add_argument('--minutes', type=_above_0, help='plan a training that ends in this time')
    length.add_argument('--epochs', type=_count, help='passes through the images')
    add('--init', metavar='FILE', help='weights to start from: a file, torchvision or timm')
    add(
        *('--labeled', '--labelled'),  # both spellings
        metavar='LABELED',
        help='class folders or a table of labeled images, to measure the features while it trains',
    )
    add(
        '--keep-best',
        metavar='CRITERION',
        help='keep the best checkpoint too, by loss_over_floor, rankme, lidar, alpha or knn',
    )
    add(
        '--track',
        nargs='+',
        metavar='TRACKER',
        help='send numbers and pictures to tensorboard, wandb, mlflow, clearml; local: PNG files',
    )
    add('--resume', action='store_true', help='go on with the run in DIR, whatever its settings')
    choices = parser.add_argument_group('instead of what is chosen and printed before the start')
    add = choices.add_argument
    add('--channels', type=_count, metavar='NUMBER', help='of the images; as many as they have')
    add('--range', metavar='LOW,HIGH', help='numbers that are black and white; or dtype, data, ...')
    add('--backbone', metavar='NAME', help='resnet50, convnext_tiny, vit_small, timm/NAME, ...')
    add('--image-size', type=_count, metavar='PIXELS', help='height and width of the views')
    add('--stem', choices=['3x3', '7x7'], help='of a ResNet: 3x3 without max-pooling, or 7x7')
    add('--views', choices=['paper', 'small'], help='those of the paper, or without blur')
    add('--projector', metavar='WIDTHS', help='widths of its layers, such as 2048-2048-512')
    add('--batch-size', type=_count, metavar='IMAGES')
    add('--chunk-size', type=_count, metavar='IMAGES', help='of a view that are in memory at once')
    add('--precision', choices=['fp32', 'bf16', 'fp16'])
    add('--workers', type=_natural, help='processes that load images')
    add('--epoch-images', type=_count, metavar='IMAGES', help='of an epoch; all by default')
    add('--warmup', type=_natural, metavar='EPOCHS')
    add('--optimizer', choices=['lars', 'adamw'])
    add('--lr', type=_above_0, help='learning rate at its peak')
    add('--weight-decay', type=float)
    add('--lambd', type=_above_0, help='weight of the redundancy in the loss')
    add('--seed', type=_natural)


def run(args: argparse.Namespace) -> None:
    from mmbarlow.commands import pretraining

    pretraining.start(args)


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f'{text} is not 1 or more')
    return number


def _natural(text: str) -> int:
    if (number := int(text)) < 0:
        raise argparse.ArgumentTypeError(f'{text} is below 0')
    return number


def _above_0(text: str) -> float:
    if not 0 < (number := float(text)) < float('inf'):
        raise argparse.ArgumentTypeError(f'{text} is not above 0')
    return number
