"""mmbarlow compare runs/photos flowers                three seeds within 10 minutes
mmbarlow compare runs/photos flowers --labels 20    by 20 training images of each class
mmbarlow compare runs/photos flowers --epochs 50 --seeds 5
"""

import argparse

from mmbarlow.commands.labeled_arguments import add_labeled_arguments, read_arguments

MOST_EPOCHS = 200  # of small data, which would be learned by heart in the time that is left


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_labeled_arguments(parser)
    length = parser.add_mutually_exclusive_group()
    length.add_argument('--minutes', type=float, default=10.0, help='for all trainings (10)')
    length.add_argument('--epochs', type=int, help='of each training, instead of --minutes')
    parser.add_argument('--seeds', type=int, default=3, metavar='N', help='0 to N-1 (3)')
    parser.add_argument('--labels', type=int, metavar='N', help='training images of each class')


def run(args: argparse.Namespace) -> None:
    """Raises InputError if the backbone, the images or the folders cannot be used."""
    from dataclasses import replace

    from mmbarlow.benchmarks.comparison import compare_arms, comparison_table, verdict
    from mmbarlow.benchmarks.finetuning import check_one_class, epochs_within
    from mmbarlow.benchmarks.labeled_task import check_folder
    from mmbarlow.errors import InputError
    from mmbarlow.files import write_atomically

    for name in ('minutes', 'epochs', 'seeds', 'labels'):
        value = getattr(args, name)
        if value is not None and value <= 0:
            raise InputError(f'--{name} must be above 0, got {value}.')
    network, task, labeled, folder, out = read_arguments(args)
    check_one_class(labeled)
    task = replace(task, per_class=args.labels)
    labeled = task.read()
    check_folder(folder, network, task)
    train, test = (len(labeled.part(name).paths) for name in ('train', 'test'))
    print(f'{train:,} training and {test:,} test images of {len(labeled.classes)} classes')
    epochs = args.epochs
    if epochs is None:
        share = 60 * args.minutes / (2 * args.seeds)
        epochs, seconds = epochs_within(share, network, task)
        epochs = min(epochs, MOST_EPOCHS)
        print(f'an epoch takes {seconds:.1f} s: {epochs} for each training', flush=True)
    found = compare_arms(
        network, task, epochs, args.seeds, folder, lambda line: print(line, flush=True)
    )
    text = f'{comparison_table(found, f"{task.name}, {epochs} epochs")}\n\n{verdict(found)}\n'
    write_atomically(out / 'verdict.txt', text)
    print(f'\n{text}{out / "verdict.txt"}; records: {folder}')
