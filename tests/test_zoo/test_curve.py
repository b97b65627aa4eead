"""The curve against hand-written logs in MMEngine's form."""

import json
from pathlib import Path

from mmbarlow.zoo.curve import read_curve


def log(work_dir: Path, run: str, *lines: dict) -> None:
    path = work_dir / run / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True)
    path.write_text(''.join(f'{json.dumps(line)}\n' for line in lines))


def test_epochs_have_their_last_loss_and_what_was_measured_after_them(tmp_path):
    log(
        *(tmp_path, '1'),
        dict(lr=0.1, loss=9.0, epoch=1, iter=50, step=50),
        dict(lr=0.1, loss=8.0, epoch=1, iter=90, step=90),
        {'accuracy/top1': 20.0, 'time': 0.1, 'step': 1},
        dict(lr=0.1, loss=7.0, epoch=2, iter=140, step=140),
    )
    # interrupted in epoch 2, which is trained again
    log(
        tmp_path, '2', dict(loss=6.0, epoch=2, iter=180, step=180), {'accuracy/top1': 30, 'step': 2}
    )
    assert read_curve(tmp_path) == [
        {'epoch': 1, 'loss': 8.0, 'accuracy/top1': 20.0},
        {'epoch': 2, 'loss': 6.0, 'accuracy/top1': 30},
    ]


def test_a_training_without_epochs_has_its_iterations(tmp_path):
    log(
        *(tmp_path, '1'),
        dict(lr=0.1, loss=9.0, loss_rpn_cls=1.0, acc=50.0, iter=50, step=50),
        dict(lr=0.1, loss=7.0, loss_rpn_cls=0.5, acc=60.0, iter=100, step=100),
        # MMEngine gives the step of a validation as the epoch, which is 0 all the time.
        {'pascal_voc/AP': 12.5, 'time': 0.1, 'step': 0},
    )
    assert read_curve(tmp_path) == [
        dict(iteration=50, loss=9.0, loss_rpn_cls=1.0),
        {'iteration': 100, 'loss': 7.0, 'loss_rpn_cls': 0.5, 'pascal_voc/AP': 12.5},
    ]


def test_of_many_iterations_a_hundred_are_kept_with_the_first_and_the_last(tmp_path):
    log(tmp_path, '1', *(dict(loss=1e3 / i, iter=i, step=i) for i in range(50, 24001, 50)))
    points = [entry['iteration'] for entry in read_curve(tmp_path)]
    assert len(points) == 100
    assert (points[0], points[-1]) == (50, 24000)
    assert points == sorted(set(points))
