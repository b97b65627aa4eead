"""The table of docs/backbones.md: what each family of backbones gives, takes, costs and exports.

    nice -n 5 python tools/speed/backbones.py --page docs/backbones.md
    python tools/speed/backbones.py --page docs/backbones.md --names ResNet timm/resnet18

A row is written as soon as it is measured; those of other names stay. A step is
forward, loss and backward of `mmbarlow.BarlowTwins` with a projector of 64 on random images, by one
thread. Its time is the median of rounds in which it takes turns with ResNet-18 on images of that
size, in seconds of the processor, so that a busy machine does not count; its memory is the peak
beyond what was held before it. Exports are made and compared with the network.
"""

import argparse
import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import torch

from measure.backbone_families import Family, families
from measure.memory import peak
from measure.timing import medians
from mmbarlow import cli
from mmbarlow.convert.networks import translated
from mmbarlow.convert.onnx_file import onnx_model
from mmbarlow.convert.timm_networks import timm_network
from mmbarlow.convert.torchvision_networks import torchvision_network
from mmbarlow.errors import InputError
from mmbarlow.files import write_atomically
from mmbarlow.models.barlow_twins import BarlowTwins
from mmbarlow.models.encoder import Encoder
from mmbarlow.models.encoder_description import is_described
from mmbarlow.models.image_size import refusal
from mmbarlow.models.named_backbones import NONE, named_backbone

RESNET = dict(type='mmpretrain.ResNet', depth=18)
NECK = dict(type='mmbarlow.BarlowTwinsNeck', hid_channels=64, out_channels=64)
HEAD = dict(type='mmbarlow.CrossCorrelationHead', in_channels=64)
SIDES = (32, 64, 96, 224)
POOLS = dict(map='mean of the map', cls='class token', tokens='mean of tokens', none='its own')
COLUMNS = ('--backbone', 'C', 'images, px', 'pooling', 'time', 'memory', 'exports', 'notes')
START, END = '<!-- made by tools/speed/backbones.py -->', '<!-- end -->'


def main() -> None:
    parser = argparse.ArgumentParser(description='The table of backbones.')
    parser.add_argument('--page', type=Path, help='file to put it into, between its two marks')
    parser.add_argument('--names', nargs='+', help='of these families alone')
    parser.add_argument('--batch', type=int, default=4, help='images in the batch')
    parser.add_argument('--rounds', type=int, default=2, help='timed steps of each')
    parser.add_argument('--onnx', action='store_true', help='try that export too, which takes long')
    args = parser.parse_args()
    warnings.simplefilter('ignore')
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    for family in families():
        if family.name in (args.names or [family.name]):
            line = row(about(family, args))
            print(line, flush=True)
            if args.page:
                put(line, args.page)


def put(line: str, page: Path) -> None:
    """Replace the row of the same name, or add it in its place."""
    before, _, rest = page.read_text(encoding='utf-8').partition(START)
    old, _, after = rest.partition(END)
    rows = {name_of(text): text for text in [*old.splitlines(), line] if text.startswith('| `')}
    names = [f'`{family.name}`' for family in families() if f'`{family.name}`' in rows]
    table = [row(COLUMNS), row(['---'] * len(COLUMNS)), *(rows[name] for name in names)]
    table += [row([f'`{name}`', *'-' * 6, f'It {why}.']) for name, why in NONE.items()]
    write_atomically(page, before + '\n'.join([START, '', *table, '', END]) + after)


def name_of(line: str) -> str:
    return line.split('|')[1].strip()


def row(cells: Any) -> str:
    return f'| {" | ".join(map(str, cells))} |'


def about(family: Family, args: argparse.Namespace) -> list[Any]:
    """The cells of its row."""
    config, size, batch, notes = family.config(), family.pixels(), args.batch, []
    model = made(config)
    steps = dict(own=make_step(model, batch, size), resnet=make_step(made(RESNET), batch, size))
    seconds = medians(steps, args.rounds, warm_up=1, clock=process_time)
    peaks = {name: peak(step) for name, step in steps.items()}
    parameters = [*model.backbone.parameters()]
    if idle := sum(p.requires_grad and p.grad is None for p in parameters):
        notes.append(
            f'{idle} of {len(parameters)} parameters get no gradient: several processes need '
            '`find_unused_parameters=True`.'
        )
    if not is_described(config):
        notes.append('`get_model` needs the config too.')
    return [
        f'`{family.name}`',
        model.neck.in_channels,
        sizes(family),
        POOLS[model.pooled_as],
        f'{seconds["own"] / seconds["resnet"]:.1f}',
        f'{peaks["own"] / peaks["resnet"]:.1f}',
        exports(family, args.onnx, notes),
        ' '.join(notes),
    ]


def made(config: dict[str, Any]) -> BarlowTwins:
    torch.manual_seed(0)
    return BarlowTwins(config, NECK, HEAD)


def make_step(model: BarlowTwins, batch: int, size: int) -> Callable[[], None]:
    """Forward, loss and backward of a batch, the gradients made anew each time."""
    views = [torch.randn(batch, 3, size, size) for _ in 'ab']

    def step() -> None:
        model.zero_grad()  # so that the gradients count as memory
        torch.stack(list(model.loss(views).values())).sum().backward()

    return step


def sizes(family: Family) -> str:
    """Which of `SIDES` it can be made for, and whether a network that is made takes others."""
    configs = {side: named_backbone(family.name, side) | family.tiny for side in SIDES}
    good = [side for side, config in configs.items() if refusal(config, side) is None]
    own = max(good, default=0)
    free = [side for side in good if refusal(configs[own], side) is None]
    text = ', '.join(map(str, good))
    return text if free == good else f'{text}: the one that it is made for'


def exports(family: Family, onnx: bool, notes: list[str]) -> str:
    """The forms that it has, ONNX tried on a tiny network; notes get what is wrong with that."""
    config, side, tiny = family.config(), family.pixels(), family.pixels(tiny=True)
    torch.manual_seed(0)
    encoder = Encoder(config).eval()
    ways = dict(
        torchvision=lambda: translated(
            encoder, torchvision_network(encoder.backbone), (side, side)
        ),
        timm=lambda: translated(encoder, timm_network(encoder.backbone, config), (side, side)),
    )
    found = []
    for name, export in ways.items():
        try:
            export()
            found.append(name)
        except InputError:  # it has no such network
            pass
    if onnx:
        try:
            small = Encoder(family.config(tiny=True))
            onnx_model(small, (tiny, tiny))
            found.append('onnx')
        except InputError as error:
            notes.append(f'ONNX: {str(error).rpartition("ONNX: ")[2][:100].rstrip(".")}.')
    return ', '.join(found)


if __name__ == '__main__':
    cli.run(main)
