"""What was not finite in a step, and what to do about it, in a sentence."""

from typing import Any

from torch import nn

from mmbarlow.engine.nonfinite_dump import bad_views, image_names
from mmbarlow.engine.step_guard import Step


def broken_weights(model: nn.Module) -> str | None:
    """The first parameter that holds NaN or Inf already, which no skipped batch can mend."""
    named = ((n, p) for n, p in model.named_parameters() if p.is_floating_point())
    return next((name for name, p in named if not p.detach().isfinite().all()), None)


def cause_of(model: Any, step: Step) -> dict[str, Any]:
    """What this process sees of a bad step, to be told to all."""
    loss = float(step.loss) if step.loss is not None else 0.0
    values = step.peaks.isfinite().tolist() if step.peaks is not None else []
    wrong = [i for i, finite in enumerate(values) if not finite]
    what = None
    if not abs(loss) < float('inf'):
        what = f'the loss is {loss}'
    elif wrong:
        kind = 'the gradient of' if wrong[0] < step.gradients else 'the buffer'
        what = f'{kind} {step.names[wrong[0]]} holds NaN or Inf, with a finite loss of {loss:.4g},'
    views, images = bad_views(model, step)
    told = step.told[0].split('. ')[0].rstrip('.') if step.told else ''
    names = image_names(step.batch)
    weights = broken_weights(model)
    return dict(what=what, views=views, bad=images, told=told, names=names, weights=weights)


def sentence(number: int, causes: list[dict[str, Any]], rates: list[float]) -> str:
    """What happened at a step, by the causes that the processes see and its rates."""
    what = next((c['what'] for c in causes if c['what']), 'the optimizer holds NaN or Inf')
    told = next((c['told'] for c in causes if c['told']), '')
    views, bad = sum(c['views'] for c in causes), [n for c in causes for n in c['bad']]
    names = [name for c in causes for name in c['names']]
    weights = causes[0]['weights']
    now = ', '.join(f'{rate:.3g}' for rate in rates)
    rate = f'lower optim_wrapper.optimizer.lr ({now} at this step)'
    if weights:
        why = f'{weights} holds NaN or Inf since an earlier update: {rate}'
    elif views:
        why = f'{views} of the views of this batch hold NaN or Inf. Look at your images: {few(bad)}'
    else:
        why = f'the images of this batch are finite ({few(names)}): {rate}, or train without --amp'
    return f'{what} at step {number}; {why}.' + f' There {told}.' * bool(told)


def few(names: list[str], most: int = 3) -> str:
    more = f' and {len(names) - most} more' if len(names) > most else ''
    return ', '.join(names[:most]) + more
