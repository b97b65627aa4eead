"""What a GPU is asked, each a command with a time limit."""

import os
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
SHAPES = ('32x8192', '256x8192', '2048x8192', '256x2048', '512x2048', '2048x512')
RESUMED = ('test_bitwise_resume.py', 'test_finite_loss_hook.py', 'test_kept_tensors.py')
LOADED = 'configs/barlowtwins/barlowtwins_resnet18_1xb128-coslr-200e_cifar10_folders.py'

GROWING = 'configs/barlowtwins/barlowtwins-progressive_resnet50_8xb256-coslr-100e_in1k.py'


class Part(NamedTuple):
    """One measurement.

    seconds: it may take on a GPU; a part that ends later is stopped.
    command: what Python runs; {out}, {data}, {minutes} stand for the file of its numbers, the class
        folders of CIFAR-10, and the time that is left for it.
    reduced: the same on a CPU, in seconds; empty where it makes no sense there.
    least: seconds that it takes; it is not started with less.
    """

    what: str
    seconds: int
    command: str
    reduced: str = ''
    least: int = 15


def pytest_of(files: str) -> str:
    return f'-W ignore -m pytest -q -p no:cacheprovider --tb=short --maxfail=8 {files}'


def marked_files() -> str:
    """Test files in which a test is marked `gpu`: collecting the others takes half a minute."""
    tests = sorted((ROOT / 'tests').rglob('test_*.py'))
    return ' '.join(str(t.relative_to(ROOT)) for t in tests if 'mark.gpu' in t.read_text())


PARTS = dict(
    tests=Part(
        'tests marked `gpu`',
        120,
        pytest_of(f'-m gpu {marked_files()}'),
        pytest_of('tests/test_engine/test_peaks.py'),
    ),
    loss=Part(
        'the loss against its peers',
        60,
        f'tools/speed/loss.py --rounds 7 --shapes {" ".join(SHAPES)} --out {{out}}',
        'tools/speed/loss.py --rounds 1 --shapes 8x32 --out {out}',
    ),
    step=Part(
        'a step of ResNet-50',
        150,
        'tools/speed/step.py --networks resnet50 --batch-sizes 128 256 512 --rounds 3 --steps 4 '
        '--out {out}',
        'tools/speed/step.py --networks resnet18 --batch-sizes 4 --rounds 1 --steps 1 --size 32 '
        '--width 32 --out {out}',
    ),
    small_step=Part(
        'a step of ResNet-18 at 32 px',
        60,
        'tools/speed/step.py --networks resnet18 --rounds 5 --out {out}',
    ),
    vit_step=Part(
        'a step of ViT-S/16',
        60,
        'tools/speed/step.py --networks vit-small --rounds 3 --steps 4 --out {out}',
        'tools/speed/step.py --networks vit-small --batch-sizes 4 --rounds 1 --steps 1 --size 32 '
        '--width 32 --out {out}',
    ),
    collectives=Part(
        'what processes tell each other, on one GPU and on all',
        60,
        'tools/speed/collectives.py --out {out}',
        'tools/speed/collectives.py --processes 2 --rows 8 --dims 32 --numbers 1000 --rounds 1 '
        '--out {out}',
    ),
    optimizer=Part(
        'a step of LARS',
        40,
        'tools/speed/optimizer.py --out {out}',
        'tools/speed/optimizer.py --width 32 --rounds 1 --out {out}',
    ),
    guard=Part(
        'the guard against NaN',
        45,
        'tools/speed/guard.py --network resnet50 --batch 256 --amp --out {out}',
        'tools/speed/guard.py --batch 4 --steps 1 --rounds 1 --out {out}',
    ),
    views=Part(
        'views on the device',
        40,
        'tools/speed/batch_views.py --batch 1024 --size 32',
        'tools/speed/batch_views.py --batch 8 --size 32 --rounds 1',
    ),
    resident=Part(
        'CIFAR-10 held on the device, a step in one CUDA graph, against its loader',
        75,
        f'tools/speed/resident.py --config {LOADED} --base-channels 0 --batch 512 --amp --rounds 5 '
        '--out {out} --cfg-options data_root={data} train_dataloader.num_workers=12',
    ),
    resident_digits=Part(
        'digits held on the device, a step in one CUDA graph, against their loader',
        40,
        'tools/speed/resident.py --base-channels 0 --amp --rounds 5 --steps 40 --out {out}',
        'tools/speed/resident.py --batch 8 --rounds 1 --steps 1 --threads 1 --out {out} '
        '--cfg-options train_dataloader.num_workers=0 train_dataloader.persistent_workers=False '
        'train_dataloader.dataset.indices=64',
    ),
    device_views=Part(
        'views of 224 px on the device',
        60,
        'tools/speed/device_views.py --batch 256 --images 512 --out {out}',
        'tools/speed/device_views.py --batch 4 --images 8 --size 32 --rounds 1 --out {out}',
    ),
    cached=Part(
        'ResNet-50 at 224 px from the file of decoded images, end to end',
        90,
        'tools/speed/device_views.py --batch 8 --images 4096 --rounds 1 --keep {out}.raw && '
        f'tools/speed/step.py --loader {GROWING} --steps 8 --rounds 3 --out {{out}} --cfg-options '
        'train_dataloader.dataset.type=mmbarlow.RawCache '
        'train_dataloader.dataset.data_root={out}.raw train_dataloader.dataset.pipeline.0.size=224 '
        'train_dataloader.num_workers=12 test_dataloader=None test_cfg=None test_evaluator=None '
        'optim_wrapper.type=mmbarlow.BF16OptimWrapper',
    ),
    knn=Part(
        'kNN of the size of ImageNet',
        90,
        'tools/speed/evaluation.py --parts knn --alone --knn-shape 1281167 50000 2048 --json {out}',
        'tools/speed/evaluation.py --parts knn --alone --knn-shape 500 100 16 --json {out}',
    ),
    bits=Part(
        'tests of bitwise resume and of the guard, which train on the device that there is',
        150,
        pytest_of(
            f'-n {max(1, min(8, (os.cpu_count() or 1) // 2))} '
            + ' '.join(f'tests/test_engine/{name}' for name in RESUMED)
        ),
    ),
    loader=Part(
        'a step with its loader, CIFAR-10',
        90,
        f'tools/speed/step.py --loader {LOADED} --steps 20 --rounds 3 --out {{out}} --cfg-options '
        'data_root={data} train_dataloader.batch_size=1024 train_dataloader.num_workers=12',
    ),
    training=Part(
        'a training on CIFAR-10 and its kNN and linear probe',
        600,
        '-m mmbarlow pretrain {data}/train --out {run} --minutes {minutes} && '
        '-m mmbarlow evaluate {run} {data}',
        least=240,
    ),
)
