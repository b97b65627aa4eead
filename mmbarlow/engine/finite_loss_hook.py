"""What a run does about a step with NaN or Inf, which has moved nothing: stop, skip or go back."""

from typing import Any, NoReturn

from mmengine import dist
from mmengine.hooks import Hook

from mmbarlow.checkpoints import unwrap
from mmbarlow.engine.nonfinite_causes import broken_weights, cause_of, sentence
from mmbarlow.engine.nonfinite_dump import write_dump
from mmbarlow.engine.peaks import all_finite
from mmbarlow.engine.rollback import RolledBack, checkpoint_before
from mmbarlow.engine.step_guard import Step, StepGuard
from mmbarlow.errors import InputError
from mmbarlow.launch import on_first
from mmbarlow.loss.distributed import rank
from mmbarlow.registry import HOOKS

ACTIONS = ('stop', 'skip', 'rollback')


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Keeps NaN and Inf out of weights, optimizer and buffers, and answers the step that had them.

    `StepGuard` holds such a step back on every process. A dump of it is written to the work dir,
    for `tools/replay.py`, and then the run does what `action` says.

    Args:
        action: 'stop' ends the run with a sentence; 'skip' trains on without the batch; 'rollback'
            goes back to the last good checkpoint, with `factor` times the rate.
        max_skips: batches that 'skip' may leave out in the whole run; one more ends it.
        max_in_a_row: the same, one right after the other: then it is not the batches.
        factor: on all learning rates, at each rollback once more.
        max_rollbacks: of the whole run; one more NaN ends it.
        interval: steps between two looks at the weights and the optimizer, which an update can
            overflow where no gradient did. A checkpoint is looked at before it is written.
        lag: steps after which the host looks at the flag of a step; by default 0 on a CPU and 2 on
            a GPU, where 0 would wait for each step. The steps in between are lost with a bad one.
        dump_optimizer: have the dump hold the optimizer's state, even if it is large.

    Raises:
        InputError: a step was bad and the run cannot go on.
    """

    priority = 'HIGHEST'  # before what logs the step, averages its weights or saves them

    def __init__(
        self,
        action: str = 'stop',
        max_skips: int = 100,
        max_in_a_row: int = 3,
        factor: float = 0.5,
        max_rollbacks: int = 3,
        interval: int = 50,
        lag: int | None = None,
        dump_optimizer: bool = False,
    ) -> None:
        if action not in ACTIONS:
            raise InputError(f'there is no action {action!r}: take one of {", ".join(ACTIONS)}.')
        if not 0 < factor < 1:
            raise InputError(f'factor={factor}: a lower rate needs one between 0 and 1.')
        if lag is not None and lag < 0:
            raise InputError(f'lag={lag} is no number of steps: give 0 or more.')
        self.action, self.interval, self.lag = action, interval, lag
        self.limits = dict(skips=max_skips, in_a_row=max_in_a_row, rollbacks=max_rollbacks)
        self.factor, self.dump_optimizer = factor, dump_optimizer
        self.state: dict[str, Any] = dict(rate=1.0, skips=0, rollbacks=0)
        self.carried: dict[str, Any] = {}  # of a run that was rolled back to this one's start
        self.next_in_a_row, self.in_a_row = 0, 0
        self.rates: list = []

    def before_train(self, runner) -> None:
        self.first = runner.iter
        wrappers = list(getattr(runner.optim_wrapper, 'optim_wrappers', {}).values())
        self.guard = StepGuard(unwrap(runner.model), wrappers or [runner.optim_wrapper], self.lag)
        self.state |= self.carried
        if self.state['rate'] != 1:
            runner.logger.warning(
                f'all learning rates are {self.state["rate"]:g} times those of the schedule, '
                f'after {self.state["rollbacks"]} rollbacks'
            )

    def before_train_iter(self, runner, batch_idx, data_batch=None) -> None:
        if self.state['rate'] != 1:
            self.rates = [group['lr'] for group in self._groups()]
            self._set_rates([lr * self.state['rate'] for lr in self.rates])
        self.guard.begin(runner.iter + 1, data_batch)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        look = self.every_n_train_iters(runner, self.interval)
        self.guard.finish(look)
        if self.rates:
            self._set_rates(self.rates)  # schedules go on from their own
        step = self.guard.bad_step(of_all=self.is_last_train_iter(runner))
        if step is not None:
            self._answer(runner, step, outputs or {})

    def after_train_epoch(self, runner) -> None:
        """Answer all bad steps before the epoch is evaluated and saved."""
        if step := self.guard.bad_step(of_all=True):
            self._answer(runner, step, {})

    def after_train(self, runner) -> None:
        self.guard.remove()

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Raises InputError rather than let a checkpoint with NaN or Inf be written."""
        checkpoint['guard'] = dict(self.state)
        tensors = [t for t in checkpoint['state_dict'].values() if t.is_floating_point()]
        states = checkpoint.get('optimizer', {}).get('state', {}).values()
        tensors += [v for s in states if isinstance(s, dict) for v in s.values() if is_float(v)]
        tensors = [t.detach() for t in tensors if t.numel()]
        if tensors and not all_finite(tensors):
            raise InputError(
                f'at step {runner.iter + 1} weights, buffers or the optimizer hold NaN or Inf, and '
                'no checkpoint is written: lower optim_wrapper.optimizer.lr, and --resume from the '
                'last checkpoint.'
            )

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        saved = checkpoint.get('guard')
        if runner._resume and isinstance(saved, dict):
            known = {k: v for k, v in saved.items() if k in self.state and type(v) in (int, float)}
            self.state |= known

    def _groups(self) -> list[dict]:
        return [g for wrapper in self.guard.wrappers for g in wrapper.optimizer.param_groups]

    def _set_rates(self, rates: list) -> None:
        for group, rate in zip(self._groups(), rates, strict=True):
            group['lr'] = rate

    def _answer(self, runner, step: Step, outputs: dict) -> None:
        lost = self.guard.acknowledge()
        self._forget(runner, lost, outputs)
        model = self.guard.model
        causes = dist.all_gather_object(cause_of(model, step))
        rates = {g['lr'] * self.state['rate'] for g in self._groups()}
        told = sentence(step.number, causes, sorted(rates))
        told += self._dump(runner, model, step)
        stuck = broken_weights(model)
        if self.action == 'rollback':
            self._roll_back(runner, step, told)
        if self.action == 'stop' or stuck:
            self._stop(told)
        self.in_a_row = self.in_a_row + 1 if step.number == self.next_in_a_row else 1
        self.next_in_a_row = step.number + lost + 1
        self.state['skips'] += 1
        for limit, count in dict(skips=self.state['skips'], in_a_row=self.in_a_row).items():
            if count > self.limits[limit]:
                how = 'in a row' if limit == 'in_a_row' else 'in all'
                self._stop(f'{count} batches had to be skipped {how}, more than allowed; {told}')
        with_it = f' and the {lost} after it' * bool(lost)
        runner.logger.warning(f'the batch of step {step.number}{with_it} is skipped: {told}')

    def _roll_back(self, runner, step: Step, told: str) -> None:
        """Raises RolledBack, or InputError where there is nothing to go back to."""
        if self.state['rollbacks'] >= self.limits['rollbacks']:
            self._stop(f'{told} The run was rolled back {self.state["rollbacks"]} times already.')
        tried = list(self.carried.get('tried', []))
        if self.carried and step.number == self.first + 1:
            tried.append(self.carried['checkpoint'])  # it fails at once: take the one before
        path = on_first(lambda: checkpoint_before(runner, step.number, tried))
        if path is None:
            self._stop(f'{told} There is no checkpoint to roll back to yet.')
        state = dict(self.state, tried=tried, checkpoint=path.name)
        state |= dict(rate=self.state['rate'] * self.factor, rollbacks=self.state['rollbacks'] + 1)
        runner.logger.warning(
            f'{told} Rolled back to {path}, with {state["rate"]:g} times the rates of the schedule.'
        )
        raise RolledBack(told, path, state)

    def _stop(self, told: str) -> NoReturn:
        error = InputError(
            f'{told} Weights, optimizer and BN statistics stay as they were before the step, and '
            'no checkpoint has NaN: --resume continues from the last one.'
        )
        error.told = rank() > 0
        raise error

    def _dump(self, runner, model, step: Step) -> str:
        try:
            path = write_dump(runner, model, step, self.dump_optimizer)
        except InputError as error:
            return f' The step is not dumped ({error})'
        return f' tools/replay.py {path} says where it arises.' if path else ''

    @staticmethod
    def _forget(runner, lost: int, outputs: dict) -> None:
        """Steps that were not made are not in the means of the log."""
        for key in outputs if lost else ():
            buffer = runner.message_hub.log_scalars.get(f'train/{key}')
            if buffer is not None and len(buffer._log_history) > lost:
                buffer._log_history = buffer._log_history[:-lost]
                buffer._count_history = buffer._count_history[:-lost]
        outputs.clear()


def is_float(value: Any) -> bool:
    return getattr(value, 'is_floating_point', bool)()
