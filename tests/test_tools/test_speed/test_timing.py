"""What takes turns is timed: medians over rounds, repeats that fill a turn, parts of a step."""

import pytest
import torch

from measure.timing import Stopwatch, medians


class Hand:
    """A clock that tasks move by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turns: list[str] = []

    def __call__(self) -> float:
        return self.now

    def task(self, name: str, seconds: list[float]):
        """A task that takes these seconds, one after the other."""
        left = iter(seconds)

        def run() -> None:
            self.turns.append(name)
            self.now += next(left)

        return run


def test_medians_of_rounds_in_turns_without_those_that_warm_up():
    clock = Hand()
    tasks = dict(a=clock.task('a', [9, 1, 2, 7]), b=clock.task('b', [1, 5, 6, 1]))
    assert medians(tasks, 3, warm_up=1, clock=clock) == dict(a=2, b=5)
    assert clock.turns == ['a', 'b'] * 4


def test_repeats_count_as_their_mean_and_parts_take_turns_and_add_up():
    clock = Hand()
    a = [clock.task('a1', [1, 3]), clock.task('a2', [10, 20])]
    b = [clock.task('b1', [1, 1]), clock.task('b2', [1, 1])]
    assert medians(dict(a=a, b=b), 1, repeats=2, clock=clock) == dict(a=17, b=2)
    assert clock.turns == ['a1', 'a1', 'b1', 'b1', 'a2', 'a2', 'b2', 'b2']


def test_a_short_task_fills_a_turn_and_begins_it_untimed():
    clock = Hand()
    # Libraries load, then the task takes 6 ms, of which three fit; the fourth run of a turn is
    # the one that comes first and is not timed.
    tasks = dict(short=clock.task('short', [0.5, 0.006, 9, 0.006, 0.006, 0.006]))
    tasks['long'] = clock.task('long', [1.5, 2.0])
    found = medians(tasks, 1, repeats=None, clock=clock)
    assert found == pytest.approx(dict(short=0.006, long=2.0))


def test_a_stopwatch_tells_the_parts_of_a_step_apart():
    watch = Stopwatch('cpu')
    for part in ('start', 'short', 'long'):
        if part == 'long':
            torch.randn(2_000_000)
        watch.mark(part)
    seconds = watch.seconds()
    assert list(seconds) == ['short', 'long']
    assert 0 < seconds['short'] < seconds['long']
