"""Repeat a step that had NaN or Inf, and say where the first one arises.

    python tools/replay.py work_dirs/NAME/dumps/nonfinite_step_1234.pth
    python tools/replay.py FILE --config CONFIG --device cpu

The dump has the batch, the weights and the random numbers of the step, and the numbers are of the
type of the run (--amp). The network is built from the config that the run left in its work dir.
The batches of several processes go through it together, with BN statistics over all of them.
"""

import argparse

import torch

from mmbarlow import cli
from mmbarlow.engine.replay import build, config_of_dump, read_dump, replay
from mmbarlow.engine.watch import size

MOST = 10  # layers that are shown


def main() -> None:
    parser = argparse.ArgumentParser(description='Say where the first NaN of a step arises.')
    parser.add_argument('dump', help='WORK_DIR/dumps/nonfinite_step_N.pth')
    parser.add_argument('--config', help='of the run; by default the one in its work dir')
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    args = parser.parse_args()

    parts = read_dump(args.dump)
    model = build(
        config_of_dump(args.dump, parts[0], args.config), parts[0], args.dump, args.device
    )
    found = replay(model, parts)
    print(f'step {parts[0]["step"]}: {found.verdict}.')
    for title, peaks in (('output', found.forward), ('gradient', found.gradients)):
        print(f'\nlargest absolute values, {title}')
        for name, peak in sorted(peaks.items(), key=lambda item: -size(item[1]))[:MOST]:
            print(f'{peak:>12.4g}  {name}')


if __name__ == '__main__':
    cli.run(main)
