"""A linear probe beside the training: what it learns, and that the network does not notice."""

from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from mmbarlow.config import load_config
from mmbarlow.engine.generators import generator_states
from mmbarlow.engine.pretraining import pretrain, resume_from, use_mixed_precision
from mmbarlow.errors import InputError
from mmbarlow.evaluation.online_probe import OnlineProbe
from mmbarlow.evaluation.representations import Representations
from mmbarlow.models.encoder import Encoder

CONFIGS = Path(__file__).parents[2] / 'configs'
TINY = {
    'train_cfg.max_epochs': 2,
    'train_cfg.val_interval': 1,
    'param_scheduler.warmup': 0,
    'train_dataloader.batch_size': 16,
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'train_dataloader.dataset.indices': 48,
    'val_dataloader.dataset.indices': 40,
    'val_cfg.bank_dataloader.dataset.indices': 60,
    'model.backbone.base_channels': 8,
    'model.backbone.stem_channels': 8,
    'model.neck.hid_channels': 16,
    'model.neck.out_channels': 16,
    'model.head.in_channels': 16,
    'default_hooks.logger.interval': 1,
    'default_hooks.checkpoint.interval': 1,
}


@HOOKS.register_module()
class Watches(Hook):
    """Keeps the gradients and the random state of each step, and the last metrics."""

    seen: list = []
    metrics: dict = {}

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        grads = [p.grad.clone() for p in runner.model.parameters() if p.grad is not None]
        self.seen.append((grads, generator_states()))

    def after_val_epoch(self, runner, metrics=None) -> None:
        self.metrics.update(metrics or {})


def train(folder: Path, prepared=lambda cfg: None, **options):
    """The last checkpoint, what was seen at each step, and the last metrics."""
    Watches.seen, Watches.metrics = [], {}
    (config,) = (CONFIGS / 'barlowtwins').glob('*_resnet18_1xb128-coslr-70e_digits.py')
    cfg = load_config(config, TINY | options, str(folder))
    cfg.custom_hooks = [dict(type='Watches')]
    prepared(cfg)
    pretrain(cfg, quiet=True)
    return torch.load(folder / 'epoch_2.pth'), Watches.seen, Watches.metrics


def same(a, b) -> bool:
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.fixture(scope='module')
def without(tmp_path_factory):
    folder = tmp_path_factory.mktemp('without')
    return *train(folder), folder


@pytest.fixture(scope='module')
def beside(tmp_path_factory):
    folder = tmp_path_factory.mktemp('beside')
    return *train(folder, online='linear'), folder


def check_same_network(a, b) -> None:
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert same(a[0][part], b[0][part])
    assert len(a[1]) == 6
    assert same(a[1], b[1])


def test_gradients_weights_bn_and_random_numbers_are_those_of_a_run_without_it(without, beside):
    check_same_network(without, beside)
    assert without[2]['KNN/top1_k10'] == beside[2]['KNN/top1_k10']
    assert 'OnlineLinear/top1' not in without[2]
    assert 0 <= beside[2]['OnlineLinear/top1'] <= 100
    assert beside[0]['online_linear']['steps'] == 6


def test_a_resumed_probe_is_that_of_the_whole_run_bit_for_bit(beside, tmp_path):
    first = beside[3] / 'epoch_1.pth'
    resumed = train(tmp_path, lambda cfg: resume_from(cfg, str(first)), online='linear')
    assert same(resumed[0]['online_linear'], beside[0]['online_linear'])
    assert same(resumed[0]['state_dict'], beside[0]['state_dict'])
    assert resumed[2] == beside[2]


def test_a_probe_that_is_switched_on_later_starts_then(without, tmp_path):
    first = without[3] / 'epoch_1.pth'
    later = train(tmp_path, lambda cfg: resume_from(cfg, str(first)), online='linear')
    assert later[0]['online_linear']['steps'] == 3
    assert same(later[0]['state_dict'], without[0]['state_dict'])


def test_with_amp_in_chunks_the_network_does_not_notice_either(tmp_path):
    def prepared(cfg):
        use_mixed_precision(cfg)
        cfg.model.chunk_size = 8

    alone = train(tmp_path / 'a', prepared)
    probed = train(tmp_path / 'b', prepared, online='linear')
    check_same_network(alone, probed)
    weight = probed[0]['online_linear']['weight']
    assert weight.dtype == torch.float32
    assert weight.isfinite().all()


def test_the_probe_of_two_processes_is_that_of_one_with_the_whole_batch(run_processes, tmp_path):
    script, out = tmp_path / 'two.py', tmp_path / 'probe.pth'
    script.write_text(f"""
import torch, torch.distributed as dist
from mmbarlow.evaluation.online_probe import OnlineProbe
dist.init_process_group('gloo')
torch.manual_seed(0)
probe = OnlineProbe(6, 3)
for _ in range(9):
    x, y = torch.randn(10, 6), torch.randint(3, (10,))
    share = slice(0, 4) if dist.get_rank() == 0 else slice(4, 10)
    right = probe.step(x[share], y[share])
torch.save(dict(state=probe.state_dict(), right=right), {str(out)!r} + str(dist.get_rank()))
dist.barrier()
""")
    run_processes(2, script)
    torch.manual_seed(0)
    probe = OnlineProbe(6, 3)
    for _ in range(9):
        x, y = torch.randn(10, 6), torch.randint(3, (10,))
        right = probe.step(x, y)
    first, second = (torch.load(f'{out}{rank}') for rank in (0, 1))
    assert same(first, second)
    assert torch.allclose(first['state']['weight'], probe.weight, atol=1e-6)
    assert torch.allclose(first['state']['square'], probe.square)
    assert first['right'] == right


