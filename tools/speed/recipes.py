"""Time of a training step of several configs over that of the first one, in one run.

    python tools/speed/recipes.py \
        configs/ablations/barlowtwins_resnet18_1xb128-coslr-40e_digits.py \
        configs/ablations/barlowtwins-4views_resnet18_1xb128-coslr-20e_digits.py

A step is what the model does with a batch: views that its preprocessor makes, forward, backward,
optimizer. The configs take turns, each on one batch of its own loader, which is made before.
`images/s` counts an image once, whatever the number of its views; `epochs` is how many epochs take
as long as those of the first config.
"""

import argparse
import functools
from pathlib import Path

from measure import report
from measure.loader_rate import trained
from measure.timing import medians
from mmbarlow import cli


def main() -> None:
    parser = argparse.ArgumentParser(description='The training step of several configs.')
    parser.add_argument('configs', nargs='+', help='pretrainings on the same images')
    parser.add_argument('--cfg-options', nargs='+', action=cli.DictAction, help='of all of them')
    parser.add_argument('--rounds', type=int, default=9, help='turns of each config')
    parser.add_argument('--steps', type=int, default=2, help='steps in a turn')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/benchmark_recipes.json'))
    args = parser.parse_args()
    recipes = {Path(path).stem: trained(path, args.cfg_options) for path in args.configs}
    tasks = {
        name: functools.partial(model.train_step, next(batches), wrapper)
        for name, (_, model, wrapper, batches) in recipes.items()
    }
    seconds = medians(tasks, args.rounds, report.device_of(), repeats=args.steps, warm_up=1)
    rows = []
    for name, (cfg, *_) in recipes.items():
        size, first = cfg.train_dataloader.batch_size, next(iter(recipes.values()))[0]
        ms_image = 1e3 * seconds[name] / size
        times = ms_image / rows[0]['ms_image'] if rows else 1.0
        rows.append(dict(config=name, ms=1e3 * seconds[name], ms_image=ms_image, times=times))
        rows[-1]['epochs'] = first.train_cfg.max_epochs / times
        print(
            f'{name}: {1e3 * seconds[name]:.0f} ms, {1e3 / ms_image:.0f} images/s, {times:.2f} x; '
            f'{rows[-1]["epochs"]:.1f} epochs'
        )
    report.write(args.out, report.device_of(), rounds=args.rounds, rows=rows)
    print(f'record: {args.out}')


if __name__ == '__main__':
    cli.run(main)
