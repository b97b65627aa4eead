"""One benchmark on one network: a protocol on frozen features, or a training run."""

import inspect

from mmengine.config import Config
from mmengine.runner import Runner, set_random_seed
from torch.utils.data import DataLoader

from mmbarlow.config import nodes
from mmbarlow.config_files import explained
from mmbarlow.datasets.plain_views import CenterView, LoadRGB, WholeView
from mmbarlow.datasets.scaled_image import values_in_words
from mmbarlow.datasets.values import values_of
from mmbarlow.errors import InputError
from mmbarlow.evaluation.class_names import ClassNames, check_splits, class_names
from mmbarlow.evaluation.features import Features, dataset_features
from mmbarlow.evaluation.layers import with_layer
from mmbarlow.launch import on_first, together
from mmbarlow.models.encoder import Encoder
from mmbarlow.registry import METRICS, TRANSFORMS

READERS = (CenterView, LoadRGB, WholeView)


def is_training(cfg: Config) -> bool:
    """Whether the benchmark trains; the others are protocols on a bank of features."""
    return 'train_cfg' in cfg and 'bank_dataloader' not in (cfg.get('test_cfg') or {})


def is_random(cfg: Config) -> bool:
    """Whether the result depends on the seed: a training run, or a protocol that draws."""
    return is_training(cfg) or 'seed' in _arguments(cfg)


class Evaluator:
    """Measures a network on one benchmark after the other.

    Args:
        encoder: the network, frozen, on its device.
        encoder_cfg: its backbone, data_preprocessor and images.
    """

    def __init__(self, encoder: Encoder, encoder_cfg: dict) -> None:
        self.encoder = encoder
        self.encoder_cfg = encoder_cfg
        self.features: dict[str, Features] = {}  # of each data set, extracted once
        self.names: dict[str, ClassNames] = {}

    def measure(self, cfg: Config, seed: int) -> dict[str, float]:
        """Metrics of one benchmark by name, the same on every process.

        Args:
            cfg: of the benchmark; logs, checkpoints and caches go to its `work_dir`. Changed.
            seed: of the classifier, of the order of the data, of draws.

        Raises:
            InputError: the data or the network cannot be used.
        """
        set_random_seed(seed)
        read_as_trained(cfg, self.encoder_cfg.get('images') or {})
        return self._train(cfg, seed) if is_training(cfg) else self._apply(cfg, seed)

    def _apply(self, cfg: Config, seed: int) -> dict[str, float]:
        layer = cfg.test_cfg.get('layer')
        loaders = [
            (cfg.test_cfg.bank_dataloader, layer, cfg.test_cfg.get('bank_dtype')),
            (cfg.test_dataloader, layer, None),
        ]
        # Features that this benchmark does not use are not worth their memory.
        self.features = {k: v for k, v in self.features.items() if k in map(str, loaders)}
        built = together(lambda: self._build(loaders))
        train, test = (self._extract(*pair) for pair in zip(loaders, built, strict=True))
        arguments = _arguments(cfg)
        if 'seed' in arguments:
            own = cfg.test_evaluator.get('seed', arguments['seed'].default)
            cfg.test_evaluator.seed = own + seed
        if 'cache_dir' in arguments:
            cfg.test_evaluator.setdefault('cache_dir', cfg.work_dir)
        protocol = METRICS.build(cfg.test_evaluator)
        # One process has all features, and may use all cores for its classifiers.
        return on_first(lambda: protocol(train, test))

    def _train(self, cfg: Config, seed: int) -> dict[str, float]:
        transfers = dict(roi_head='detection', decode_head='segmentation')
        transfer = next((name for key, name in transfers.items() if key in cfg.model), None)
        if transfer and self.encoder_cfg.get('images'):
            kind = values_in_words(values_of(**self.encoder_cfg['images']))
            raise InputError(f'{transfer} has images in 8-bit RGB, and this network takes {kind}.')
        if transfer == 'detection':  # only detectors need mmdet, and only segmentors mmseg
            from mmbarlow.detection.detector_training import train_detector as train
        elif transfer == 'segmentation':
            from mmbarlow.segmentation.segmentor_training import train_segmentor as train
        else:
            from mmbarlow.evaluation.classifiers import train_classifier as train

        cfg.randomness = dict(cfg.get('randomness', {}), seed=seed)
        return together(lambda: train(self.encoder, self.encoder_cfg, cfg))

    def _build(self, loaders: list[tuple]) -> list[DataLoader | None]:
        """The loaders of the features that are still to be extracted; their classes agree."""
        build = explained('the data')(Runner.build_dataloader)
        built = [None if str(x) in self.features else build(x[0], seed=0) for x in loaders]
        for key, loader in zip(map(str, loaders), built, strict=True):
            if loader is not None:
                self.names[key] = class_names(loader.dataset)
        check_splits(*(self.names[str(x)] for x in loaders))
        return built

    def _extract(self, of: tuple, loader: DataLoader | None) -> Features:
        """Features of (loader_cfg, layer, dtype), where they are not there already."""
        if loader is not None:
            _, layer, dtype = of
            model = with_layer(self.encoder, layer)
            self.features[str(of)] = dataset_features(model, loader, *filter(None, [dtype]))
        return self.features[str(of)]


def read_as_trained(cfg: Config, images: dict) -> None:
    """Give the transforms that read images `channels` and `range` of those that the network was
    trained on, where the benchmark's config states neither."""
    if not images:
        return
    for node in nodes(cfg):
        kind = TRANSFORMS.get(node['type']) if isinstance(node.get('type'), str) else None
        if kind in READERS and not node.keys() & images.keys():
            node.update(images)


def _arguments(cfg: Config) -> dict[str, inspect.Parameter]:
    """The arguments that the protocol of a benchmark takes, by name."""
    protocol = METRICS.get(cfg.test_evaluator.type)
    return dict(inspect.signature(protocol).parameters) if protocol else {}
