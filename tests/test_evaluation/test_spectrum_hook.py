"""What SpectrumHook tells is what the functions say of the embeddings that the loss was given."""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.distributed as dist
from mmengine.config import DictAction
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmbarlow.config import load_config
from mmbarlow.errors import InputError
from mmbarlow.evaluation.label_free import alpha_req, lidar, rankme
from mmbarlow.evaluation.measured_step import sums_over_processes
from mmbarlow.evaluation.spectrum_hook import SpectrumHook
from mmbarlow.evaluation.step_norms import bias_rate
from mmbarlow.evaluation.taps import tap_of
from mmbarlow.loss import GlobalBatch, cross_correlation, distributed, loss_floor
from mmbarlow.models.cross_correlation_head import CrossCorrelationHead
from mmbarlow.registry import MODELS

CONFIGS = Path(__file__).parents[2] / 'configs'
SHARDS = (5, 9)
NARROW = ['model.backbone.stem_channels=8', 'model.backbone.base_channels=8']
IN = 'model.neck.in_channels=64'
SMALL = [
    *(*NARROW, IN, 'model.neck.hid_channels=16'),
    *('model.neck.out_channels=16', 'model.head.in_channels=16'),
    *('train_cfg.max_epochs=1', 'param_scheduler.warmup=0', 'train_dataloader.batch_size=16'),
    *('train_dataloader.num_workers=0', 'train_dataloader.persistent_workers=False'),
    'train_dataloader.dataset.indices=32',
]
KEYS = 'rankme alpha lidar dead diagonal off_diagonal loss_over_floor weight_norm gradient_norm'
KEYS += ' skipped_images backbone_rankme backbone_alpha backbone_lidar backbone_dead'


def config(path, options: list[str], work_dir, **changes):
    parsed = dict(option.split('=', 1) for option in options)
    values = {key: DictAction._parse_iterable(value) for key, value in parsed.items()}
    return load_config(path, values | changes, str(work_dir))


class Recorder(Hook):
    """Keeps what the hook says after each step."""

    priority = 'NORMAL'

    def __init__(self, hook: SpectrumHook) -> None:
        self.hook, self.told, self.losses = hook, {}, []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        self.losses.append(outputs['loss'].item() if outputs else None)
        self.told[runner.iter + 1] = (self.hook.step, dict(self.hook.values))


def trained(path, options, folder, patch, **changes) -> SimpleNamespace:
    """A run of six steps, measured in 1, 3 and 6, with what its loss and its optimizer got."""
    changes = {
        'default_hooks.spectrum.interval': 3,
        'default_hooks.pixels.images': 0,
        'default_hooks.logger.interval': 2,
        'train_dataloader.dataset.indices': 96,
        'train_cfg.val_interval': 100,
    } | changes
    runner = Runner.from_cfg(config(path, options, folder, **changes))
    (hook,) = (h for h in runner.hooks if isinstance(h, SpectrumHook))
    pairs, squares = [], []
    loss = CrossCorrelationHead.loss

    def spied(head, z_a, z_b):
        pairs.append((z_a.detach().clone(), z_b.detach().clone()))
        return loss(head, z_a, z_b)

    patch.setattr(CrossCorrelationHead, 'loss', spied)
    optimizer = runner.optim_wrapper = runner.build_optim_wrapper(runner.cfg.optim_wrapper)
    step = optimizer.optimizer.step

    def counted(*args, **kwargs):
        grads = [p.grad for p in runner.model.parameters() if p.grad is not None]
        squares.append(sum(g.double().square().sum().item() for g in grads))
        return step(*args, **kwargs)

    patch.setattr(optimizer.optimizer, 'step', counted)
    recorder = Recorder(hook)
    runner.register_hook(recorder)
    runner.train()
    return SimpleNamespace(
        runner=runner, hook=hook, pairs=pairs, squares=squares, recorder=recorder, folder=folder
    )


@pytest.fixture(scope='module')
def run(tmp_path_factory) -> SimpleNamespace:
    (path,) = (CONFIGS / 'barlowtwins').glob('*_resnet18_1xb128-coslr-70e_digits.py')
    with pytest.MonkeyPatch.context() as patch:
        return trained(path, SMALL, tmp_path_factory.mktemp('spectrum'), patch)


