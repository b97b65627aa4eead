"""Says early, and once, that a training is about to fail, and which key to change."""

from typing import Any

from mmengine.hooks import Hook
from torch import Tensor, nn

from mmbarlow.checkpoints import unwrap
from mmbarlow.evaluation.failure_rules import PATIENCE, RULES, FailureRule
from mmbarlow.evaluation.failure_signs import rule_settings, signs_of
from mmbarlow.evaluation.measured_step import on_host
from mmbarlow.evaluation.spectrum_hook import SpectrumHook
from mmbarlow.registry import HOOKS


@HOOKS.register_module()
class FailureSignsHook(Hook):
    """Holds `failure_rules.RULES` against what `SpectrumHook` measures, and warns in the log.

    The one thing that it measures by itself is the deviation of the normalized views, in the same
    steps; the host waits for nothing. A rule speaks once in a run, also over interruptions. Without
    `SpectrumHook` all are silent.

    Attributes:
        fired: the step, from 1, at which each rule has spoken, by its name.
        signs: what the rules have read last, by name.
    """

    priority = 'LOW'  # after SpectrumHook, whose values it reads
    kept = ('fired', 'recent', 'first', 'seen')  # over an interruption: see engine/run_state.py

    def __init__(self) -> None:
        self.fired: dict[str, int] = {}
        self.recent: list[tuple[float, dict[str, float]]] = []  # share of the run, what was read
        self.first: dict[str, float] = {}  # values of the first measurement
        self.seen = 0  # step of the last measurement
        self.settings: dict[str, Any] = {}
        self.values: dict[str, float] = {}
        self.signs: dict[str, float] = {}

    def before_train(self, runner) -> None:
        self.spectrum = next((h for h in runner.hooks if isinstance(h, SpectrumHook)), None)
        self.settings = rule_settings(runner)
        self.scales: dict[int, Tensor] = {}
        self.scale: Tensor | None = None
        self.handle = None
        preprocessor = getattr(unwrap(runner.model), 'data_preprocessor', None)
        if self.spectrum and isinstance(preprocessor, nn.Module):
            self.handle = preprocessor.register_forward_hook(self._look)

    def after_train(self, runner) -> None:
        if self.handle:
            self.handle.remove()

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        if self.scale is not None:
            self.scales[runner.iter + 1], self.scale = self.scale, None
        if self.spectrum is None or self.spectrum.step <= self.seen:
            return
        values, step = dict(self.spectrum.values), self.spectrum.step
        if step in self.scales:
            values['input_scale'] = float(self.scales[step])
        self.scales = {n: scale for n, scale in self.scales.items() if n > step}
        for rule in self.judge(values, step, runner.max_iters):
            told = rule.sentence.format(**self.settings | self.signs)
            runner.logger.warning(f'Early sign of failure at step {step}, {rule.name}: {told}')

    def _look(self, module: nn.Module, inputs: tuple, outputs: Any) -> None:
        """The deviation of the first view's numbers, on its way to the host before SpectrumHook's
        own sums are, so that it is there when they are."""
        views = outputs.get('inputs') if isinstance(outputs, dict) else None
        first = views[0] if isinstance(views, list | tuple) and views else views
        if self.spectrum and self.spectrum.opened and isinstance(first, Tensor):
            self.scale = on_host(first.detach().float().std(correction=0))

    def judge(self, values: dict[str, float], step: int, steps: int) -> list[FailureRule]:
        """The rules that speak now, of a measurement at a step from 1 of a run of `steps`."""
        self.seen, self.values, self.first = step, values, self.first or dict(values)
        self.signs = signs_of(values, self.first, self.settings)
        self.recent = [*self.recent, (step / steps, self.signs)][-PATIENCE:]
        ready = [r for r in RULES if r.name not in self.fired and r.holds(self.recent)]
        self.fired |= {rule.name: step for rule in ready}
        return ready
