"""mmbarlow evaluate runs/photos flowers                  class folders, split by the seed
mmbarlow evaluate runs/photos flowers/labels.csv       columns path, label and maybe split
mmbarlow evaluate net_backbone.pth flowers --finetune  train all weights, too
mmbarlow evaluate runs/photos flowers --supervised resnet50.pth
"""

import argparse

from mmbarlow.commands.labeled_arguments import add_labeled_arguments, read_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_labeled_arguments(parser)
    parser.add_argument('--seed', type=int, default=0, help='of the split and of fine-tuning (0)')
    parser.add_argument('--supervised', metavar='FILE', help='weights trained with labels, a row')
    parser.add_argument('--finetune', action='store_true', help='train all weights, too')
    parser.add_argument('--epochs', type=int, default=30, help='of --finetune (30)')


def run(args: argparse.Namespace) -> None:
    """Raises InputError if the backbone, the images or the folders cannot be used."""
    import time

    import torch

    from mmbarlow.benchmarks import labeled_results as results_of
    from mmbarlow.benchmarks.finetuning import check_one_class, finetune
    from mmbarlow.benchmarks.labeled_task import check_folder, measure_frozen, write_record
    from mmbarlow.evaluation.label_probes import labels_for_few

    network, task, labeled, folder, out = read_arguments(args)
    if args.finetune:
        check_one_class(labeled)
    check_folder(folder, network, task)
    networks = [results_of.pixels_like(network), results_of.untrained_like(network), network]
    if args.supervised:
        networks.append(results_of.supervised_network(args.supervised, network))
    for each in networks:
        each.build()  # what does not fit is said before hours of work
    print(f'{task.name}: {len(labeled.classes)} classes, shown at {task.size} px', flush=True)
    results: results_of.Results = {}
    for each in networks:
        found = measure_frozen(each, task)
        results[results_of.row_title(each)] = metrics = found.metrics
        if args.finetune and each.about['model'] != 'pixels':
            start = time.perf_counter()
            metrics['finetune'] = finetune(each, task, args.epochs, args.seed)
            found.seconds['finetune'] = time.perf_counter() - start
        for of, values in metrics.items():
            write_record(folder, each, task, of, values, found.seconds[of])
        if each is network:
            linear = found.probed['linear']
            files = results_of.write_answers(linear, found.test, labeled.classes, out)
    few = labels_for_few(torch.from_numpy(labeled.part('train').labels.astype(int)))
    print(f'\n{results_of.results_table(labeled, few, results)}\n')
    print(results_of.chance_line(labeled, linear.metrics.get('top1', 0.0)))
    print(f'answers of the linear probe: {", ".join(map(str, files))}\nrecords: {folder}')