def test_in_chunks_the_first_view_is_put_together_in_its_order():
    model = Encoder(dict(type='mmbarlow.RawPixels'))
    source = Representations(model)
    source.attach()
    a, b = torch.rand(5, 3, 2, 2), torch.rand(5, 3, 2, 2)
    source.start()
    for _ in range(2):  # both passes
        for view_a, view_b in zip(a.tensor_split(2), b.tensor_split(2), strict=True):
            model(view_a), model(view_b)
    assert torch.equal(source.of_step(5), a.flatten(1))
    source.start()
    model(torch.cat([a, b]))  # as SimCLR does
    assert torch.equal(source.of_step(5), a.flatten(1))
    source.remove()
    source.start()
    model(a)
    with pytest.raises(InputError, match='has seen 0 images of a batch of 5'):
        source.of_step(5)


def test_the_probe_is_the_logistic_regression_of_the_same_features():
    """With the whole set in each step it converges to scikit-learn's solution."""
    x, y = load_digits(return_X_y=True)
    x, y = torch.tensor(x[:300]).float(), torch.tensor(y[:300])
    C = 0.1
    probe = OnlineProbe(64, 10, lr=0.5, weight_decay=1 / (C * len(x)))
    for _ in range(1500):
        probe.step(x, y)
    mean, std = x.double().mean(0), x.double().std(0, correction=0)
    z = ((x - mean) / torch.where(std == 0, 1, std)).numpy()
    exact = LogisticRegression(C=C, tol=1e-8, max_iter=3000).fit(z, y.numpy())
    assert torch.allclose(probe.weight.double(), torch.tensor(exact.coef_), atol=2e-4)
    scores = probe.scores(x)
    wanted = torch.tensor(exact.decision_function(z))
    centered = [s - s.mean(1, keepdim=True) for s in (scores.double(), wanted)]
    assert torch.allclose(centered[0], centered[1], atol=2e-3)


def test_features_that_are_not_finite_leave_the_probe_as_it_is():
    probe = OnlineProbe(2, 2, momentum=0)
    x, y = torch.randn(8, 2), torch.arange(8) % 2
    probe.step(x, y)
    before = probe.state_dict()
    assert probe.step(x / 0, y).isnan()
    assert same(probe.state_dict() | dict(steps=1), before)


def folder_of_digits(root: Path, broken: str = '') -> Path:
    """Class folders of digits; an image in one of them is cut off."""
    images, labels = load_digits(return_X_y=True)
    for i in range(60):
        path = root / f'digit {labels[i]}' / f'{i}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((16 * images[i].reshape(8, 8)).clip(0, 255).astype('uint8')).save(path)
    for path in [next((root / broken).iterdir())] if broken else []:
        path.write_bytes(path.read_bytes()[:40])
    return root


def test_a_folder_of_the_user_with_a_broken_image_is_looked_at(tmp_path):
    """Its classes are others than those of the recipe, so that the probe learns from it."""
    labeled = folder_of_digits(tmp_path / 'own', 'digit 3')
    checkpoint, _, metrics = train(tmp_path / 'run', labeled=str(labeled))
    assert set(metrics) >= {'KNN/top1_k10', 'OnlineLinear/top1'}
    assert len(checkpoint['online_linear']['bias']) == 10
    assert checkpoint['online_linear']['steps'] > 6
    (log,) = (tmp_path / 'run').glob('*/*.log')
    (line,) = [s for s in log.read_text().splitlines() if 'left out' in s]
    assert 'broken image among the labeled ones, left out: ' in line
    assert 'digit 3' in line


def test_without_labels_a_sentence_says_what_to_give(tmp_path):
    images = folder_of_digits(tmp_path / 'images')
    (config,) = (CONFIGS / 'barlowtwins').glob('*_resnet18_1xb128-coslr-70e_digits.py')

    def unlabeled(cfg):
        for key in ('val_dataloader', 'val_cfg', 'val_evaluator'):
            cfg.pop(key)
        data = dict(type='mmbarlow.ImageFolder', data_root=str(images))
        cfg.train_dataloader.dataset = dict(cfg.train_dataloader.dataset, **data)
        cfg.train_dataloader.dataset.pop('split')

    with pytest.raises(InputError, match='has no labels: .*labeled=FOLDER'):
        train(tmp_path / 'a', unlabeled, online='linear')
    with pytest.raises(InputError, match='online=knn needs labeled images'):
        train(tmp_path / 'b', unlabeled, online='knn')
    with pytest.raises(InputError, match='online=lienar is none of knn, linear'):
        train(tmp_path / 'c', online='lienar')
