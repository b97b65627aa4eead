"""mmbarlow embed runs/photos photos --out features.npy       a row for each image, and its names
mmbarlow embed runs/photos photos --out features.parquet   name and features in one table
mmbarlow embed runs/photos photos --out features.npy --neighbors 5 --duplicates
"""

import argparse
from pathlib import Path

NEIGHBORS, COSINE = 10, 0.99


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('backbone', help='file of a backbone, or folder of a pretraining')
    parser.add_argument(
        'images', nargs='+', help='a folder, zip file or list of images, or several'
    )
    parser.add_argument('--out', required=True, metavar='FILE', help='.npy, .csv or .parquet')
    parser.add_argument('--size', type=int, help='of the crop; that of the pretraining by default')
    parser.add_argument(
        '--resize', type=int, help='shorter side before the crop; 8/7 of the size by default'
    )
    parser.add_argument('--batch-size', type=int, default=64, help='64 by default')
    parser.add_argument('--workers', type=int, help='processes that read images; one a core')
    parser.add_argument('--dtype', choices=['float16', 'float32'], default='float32')
    parser.add_argument('--force', action='store_true', help='replace FILE, or start it again')
    parser.add_argument(
        *('--neighbors', '--neighbours'),
        type=int,
        nargs='?',
        const=NEIGHBORS,
        metavar='K',
        help=f'also the K most similar images of each, {NEIGHBORS} by default',
    )
    parser.add_argument(
        '--duplicates',
        type=float,
        nargs='?',
        const=COSINE,
        metavar='COSINE',
        help=f'also all pairs that are so similar, {COSINE} by default',
    )


def run(args: argparse.Namespace) -> None:
    from mmbarlow.checkpoints import sha256
    from mmbarlow.commands.backbones import backbone_file
    from mmbarlow.datasets.image_sources import digest_of_paths, image_source
    from mmbarlow.datasets.passed_over import passed_over
    from mmbarlow.errors import printable
    from mmbarlow.evaluation.feature_files import FeatureFiles

    _check(args)
    files = FeatureFiles(Path(args.out).expanduser())
    files.check_kind()
    backbone = backbone_file(args.backbone)
    dataset = image_source(args.images)
    size, reason = _size(args, backbone, dataset)
    about = dict(
        backbone=sha256(backbone),
        images=digest_of_paths(dataset),
        size=size,
        resize=args.resize or round(size * 8 / 7),
        dtype=args.dtype,
    )
    left_out = getattr(dataset, 'passed_over', None)
    note = f'; {passed_over(left_out)}' if left_out else ''
    print(f'backbone   {printable(backbone)}')
    print(printable(f'images     {len(dataset):,} in {" ".join(args.images[:3])}{note}'))
    print(f'size       {size} px, from {about["resize"]} ({reason})')
    if not files.are_there(about, args.force):
        _embed(args, backbone, dataset, about, files)
    print('\n'.join(files.told()))
    if args.neighbors is not None or args.duplicates is not None:
        _look(args, backbone, dataset, files)


def _check(args: argparse.Namespace) -> None:
    """Raises InputError for a number that is out of range."""
    from mmbarlow.errors import InputError

    for name in ('size', 'resize', 'batch_size', 'neighbors'):
        if (value := getattr(args, name)) is not None and value < 1:
            raise InputError(f'--{name.replace("_", "-")} must be 1 or more, got {value}.')
    if args.workers is not None and args.workers < 0:
        raise InputError(f'--workers must be 0 or more, got {args.workers}.')
    if args.duplicates is not None and not 0 < args.duplicates <= 1:
        raise InputError(f'--duplicates is a cosine above 0, up to 1, got {args.duplicates}.')


def _size(args: argparse.Namespace, backbone: Path, dataset) -> tuple[int, str]:
    from mmbarlow.commands.backbones import trained_size
    from mmbarlow.datasets.image_sources import default_size

    if args.size:
        return args.size, 'as given'
    if trained := trained_size(backbone):
        return trained, 'that of the pretraining; --size changes it'
    size, reason = default_size(dataset)
    return size, f'{reason}; --size changes it'


def _embed(args: argparse.Namespace, backbone: Path, dataset, about: dict, files) -> None:
    import os
    import time

    from mmbarlow import signals
    from mmbarlow.commands.backbones import open_backbone
    from mmbarlow.datasets.plain_views import CenterView
    from mmbarlow.evaluation.embedding import center_loader, embed_images
    from mmbarlow.evaluation.feature_store import FeatureStore

    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    workers = (cores or 1) if args.workers is None else args.workers
    model = open_backbone(backbone)
    view = CenterView(about['size'], about['resize'], **model.images)
    signals.defer(False, lost='the same command goes on')
    with FeatureStore(files.partial, about) as store:
        if before := store.done:
            print(f'goes on    after {before:,} images, which are in {files.partial}')
        start = time.perf_counter()
        embed_images(model, center_loader(dataset, view, args.batch_size, workers, before), store)
        seconds = time.perf_counter() - start
        store.complete()
    files.finish(dict(about, **store.counts(), backbone_file=str(backbone)))
    if len(dataset) > before:
        print(f'rate       {(len(dataset) - before) / seconds:,.0f} images/s')


def _look(args: argparse.Namespace, backbone: Path, dataset, files) -> None:
    """Neighbors and duplicates."""
    from mmbarlow.commands.backbones import open_backbone
    from mmbarlow.datasets.values import values_of
    from mmbarlow.evaluation.embedding import indices_of_rows
    from mmbarlow.evaluation.neighbor_files import EmbeddedImages, write_duplicates, write_neighbors

    with files.opened() as features:
        values = values_of(**open_backbone(backbone).images)
        rows = indices_of_rows(dataset, files.broken)
        images = EmbeddedImages(dataset, rows, features, values)
        if args.neighbors is not None:
            table, picture = files.beside('neighbors.csv'), files.beside('neighbors.png')
            write_neighbors(images, args.neighbors, table, picture)
            print(f'neighbors  {args.neighbors} of each image: {table}, some in {picture}')
        if args.duplicates is not None:
            table, picture = files.beside('duplicates.csv'), files.beside('duplicates.png')
            pairs, exact = write_duplicates(images, args.duplicates, table, picture)
            kept = len(pairs.first)
            most = f', the {kept:,} nearest of which are listed' if kept < pairs.total else ''
            print(
                f'duplicates {pairs.total:,} pairs with a cosine from {args.duplicates}{most}, '
                f'{exact:,} of equal files: {table}{f", some in {picture}" if kept else ""}'
            )
