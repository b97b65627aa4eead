"""mmbarlow export runs/photos --to onnx --normalize          images of 0 to 255 in, features out
mmbarlow export runs/photos --to timm                      weights for timm.create_model
mmbarlow export runs/photos --to huggingface --out photos  config.json, model.safetensors, README.md
mmbarlow export NAME_backbone.pth --to torchvision --out NAME.safetensors
mmbarlow export NAME_backbone.pth --to detectron2
"""

import argparse
from pathlib import Path

ENDINGS = dict(
    torchvision='_torchvision.pth',
    timm='_timm.pth',
    detectron2='_detectron2.pkl',
    onnx='.onnx',
    huggingface='_huggingface',
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('backbone', help='a file of a backbone, or the folder of a pretraining')
    parser.add_argument('--to', required=True, choices=list(ENDINGS), help='for which library')
    parser.add_argument(
        '--out', type=Path, help='file or, for huggingface, folder; by default beside the backbone'
    )
    parser.add_argument('--force', action='store_true', help='replace what is at --out')
    parser.add_argument(
        '--size',
        type=int,
        help='height and width of the images, in pixels; by default those that the network is '
        'built for, or its pretraining had',
    )
    parser.add_argument(
        '--normalize',
        action='store_true',
        help='onnx: take pixels from 0 to 255 and normalize them in the model',
    )
    parser.add_argument(
        '--config', help='the pretraining config, for a file that does not say its network'
    )


def run(args: argparse.Namespace) -> None:
    from mmbarlow.commands.backbones import backbone_file
    from mmbarlow.commands.exportable import Exportable
    from mmbarlow.commands.exporting import check_export, write_form

    path = backbone_file(args.backbone)
    out = args.out or path.with_name(path.stem.removesuffix('_backbone') + ENDINGS[args.to])
    check_export(args.to, path, out, args.force, args.normalize, args.size)
    source = Exportable.read(path, args.config, args.size)
    write_form(source, args.to, out, args.force, args.normalize)
