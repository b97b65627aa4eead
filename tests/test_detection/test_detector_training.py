"""Detectors after two iterations on miniatures: weights in, metrics and pictures out."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from PIL import Image

from mmbarlow.checkpoints import read_checkpoint
from mmbarlow.detection.detector_training import adapt_to_encoder, train_detector
from mmbarlow.errors import InputError
from mmbarlow.models.encoder import Encoder
from mmbarlow.registry import MODELS

BENCHMARKS = Path(__file__).parents[2] / 'configs' / 'benchmarks'
VOC = BENCHMARKS / 'voc_detection' / 'faster-rcnn-c4_voc0712.py'
C4 = BENCHMARKS / 'coco_detection' / 'mask-rcnn-c4_coco.py'
FPN = BENCHMARKS / 'coco_detection' / 'mask-rcnn-fpn_coco.py'
NETWORK = dict(
    backbone=dict(type='mmpretrain.ResNet', depth=18),
    data_preprocessor=dict(
        type='mmpretrain.SelfSupDataPreprocessor', mean=[100, 110, 120], std=[50, 60, 70]
    ),
)


@pytest.fixture(scope='module')
def encoder() -> Encoder:
    """Untrained, but with running statistics that are not those of every new network."""
    torch.manual_seed(0)
    model = Encoder(**NETWORK)
    model.init_weights()
    model.backbone.bn1.running_mean.fill_(0.5)
    return model


@pytest.fixture(scope='module')
def small(data, shrink):
    """The config of a benchmark for two iterations on a CPU, with a handful of RoIs."""

    def make(path: Path, work_dir: Path) -> Config:
        cfg = shrink(path, data, work_dir)
        cfg.train_cfg.update(max_iters=2, val_interval=2)
        cfg.default_hooks.checkpoint.interval = 1
        cfg.model.train_cfg.rcnn.sampler.num = 4
        cfg.model.train_cfg.rpn_proposal.max_per_img = 8
        cfg.model.test_cfg.rpn.max_per_img = 4
        hook(cfg, 'PreciseBNHook').iterations = 1
        hook(cfg, 'DetectionPicturesHook').update(count=3, score_threshold=0.0)
        return cfg

    return make


def hook(cfg: Config, name: str) -> Config:
    return next(h for h in cfg.custom_hooks if h.type == f'mmbarlow.{name}')


@HOOKS.register_module()
class InterruptedDetection(Hook):
    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        if batch_idx == 1:
            raise KeyboardInterrupt


@pytest.fixture(scope='module')
def finished(tmp_path_factory, small, encoder) -> tuple[Path, dict]:
    """A benchmark that was interrupted after one of its two iterations: folder and metrics."""
    folder = tmp_path_factory.mktemp('finished')
    cfg = small(VOC, folder)
    cfg.custom_hooks = [*cfg.custom_hooks, dict(type='InterruptedDetection')]
    with pytest.raises(KeyboardInterrupt):
        train_detector(encoder, NETWORK, cfg)
    assert not (folder / 'iter_2.pth').exists()
    before = (folder / 'iter_1.pth').stat().st_mtime_ns
    metrics = train_detector(encoder, NETWORK, small(VOC, folder))
    assert (folder / 'iter_1.pth').stat().st_mtime_ns == before  # it went on from there
    return folder, metrics


def test_a_finished_benchmark_is_evaluated_but_not_trained_again(finished, small, encoder):
    folder, metrics = finished
    assert list(metrics) == ['AP', 'AP50', 'AP75']
    assert all(0 <= value <= 100 for value in metrics.values())
    before = (folder / 'iter_2.pth').stat().st_mtime_ns
    pictures = sorted((folder / 'pictures').iterdir())
    assert [file.stem for file in pictures] == ['000000', '000001', '000002']
    everything = [coarse(file) for file in pictures]

    cfg = small(VOC, folder)
    hook(cfg, 'DetectionPicturesHook').score_threshold = 1.0
    assert train_detector(encoder, NETWORK, cfg) == metrics
    assert (folder / 'iter_2.pth').stat().st_mtime_ns == before

    # Objects on the left, and on the right what is sure enough: all, then nothing.
    for file, all_of_it in zip(pictures, everything, strict=True):
        bare = coarse(cfg.val_dataloader.dataset.data_root, 'VOCdevkit/VOC2007/JPEGImages', file)
        nothing = coarse(file)
        assert nothing.shape == (6, 18, 3)
        assert abs(nothing[:, :9] - bare).max() > 30
        assert abs(nothing[:, 9:] - bare).max() < 20
        assert abs(all_of_it[:, :9] - nothing[:, :9]).max() < 5
        assert abs(all_of_it[:, 9:] - bare).max() > 30


def coarse(*path: str | Path) -> np.ndarray:
    """Means over squares of 10 x 10 pixels: JPEG keeps these, of noise it does not keep more."""
    *folder, file = path
    pixels = np.asarray(Image.open(Path(*folder, Path(file).name if folder else file)), float)
    height, width, _ = pixels.shape
    return pixels.reshape(height // 10, 10, width // 10, 10, 3).mean((1, 3))


def test_the_work_dir_of_another_recipe_is_refused(finished, small, encoder):
    cfg = small(VOC, finished[0])
    cfg.model.roi_head.bbox_head.num_classes = 21
    with pytest.raises(InputError, match='belongs to another network, seed or recipe'):
        train_detector(encoder, NETWORK, cfg)


@pytest.mark.parametrize('path', [C4, FPN], ids=lambda p: p.stem)
def test_all_of_the_pretrained_network_is_in_the_detector(path, small, encoder, tmp_path):
    """With a learning rate of 0 the parameters stay what they are when the training begins."""
    cfg = small(path, tmp_path)
    cfg.train_cfg.max_iters = 1
    cfg.optim_wrapper.optimizer.lr = 0
    names = ['AP', 'AP50', 'AP75']
    metrics = train_detector(encoder, NETWORK, cfg)
    assert list(metrics) == [*names, *(f'mask_{name}' for name in names)]

    after = read_checkpoint(tmp_path / 'iter_1.pth')['state_dict']
    for name, tensor in encoder.backbone.named_parameters():
        res5 = name.startswith('layer4') and path == C4
        place = 'roi_head.shared_head' if res5 else 'backbone'
        assert torch.equal(after[f'{place}.{name}'], tensor), name
    assert not torch.equal(after['backbone.bn1.running_mean'], encoder.backbone.bn1.running_mean)


@pytest.mark.parametrize('swapped', [False, True])
def test_images_are_normalized_as_in_pretraining(small, swapped, tmp_path):
    """The detector reads B, G, R; the pretraining had R, G, B, or swapped them."""
    images = dict(NETWORK['data_preprocessor'], to_rgb=swapped)
    cfg = small(VOC, tmp_path)
    adapt_to_encoder(cfg, dict(NETWORK, data_preprocessor=images), 'detector')
    rgb = torch.randint(0, 256, (3, 32, 64), dtype=torch.uint8)
    wanted = MODELS.build(images)(dict(inputs=torch.stack([rgb]), data_samples=None))['inputs']
    sample = DetDataSample(metainfo=dict(img_shape=(32, 64)))
    batch = dict(inputs=[rgb[[2, 1, 0]]], data_samples=[sample])
    preprocessor = dict(cfg.model.data_preprocessor, type='mmdet.DetDataPreprocessor')
    found = MODELS.build(preprocessor)(batch)['inputs']
    torch.testing.assert_close(found[..., :32, :64], wanted)


@pytest.mark.parametrize(
    ('changes', 'says'),
    [
        (dict(depth=34), r'has the depth 34, the detector.s 18: docs/detection.md says'),
        (dict(style='caffe'), r'has the style caffe, the detector.s pytorch'),
        (dict(type='mmbarlow.SoloResNet'), 'needs a plain ResNet, but this is a mmbarlow.SoloResN'),
    ],
)
def test_another_network_than_the_detectors_is_refused_before_anything_is_written(
    changes, says, small, encoder, tmp_path
):
    network = dict(NETWORK, backbone=NETWORK['backbone'] | changes)
    with pytest.raises(InputError, match=says):
        train_detector(encoder, network, small(VOC, tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_network_that_lacks_a_tensor_is_refused_before_the_first_step(small, encoder, tmp_path):
    class Headless(Encoder):
        def __init__(self):
            super().__init__(**NETWORK)
            del self.backbone.layer4[1]

    with pytest.raises(InputError, match=r'tensors missing in the checkpoint \(layer4\.1'):
        train_detector(Headless(), NETWORK, small(VOC, tmp_path))
    assert not list(tmp_path.glob('*.pth'))


def test_the_checkpoint_of_the_command_is_the_only_one(small, encoder, tmp_path):
    cfg = small(VOC, tmp_path)
    cfg.pretrained = 'another.pth'
    with pytest.raises(InputError, match='leave out pretrained'):
        train_detector(encoder, NETWORK, cfg)