def test_the_values_are_those_of_the_embeddings_of_that_step(run):
    a, b = run.pairs[-1]
    values = run.hook.values
    assert run.hook.step == 6
    assert sorted(values) == sorted(KEYS.split())
    assert values['rankme'] == pytest.approx(rankme(a), rel=1e-4)
    assert values['alpha'] == pytest.approx(alpha_req(a), rel=1e-6)
    assert values['lidar'] == pytest.approx(lidar(torch.stack([a, b], 1)), rel=1e-5)
    c_DD = cross_correlation(a, b, GlobalBatch((16,)))
    assert values['diagonal'] == pytest.approx(c_DD.diagonal().mean().item(), rel=1e-5)
    rest = c_DD[~torch.eye(16, dtype=torch.bool)].square().mean().sqrt().item()
    assert values['off_diagonal'] == pytest.approx(rest, rel=1e-4)
    floor = loss_floor(16, 16, run.runner.model.head.lambd)
    assert values['loss_over_floor'] == pytest.approx(run.recorder.losses[-1] / floor, rel=1e-5)
    assert run.hook.singular['embeddings'] == pytest.approx(
        torch.linalg.svdvals(a).tolist(), rel=1e-3, abs=1e-4
    )
    assert len(run.hook.singular['representations']) == 16


def test_the_norms_are_those_of_the_step(run):
    assert run.hook.values['gradient_norm'] == pytest.approx(run.squares[-1] ** 0.5, rel=1e-5)
    weights = [p for p in run.runner.model.parameters() if p.requires_grad]
    norm = sum(p.double().square().sum().item() for p in weights) ** 0.5
    assert run.hook.values['weight_norm'] == pytest.approx(norm, rel=1e-5)


def test_the_first_step_the_last_one_and_each_interval_are_measured(run):
    assert [step for step, _ in run.recorder.told.values()] == [1, 1, 3, 3, 3, 6]


def test_the_log_has_the_last_measurement_and_no_mean_of_several(run):
    (path,) = run.folder.glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines = {line['step']: line for line in lines if 'spectrum/rankme' in line}
    assert sorted(lines) == [2, 4, 6]
    for step, line in lines.items():
        _, values = run.recorder.told[step]
        for name in KEYS.split():
            assert line[f'spectrum/{name}'] == pytest.approx(values[name])


def test_the_singular_values_are_in_a_file_of_their_own(run):
    (path,) = run.folder.glob('*/vis_data/spectrum.jsonl')
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line['iter'] for line in lines] == [1, 3, 6]
    for name in ('embeddings', 'representations'):
        assert lines[-1][name] == pytest.approx(run.hook.singular[name], rel=1e-4, abs=1e-9)


def test_the_terminal_has_no_fourteen_more_numbers_a_line(digits_config, tmp_path, run_tool):
    options = [*SMALL, 'default_hooks.logger.interval=1', 'train_cfg.val_interval=9']
    status, out, err = run_tool(
        'train.py', digits_config, '--work-dir', tmp_path, '--cfg-options', *options
    )
    assert status == 0, err
    assert 'step 1 of 2' in out + err
    assert 'spectrum/' not in out + err


CASES = dict(
    chunked={'model.chunk_size': 4},
    compiled={'model.compile': dict(backend='eager')},
    bf16={'optim_wrapper.type': 'mmbarlow.BF16OptimWrapper'},
    accumulated={'optim_wrapper.accumulative_counts': 2},
)


@pytest.mark.parametrize('case', CASES)
def test_every_way_to_make_a_step_is_measured(case, digits_config, tmp_path, monkeypatch, run):
    options = SMALL
    got = trained(digits_config, options, tmp_path, monkeypatch, **CASES[case])
    a, b = got.pairs[-1]
    values = got.hook.values
    assert got.hook.step == 6
    assert sorted(values) == sorted(KEYS.split())
    assert values['rankme'] == pytest.approx(rankme(a), rel=1e-4)
    assert values['lidar'] == pytest.approx(lidar(torch.stack([a, b], 1)), rel=1e-4)
    assert values['gradient_norm'] == pytest.approx(got.squares[-1] ** 0.5, rel=1e-2)
    if case in ('bf16', 'compiled'):
        wanted = run.hook.values['backbone_rankme']
        assert values['backbone_rankme'] == pytest.approx(wanted, rel=0.05)
    steps = [step for step, _ in got.recorder.told.values()]
    assert steps == ([1, 1, 1, 4, 4, 6] if case == 'accumulated' else [1, 1, 3, 3, 3, 6])


def test_a_measured_run_is_bit_for_bit_the_run_without_it(
    digits_config, tmp_path, monkeypatch, run
):
    cfg = config(
        digits_config, SMALL, tmp_path,
        **{
            'default_hooks.spectrum': None,
            'train_dataloader.dataset.indices': 96,
            'train_cfg.val_interval': 100,
        },
    )  # fmt: skip
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert not any(isinstance(h, SpectrumHook) for h in runner.hooks)
    for name, tensor in runner.model.state_dict().items():
        assert torch.equal(tensor, run.runner.model.state_dict()[name]), name


