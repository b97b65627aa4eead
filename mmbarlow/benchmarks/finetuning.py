"""All weights of a network trained on a user's labels, from what they are or from scratch."""

import tempfile
import time
from pathlib import Path

from mmengine.config import Config

from mmbarlow.benchmarks.labeled_task import LabeledTask
from mmbarlow.benchmarks.network import Network
from mmbarlow.config_files import read_config
from mmbarlow.datasets.labeled_images import LabeledImages
from mmbarlow.errors import InputError
from mmbarlow.evaluation.classifiers import train_classifier
from mmbarlow.paths import CONFIGS

FACETS = ('models/classifier_resnet50', 'datasets/labeled', 'default_runtime')
# Of 3e-4, 1e-3 and 3e-3, on 20 CIFAR-10 images a class: from scratch, all give 30 to 31 %; a
# pretrained ResNet-18 gives 36.5, 32.5 and 33.0 % (one seed, 15 epochs, 2026-11-27).
RATE = 3e-4
TRIED = 4  # epochs


def finetune(
    network: Network, task: LabeledTask, epochs: int, seed: int, folder: Path | None = None
) -> dict[str, float]:
    """Train all weights of the network with a linear classifier on the task's training images.

    AdamW at 0.0003 with weight decay 0.05, a warm-up of a tenth of the steps and a cosine to 0,
    batches of 64, random crops and flips: for the network as it was pretrained and for an
    untrained one alike.

    Args:
        network: whose weights are the start.
        task: with one class for each image.
        epochs: passes over the training images.
        seed: of the classifier, the crops and the order.
        folder: for the log and the checkpoints, from which an interrupted training goes on; None:
            a temporary one.

    Returns:
        `top1` and `top1_per_class` on the test images after the last epoch, in percent.

    Raises:
        InputError: see `check_one_class`, `train_and_evaluate`.
    """
    labeled = task.read()
    check_one_class(labeled)
    with tempfile.TemporaryDirectory() as temporary:
        cfg = _config(network, task, labeled, epochs, seed)
        cfg.work_dir = str(folder or temporary)
        metrics = train_classifier(network.build(), network.encoder_cfg, cfg)
    return {name: metrics[name] for name in ('top1', 'top1_per_class')}


def epochs_within(seconds: float, network: Network, task: LabeledTask) -> tuple[int, float]:
    """How many epochs of `finetune` fit, at least 1, and the seconds that one takes.

    Trainings of one epoch and, if there is time, of `TRIED` are timed: their difference is free of
    what a training takes for its start and its test.
    """

    def timed(epochs: int) -> float:
        start = time.perf_counter()
        finetune(network, task, epochs, 0)
        return time.perf_counter() - start

    one = timed(1)
    if one > seconds / TRIED:
        return max(1, int(seconds / one)), one
    epoch = max((timed(TRIED) - one) / (TRIED - 1), one / 100)
    return max(1, int((seconds - max(one - epoch, 0)) / epoch)), epoch


def check_one_class(labeled: LabeledImages) -> None:
    """Raises InputError if images have several classes, which fine-tuning does not learn."""
    if labeled.several:
        raise InputError(
            'fine-tuning needs images of one class each, and these have several: evaluate without '
            '--finetune measures kNN and linear probes on them.'
        )


def _config(
    network: Network, task: LabeledTask, labeled: LabeledImages, epochs: int, seed: int
) -> Config:
    cfg = Config()
    for facet in FACETS:
        cfg.merge_from_dict(read_config(CONFIGS / '_base_' / f'{facet}.py').to_dict())
    classes, size = len(labeled.classes), task.size
    views = [
        dict(type='mmbarlow.LoadRGB', **network.images),
        dict(type='mmpretrain.torchvision/RandomResizedCrop', size=size),
        dict(type='mmpretrain.torchvision/RandomHorizontalFlip'),
    ]
    cfg.train_dataloader = task.loader('train', views, shuffle=True)
    # a last batch of one image has no variance for BN
    images = len(labeled.part('train').paths)
    cfg.train_dataloader.drop_last = task.batch_size <= images
    steps = epochs * max(1, images // task.batch_size)
    warm_up = max(1, steps // 10)
    cfg.val_dataloader = task.loader('test', [task.view(size, network.images)])
    cfg.val_evaluator = dict(type='mmbarlow.ClassAccuracy', classes=classes)
    cfg.model.head.num_classes = classes
    cfg.optim_wrapper = dict(
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=RATE, weight_decay=0.05),
        paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0),
    )
    cfg.param_scheduler = [
        dict(type='LinearLR', start_factor=0.01, end=warm_up, by_epoch=False),
        dict(type='CosineAnnealingLR', begin=warm_up, end=max(steps, warm_up + 1), by_epoch=False),
    ]
    cfg.train_cfg = dict(by_epoch=True, max_epochs=epochs, val_interval=epochs)
    cfg.custom_hooks = [dict(type='mmbarlow.FiniteLossHook')]
    cfg.randomness = dict(seed=seed)
    cfg.log_level = 'WARNING'
    return cfg
