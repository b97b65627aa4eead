"""What the guard against NaN costs a training step: the same step with it and without, in turns.

    OMP_NUM_THREADS=1 python tools/speed/guard.py                 # ResNet-18, 32 px
    python tools/speed/guard.py --device cuda --network resnet50 --batch 256 --amp

Before that it checks on this device that a step with NaN leaves weights, momentum and BN statistics
as they are, bit for bit, and that the mask changes no bit of other steps.
"""

import argparse
import time
from pathlib import Path

import torch
from mmengine.optim import OptimWrapper
from torch import Tensor

from measure import report
from measure.networks import NETWORKS, ours
from measure.timing import medians
from mmbarlow import cli
from mmbarlow.engine.bf16 import BF16OptimWrapper
from mmbarlow.engine.lars import LARS
from mmbarlow.engine.step_guard import StepGuard
from mmbarlow.errors import InputError
from mmbarlow.registry import MODELS


def main() -> None:
    parser = argparse.ArgumentParser(description='The cost of the guard against NaN.')
    parser.add_argument('--network', choices=NETWORKS, default='resnet18')
    parser.add_argument('--batch', type=int, default=64)
    parser.add_argument('--amp', action='store_true', help='bf16')
    parser.add_argument('--steps', type=int, default=3, help='of a turn')
    parser.add_argument('--rounds', type=int, default=9)
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/benchmark_guard.json'))
    args = parser.parse_args()

    torch.manual_seed(0)
    steps = Steps(NETWORKS[args.network], args.batch, args.amp, args.device)
    steps.check()
    seconds = medians(
        dict(plain=steps.plain, guarded=steps.guarded),
        args.rounds,
        args.device,
        repeats=args.steps,
        warm_up=2,
        clock=time.process_time if args.device == 'cpu' else time.perf_counter,
    )
    ratio = seconds['guarded'] / seconds['plain']
    print(f'a step takes {1e3 * seconds["plain"]:.2f} ms; with the guard {ratio:.4f} times that')
    report.write(args.out, args.device, network=args.network, batch=args.batch, ratio=ratio)


class Steps:
    """Steps of one network and optimizer, with the guard and without."""

    def __init__(self, network: dict, batch: int, amp: bool, device: str) -> None:
        self.model = MODELS.build(ours(network)).to(device).train()
        shape = batch, 3, network['size'], network['size']
        self.views = [torch.randn(shape, device=device) for _ in range(2)]
        self.optimizer = LARS(self.model.parameters(), lr=1e-3, weight_decay=1e-6)
        kind = BF16OptimWrapper if amp else OptimWrapper
        self.wrappers = [kind(optimizer=self.optimizer) for _ in range(2)]
        self.guard = StepGuard(self.model, self.wrappers[1:], None)

    def plain(self) -> None:
        self.model.train_step(dict(inputs=self.views), self.wrappers[0])

    def guarded(self) -> None:
        batch = dict(inputs=self.views)
        self.guard.begin(1, batch)
        self.model.train_step(batch, self.wrappers[1])
        self.guard.finish()
        self.guard.bad_step()

    def state(self) -> list[Tensor]:
        momentum = [values['momentum_buffer'] for values in self.optimizer.state.values()]
        return [*self.model.state_dict().values(), *momentum]

    def check(self) -> None:
        """Raises InputError if the guard lets NaN through, or changes a step without it."""
        torch.backends.cudnn.deterministic = True
        self.plain()
        before = [t.clone() for t in self.state()]
        self.plain()
        wanted = [t.clone() for t in self.state()]
        for tensor, value in zip(self.state(), before, strict=True):
            tensor.detach().copy_(value)
        self.guarded()
        if not all(map(torch.equal, wanted, self.state())):
            raise InputError('a step with the guard is not bit for bit the step without it.')
        whole, self.views = self.views, [torch.full_like(v, float('nan')) for v in self.views]
        self.guarded()
        self.views = whole
        if not all(map(torch.equal, wanted, self.state())):
            raise InputError('a step with NaN has moved something.')
        self.guard.acknowledge()
        torch.backends.cudnn.deterministic = False


if __name__ == '__main__':
    cli.run(main)