class Bad(Hook):
    """Step 6 is one that FiniteLossHook has skipped."""

    priority = 'VERY_HIGH'

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        if runner.iter == 5 and outputs:
            outputs.clear()


def test_a_step_that_was_skipped_has_no_values(digits_config, tmp_path, monkeypatch):
    from mmengine.registry import HOOKS  # noqa: PLC0415

    HOOKS.register_module(module=Bad, force=True)
    options = SMALL
    changes = dict(custom_hooks=[dict(type='mmengine.Bad')])
    got = trained(digits_config, options, tmp_path, monkeypatch, **changes)
    assert got.hook.step == 3


@pytest.mark.parametrize(
    ('method', 'embeddings', 'representations'),
    [
        ('simclr', 1, 1),  # both views in one call, so that they are one set of vectors
        ('byol', 2, 2),
        ('simsiam', 2, 2),
        ('mocov2', 1, 1),  # the second view is the momentum encoder's
        ('swav', 1, 1),
        ('supervised', 0, 1),
    ],
)
def test_of_other_models_there_is_what_they_have(method, embeddings, representations, tmp_path):
    path = CONFIGS / 'baselines' / f'{method}_resnet18_1xb128-coslr-30e_digits.py'
    options = [*NARROW, IN] if method != 'supervised' else NARROW
    model = MODELS.build(config(path, options, tmp_path).model).train()
    views = [torch.rand(8, 3, 32, 32) for _ in 'ab']
    tap = tap_of(model, 6)
    assert tap is not None
    tap.open()
    if method == 'supervised':
        model.backbone(views[0])
    else:
        model.loss(views, [])
    caught = tap.close()
    assert [len(caught.embeddings), len(caught.representations)] == [embeddings, representations]
    assert {x.shape[1] for x in caught.representations} == {64}
    assert {len(x) for x in (*caught.embeddings, *caught.representations)} == {6}
    assert not any(x.requires_grad for x in (*caught.embeddings, *caught.representations))
    assert caught.images == (16 if method in ('simclr', 'swav') else 8)


def test_a_model_without_parts_is_left_alone():
    assert tap_of(torch.nn.Linear(2, 2), 6) is None


def test_the_rate_of_biases_is_told_where_they_have_their_own():
    weight, bias = torch.nn.Parameter(torch.ones(2, 2)), torch.nn.Parameter(torch.ones(2))
    groups = [dict(params=[weight], lr=0.2), dict(params=[bias], lr=0.005)]
    own = SimpleNamespace(optimizer=torch.optim.SGD(groups))
    one = SimpleNamespace(optimizer=torch.optim.SGD([weight, bias], lr=0.2))
    assert bias_rate(own) == dict(bias_lr=0.005)
    assert bias_rate(one) == {}


@pytest.mark.parametrize('wrong', [dict(interval=0), dict(rows=1), dict(lag=-1)])
def test_an_interval_of_no_steps_is_refused(wrong):
    with pytest.raises(InputError, match='take an interval of at least 1 step'):
        SpectrumHook(**wrong)


def batch() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return list(torch.randn(2, sum(SHARDS), 32, generator=generator))


def worker(folder: str) -> None:
    dist.init_process_group('gloo')
    rank = dist.get_rank()
    views = [x.split(SHARDS)[rank] for x in batch()]
    counts = tuple(n for (n,) in distributed.agree([len(views[0])]))
    found = {rows: sums_over_processes(views, counts, rows) for rows in (256, 14, 8)}
    torch.save({k: dict(gram=s.gram, facts=s.facts) for k, s in found.items()}, f'{folder}/{rank}')
    dist.barrier()
    os._exit(0)  # gloo's threads sometimes abort when an interpreter is torn down around them


def test_two_processes_of_unequal_shards_say_what_one_says(run_processes, tmp_path):
    run_processes(2, __file__, tmp_path)
    both = [torch.load(tmp_path / str(rank)) for rank in (0, 1)]
    whole = sums_over_processes(batch(), (sum(SHARDS),), 256)
    for rows in (256, 14):
        for found in both:
            assert torch.equal(found[rows]['gram'], whole.gram)
            assert torch.equal(found[rows]['facts'], whole.facts)
    # of more images than rows, as many of each process
    firsts = [torch.cat([x[:4], x[SHARDS[0] : SHARDS[0] + 4]]) for x in batch()]
    part = sums_over_processes(firsts, (8,), 256)
    assert all(torch.equal(found[8]['gram'], part.gram) for found in both)


if __name__ == '__main__':
    worker(sys.argv[1])
