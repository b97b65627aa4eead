"""What a training says of itself, without labels: see docs/dashboard.md."""

import json
from pathlib import Path

from mmengine.hooks import Hook

from mmbarlow.checkpoints import unwrap
from mmbarlow.engine.broken_images_hook import BrokenImagesHook
from mmbarlow.engine.step_guard import LAG
from mmbarlow.errors import InputError
from mmbarlow.evaluation.measured_step import MeasuredStep, loss_facts, sums_over_processes
from mmbarlow.evaluation.step_norms import StepNorms, bias_rate, norm_of
from mmbarlow.evaluation.taps import NOTHING, tap_of
from mmbarlow.loss import distributed
from mmbarlow.registry import HOOKS

FILE = 'spectrum.jsonl'
WRITTEN = 128  # singular values of a line, at most
PREFIX = 'train/spectrum/'


@HOOKS.register_module()
class SpectrumHook(Hook):
    """Measures every so many steps what the embeddings and the representations span.

    In the first step, the last one and each `interval`-th it catches both on their way, takes sums
    of at most `rows` images on the device, and reckons RankMe, alpha-ReQ, LiDAR and the others on
    the host `lag` steps later, when it waits for nothing. Other steps it does not touch. They are
    in the log as `spectrum/...`; those of representations as `spectrum/backbone_...`. The singular
    values go to `spectrum.jsonl` beside the scalars.

    Statistics are those of the global batch: of all its images where it has at most `rows`, else of
    the first ones of each process, as many of each. The loss is that of all images.

    Attributes:
        values: the last measured ones by name, without 'spectrum/'; only finite ones.
        singular: singular values of 'embeddings' and 'representations' of the first view then, as
            many as there are images or dimensions, the largest first.
        step: of both, from 1; 0 before the first.

    Args:
        interval: steps between two measurements. With gradient accumulation it is rounded up to
            whole updates.
        rows: most images of a view.
        lag: steps between a measurement and the look at it; by default 0 on a CPU and 2 on a GPU.

    Raises:
        InputError: interval < 1, rows < 2 or lag < 0.
    """

    priority = 'ABOVE_NORMAL'  # after what finds NaN, before what reads the values and logs them

    def __init__(self, interval: int = 50, rows: int = 256, lag: int | None = None) -> None:
        if interval < 1 or rows < 2 or (lag or 0) < 0:
            raise InputError(
                f'SpectrumHook has interval={interval}, rows={rows} and lag={lag}: take an '
                'interval of at least 1 step, at least 2 rows and a lag of 0 or more steps.'
            )
        self.interval, self.rows, self.lag = interval, rows, lag
        self.values: dict[str, float] = {}
        self.singular: dict[str, list[float]] = {}
        self.step = 0

    @property
    def watches_step(self) -> bool:
        """Whether the step that comes has to run call by call (`engine.resident_step`)."""
        return self.opened

    @property
    def watches_every_step(self) -> bool:
        return self.every == 1

    def before_train(self, runner) -> None:
        model = unwrap(runner.model)
        self.tap = tap_of(model, self.rows)
        if self.tap is None:
            runner.logger.info(
                'the model has neither a neck nor a backbone, so that SpectrumHook measures '
                'norms and rates alone'
            )
        self.params = [p.detach() for p in model.parameters() if p.requires_grad and p.numel()]
        self.head = getattr(model, 'head', None)
        device = self.params[0].device
        self.late = LAG if self.lag is None and device.type == 'cuda' else self.lag or 0
        self.norms = StepNorms(runner.optim_wrapper)
        self.every = -(-self.interval // self.norms.batches) * self.norms.batches
        self.broken = next((h for h in runner.hooks if isinstance(h, BrokenImagesHook)), None)
        self.opened = False
        self.waiting: list[MeasuredStep] = []

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        done = runner.iter + 1
        self.opened = done == 1 or done % self.every == 0 or done == runner.max_iters
        if self.opened:
            self.norms.open()
            if self.tap:
                self.tap.open()

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        if self.opened:
            self._measure(runner, outputs or {})
        done = runner.iter + 1
        while self.waiting and done >= min(self.waiting[0].step + self.late, runner.max_iters):
            self._tell(runner, self.waiting.pop(0))

    def _measure(self, runner, outputs: dict) -> None:
        """Start a measurement of the step that has just been made."""
        self.opened = False
        gradient = self.norms.close()
        caught = self.tap.close() if self.tap else NOTHING
        if not outputs:
            return  # it was a bad step and moved nothing: FiniteLossHook
        broken = len(self.broken.broken) if self.broken else 0
        counts, all_broken = zip(*distributed.agree([caught.images, broken]), strict=True)
        known = bias_rate(runner.optim_wrapper)
        if self.broken:
            known['skipped_images'] = float(sum(all_broken))
        scalars = dict(weight_norm=norm_of(self.params)) | gradient
        scalars |= loss_facts(self.head, outputs, sum(counts))
        measured = MeasuredStep(runner.iter + 1, known, scalars)
        for name in ('embeddings', 'representations'):
            if views := getattr(caught, name):
                measured.sums[name] = sums_over_processes(views, counts, self.rows)
        measured.send()
        self.waiting.append(measured)

    def _tell(self, runner, measured: MeasuredStep) -> None:
        """Put the values where they are looked for."""
        self.values, self.singular = measured.receive()
        self.step = measured.step
        hub = runner.message_hub
        for key in [key for key in hub.log_scalars if key.startswith(PREFIX)]:
            del hub.log_scalars[key]  # else the log would average over measurements
        for name, value in self.values.items():
            hub.update_scalar(PREFIX + name, value)
        if distributed.rank() == 0 and self.singular:
            self._write(Path(runner.log_dir, 'vis_data', FILE))

    def _write(self, path: Path) -> None:
        rounded = {k: [float(f'{s:.5g}') for s in v[:WRITTEN]] for k, v in self.singular.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open('a', encoding='utf-8') as file:
            file.write(json.dumps(dict(iter=self.step) | rounded) + '\n')
