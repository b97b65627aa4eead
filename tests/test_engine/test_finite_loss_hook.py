"""The hook that stops a run whose loss is not finite, where the head does not check: on a GPU."""

from types import SimpleNamespace

import pytest
import torch

from mmbarlow.engine.finite_loss_hook import FiniteLossHook
from mmbarlow.errors import InputError


def look(hook: FiniteLossHook, loss: float, step: int, image: float = 0.5) -> None:
    """The end of a training step (from 0) of an epoch of 100."""
    runner = SimpleNamespace(iter=step, max_iters=1000, train_dataloader=range(100))
    views = [torch.full((4, 3, 8, 8), image), torch.zeros(4, 3, 8, 8)]
    hook.after_train_iter(
        runner, step % 100, dict(inputs=views), dict(loss=torch.tensor(float(loss)))
    )


def test_a_finite_loss_goes_on():
    for step in range(100):
        look(FiniteLossHook(interval=10), 1.0, step)


@pytest.mark.parametrize('step', [9, 99])
def test_a_nan_is_found_at_the_interval_and_before_the_checkpoint_of_an_epoch(step):
    with pytest.raises(InputError, match=f'the loss is nan at step {step + 1}; the images of this'):
        look(FiniteLossHook(interval=10), float('nan'), step)


def test_between_two_looks_the_device_is_not_waited_for():
    look(FiniteLossHook(interval=10), float('nan'), 5)


def test_images_that_are_to_blame_are_counted():
    with pytest.raises(InputError, match='4 of the views of this batch hold NaN or Inf'):
        look(FiniteLossHook(interval=10), float('nan'), 9, image=float('nan'))
