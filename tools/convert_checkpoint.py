"""Convert a ResNet checkpoint of other code to the layout of mm, torchvision, timm or detectron2.

    python tools/convert_checkpoint.py resnet50.pth official_backbone.pth --model barlowtwins
    python tools/convert_checkpoint.py NAME_backbone.pth NAME_torchvision.pth --to torchvision
    python tools/convert_checkpoint.py NAME_backbone.pth NAME.pkl --to detectron2

Reads files of facebookresearch/barlowtwins, VISSL, solo-learn, lightly, MMSelfSup, mmpretrain,
torchvision and timm (docs/checkpoints.md). The mm layout is that of an exported backbone, which
`tools/benchmark.py` and `mmbarlow.apis.get_model` take without a config.
"""

import argparse
import re
from functools import partial
from pathlib import Path

from mmbarlow import cli
from mmbarlow.checkpoints import sha256
from mmbarlow.convert.backbone import Backbone, load_backbone
from mmbarlow.convert.writers import WRITERS, check_destination, meta_of
from mmbarlow.errors import InputError, printable
from mmbarlow.files import write_atomically
from mmbarlow.weight_files import SAFE, write_safetensors


def main() -> None:
    parser = argparse.ArgumentParser(description='Convert a checkpoint of a ResNet.')
    parser.add_argument('source', type=Path, help='checkpoint; never changed')
    parser.add_argument('destination', type=Path, help='file to write, *.pth or *.safetensors')
    parser.add_argument('--to', choices=list(WRITERS), default='mm', help='layout; mm by default')
    parser.add_argument(
        '--stem-padding', type=int, choices=[1, 2], help='of a 3x3 stem; by default as in its code'
    )
    parser.add_argument('--force', action='store_true', help='replace an existing destination')
    mm = parser.add_argument_group('further entries of the mm layout')
    mm.add_argument('--name', help='pretraining in records; layout and depth by default')
    mm.add_argument('--model', help='method in records, such as barlowtwins; by default the name')
    mm.add_argument('--seed', type=int, help='seed of the pretraining in records; 0 by default')
    for name in ('mean', 'std'):
        mm.add_argument(
            f'--{name}', nargs='+', type=float, help="{name} of each channel, 0 to 255; ImageNet's"
        )
    args = parser.parse_args()

    writer = WRITERS[args.to]
    check_destination(args.source, args.destination, args.force)
    if args.destination.suffix not in writer.suffixes:
        names = ', '.join(f'*{suffix}' for suffix in writer.suffixes)
        raise InputError(f'{args.to} reads only files named {names}, not {args.destination.name}.')
    for name in (args.name, args.model):
        if name is not None and not re.fullmatch(r'\w[\w.-]*', name):
            raise InputError(f'{name!r} is no name for a record: use only letters, digits, _, -, .')
    backbone = load_backbone(args.source, args.stem_padding)
    described = args.to == 'mm'
    own = args.name, args.model, args.seed, args.mean, args.std
    meta = meta_of(backbone, *own) if described else {}
    save = write_safetensors if args.destination.suffix == SAFE else writer.save
    write_atomically(args.destination, partial(save, writer.content(backbone, meta)))
    report(backbone, args, writer.use(backbone, args.destination))


def report(backbone: Backbone, args: argparse.Namespace, use: str) -> None:
    others = backbone.others
    names = ', '.join(others[:3]) + (', ...' if len(others) > 3 else '')
    print(printable(f'source    {args.source}: {backbone.source.about}'))
    print(printable(f'network   {backbone}'))
    print(f'matched   {backbone.matched} of {len(backbone.state)} tensors of the backbone')
    print(printable(f'left out  {len(others)} other tensors{f": {names}" if others else ""}'))
    for note in backbone.notes:
        print(printable(f'note      {note}'))
    print(f'written   {args.destination}: {args.to} layout, sha256 {sha256(args.destination)}')
    print(f'next      {use}')


if __name__ == '__main__':
    cli.run(main)
