"""What `mmbarlow pretrain` chooses where nobody does: one rule, with the reason of each choice.

`choose_settings` is a function of what is known about the images and the machine, and of what was
asked for, alone. docs/command.md has the rule as a table.
"""

from collections.abc import Iterator
from typing import Any

from mmbarlow.datasets.square import usual_side
from mmbarlow.engine.choice_facts import Choice, Chosen, Facts, Rule
from mmbarlow.engine.schedule_choices import SCHEDULE


def choose_settings(facts: Facts, asked: dict[str, Any]) -> Chosen:
    """All choices by name, in an order in which each depends on those before it.

    Args:
        asked: values that somebody gave, by name; None counts as not given.

    Raises:
        InputError: the time is too short for any training.
    """
    chosen: Chosen = {}
    for name, rule in RULES.items():
        if (value := asked.get(name)) is not None:
            chosen[name] = Choice(value, 'as asked for', True)
        else:
            chosen[name] = Choice(*rule(facts, chosen))
    return chosen


def _backbone(facts: Facts, chosen: Chosen) -> tuple[str, str]:
    if not facts.gpu:
        return 'resnet18', 'the smallest ResNet, since there is no GPU'
    if facts.images < 10_000:
        return 'resnet18', 'the smallest ResNet, for fewer than 10,000 images'
    return 'resnet50', 'the one of the paper, for 10,000 images or more'


def _image_size(facts: Facts, chosen: Chosen) -> tuple[int, str]:
    most, why = (224, "ImageNet's size") if facts.gpu else (96, 'without a GPU at most 96 px')
    side = usual_side(facts.side, most)
    if side == most:
        return most, f'{why}; the images have {facts.side} px'
    return side, f'a multiple of 32 near the shorter side, {facts.side} px'


def _stem(facts: Facts, chosen: Chosen) -> tuple[str, str]:
    if facts.init:
        return '7x7', "ImageNet's, as weights to start from have it"
    if not facts.gpu:
        return '7x7', "ImageNet's: several times faster on a CPU"
    if chosen['image_size'].value <= 64:
        return '3x3', 'without max-pooling, for up to 64 px'
    return '7x7', "ImageNet's, for more than 64 px"


def _views(facts: Facts, chosen: Chosen) -> tuple[str, str]:
    if chosen['image_size'].value <= 64:
        return 'small', 'without blur, which so few pixels do not bear'
    return 'paper', 'those of the paper'


def _projector(facts: Facts, chosen: Chosen) -> tuple[str, str]:
    if facts.gpu and chosen['image_size'].value > 64:
        return '8192-8192-8192', "the paper's"
    return '2048-2048', 'as for CIFAR-10, for ' + ('up to 64 px' if facts.gpu else 'a CPU')


RULES: dict[str, Rule] = dict(
    channels=lambda facts, chosen: facts.channels,
    range=lambda facts, chosen: facts.range,
    backbone=_backbone,
    image_size=_image_size,
    stem=_stem,
    views=_views,
    projector=_projector,
    **SCHEDULE,
    lambd=lambda facts, chosen: (0.0051, "the official code's"),
    seed=lambda facts, chosen: (0, 'of the first weights, the order and the views'),
)


def table(chosen: Chosen, hidden: set[str]) -> Iterator[str]:
    """A line for each choice: its name, value and reason, and the flag that changes it."""
    for name, choice in chosen.items():
        if name in hidden:
            continue
        value = 'all' if choice.value is None else choice.value
        shown = f'{value:g}' if isinstance(value, float) else str(value)
        flag = '--' + name.replace('_', '-')
        yield f'  {name.replace("_", " "):12} {shown:15} {choice.reason:53} {flag}'
