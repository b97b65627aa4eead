"""What `mmbarlow export` does once its arguments are read."""

from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmpretrain.models import ResNet

from mmbarlow.commands.exportable import Exportable
from mmbarlow.convert import detectron2
from mmbarlow.convert.hub_folder import hub_config, is_hub_folder, write_hub_folder
from mmbarlow.convert.model_card import model_card, records_of
from mmbarlow.convert.networks import ForeignNetwork, translated
from mmbarlow.convert.onnx_file import onnx_model, write_onnx
from mmbarlow.convert.timm_networks import timm_network
from mmbarlow.convert.torchvision_networks import torchvision_network
from mmbarlow.convert.writers import WRITERS, check_destination
from mmbarlow.errors import InputError, printable
from mmbarlow.files import write_atomically
from mmbarlow.models.image_size import channels_of
from mmbarlow.optional import package
from mmbarlow.weight_files import SAFE, glance, write_safetensors


def check_export(
    form: str, path: Path, out: Path, force: bool, normalize: bool, size: int | None
) -> None:
    """Raises InputError before anything is computed in vain."""
    endings = dict(onnx=('.onnx',), detectron2=('.pkl',)).get(form, WRITERS['timm'].suffixes)
    if normalize and form != 'onnx':
        raise InputError(f'--normalize is for --to onnx: --to {form} writes weights alone.')
    if size is not None and not 1 <= size <= 4096:
        raise InputError(f'--size {size} is no height of an image: give 1 to 4096 pixels.')
    if form in ('timm', 'huggingface'):
        package('timm', f'--to {form}')
    if form == 'huggingface':
        if out.exists() and not (force and is_hub_folder(out)):
            cure = 'give another --out' if force else '--force replaces such a folder'
            raise InputError(f'{out} exists already: {cure}.')
    else:
        check_destination(path, out, force)
        if out.suffix not in endings:
            names = ', '.join(f'*{ending}' for ending in endings)
            raise InputError(f'--to {form} writes files named {names}, not {out.name}.')


def write_form(source: Exportable, form: str, out: Path, force: bool, normalize: bool) -> None:
    """Write one form and tell what it is and how it is loaded.

    Raises:
        InputError: the form cannot express the network, or nothing can be written.
    """
    if form == 'onnx':
        _write_onnx(source, out, normalize)
    elif form == 'detectron2':
        _write_detectron2(source, out)
    else:
        _write_weights(source, form, out, force)


def _write_onnx(source: Exportable, out: Path, normalize: bool) -> None:
    made = onnx_model(source.encoder, source.size, normalize)
    write_atomically(out, partial(write_onnx, made.content))
    shapes = ' and '.join(str(shape) for shape in made.checked)
    same = f'onnxruntime and torch differ by {made.difference:.1g} of the largest feature {shapes}'
    session = f'session = onnxruntime.InferenceSession({str(out)!r})'
    use = "features = session.run(None, {'images': images})[0]"
    _tell(source, same, out, ['import onnxruntime', session, use])
    unit = f'pixels of 0 to 255, {source.images}' if normalize else 'normalized'
    shape = f'(N, {channels_of(source.encoder.backbone)}, H, W)'
    print(f'inputs    float32 {shape}, {unit}: any N, {made.sizes}')


def _write_detectron2(source: Exportable, out: Path) -> None:
    net: Any = source.encoder.backbone
    if type(net) is not ResNet:
        raise _refused('detectron2', source, 'detectron2 has plain ResNets with a 7x7 stem')
    if source.encoder.images.get('range', 'dtype') != 'dtype':
        raise _refused('detectron2', source, 'detectron2 reads images of 8 bits, gray or RGB')
    pixels = source.pixels
    try:
        options = detectron2.options(source.config, pixels['mean'], pixels['std'])
    except InputError as error:
        raise _refused('detectron2', source, str(error)) from error
    content = detectron2.content(net.state_dict())
    write_atomically(out, partial(detectron2.save, content))
    same = 'the tensors are renamed, not changed'
    _tell(source, same, out, [f'python tools/train_net.py ... MODEL.WEIGHTS {out} {options}'])


def _write_weights(source: Exportable, form: str, out: Path, force: bool) -> None:
    try:
        network = _network(form, source)
        config = hub_config(network, **source.pixels) if form == 'huggingface' else {}
        if config and source.swapped:
            raise InputError('timm gives its networks R, G, B, and this one takes B, G, R.')
        state, difference = translated(source.encoder, network, source.size)
    except InputError as error:
        raise _refused(form, source, str(error)) from error
    same = f'{network.library} computes the same features (difference {difference:.1g}, float64)'
    if form == 'huggingface':
        load = _load_folder(out)
        write_hub_folder(out, config, state, _card(source, network), force)
    else:
        save = write_safetensors if out.suffix == SAFE else torch.save
        write_atomically(out, partial(save, state))
        load = _load(network, out)
    _tell(source, same, out, load)


def _network(form: str, source: Exportable) -> ForeignNetwork:
    if form == 'torchvision':
        return torchvision_network(source.encoder.backbone)
    package('timm', '--to timm')
    return timm_network(source.encoder.backbone, source.config)


def _refused(form: str, source: Exportable, reason: str) -> InputError:
    """With the forms that take the network."""
    works = []
    for other in ('torchvision', 'timm'):
        try:
            translated(source.encoder, _network(other, source), source.size)
            works.append(other)
        except InputError:
            pass
    others = ' or '.join([*works, 'onnx'])
    return InputError(
        f'--to {form} cannot express this network: {reason.rstrip(".")}; use --to {others}.'
    )


def _load_folder(folder: Path) -> list[str]:
    name = f'local-dir:{folder}'
    return ['import timm', f'net = timm.create_model({name!r}, pretrained=True).eval()']


def _load(network: ForeignNetwork, out: Path) -> list[str]:
    if network.library == 'timm' and not network.replaced:
        return ['import timm', *network.code(checkpoint_path=repr(str(out))), 'net.eval()']
    reader = 'safetensors.torch.load_file' if out.suffix == SAFE else 'torch.load'
    modules = ['torch', network.library, *(['safetensors.torch'] if out.suffix == SAFE else [])]
    loading = f'net.load_state_dict({reader}({str(out)!r}))'
    return [f'import {", ".join(modules)}', *network.code(), loading, 'net.eval()']


def _card(source: Exportable, network: ForeignNetwork) -> str:
    net: Any = network.build()
    words = f'{network.positional[0]} of timm, {net.num_features} features'
    images = _images_of_run(source.path.parent)
    name = source.path.stem.removesuffix('_backbone')
    load = _load_folder(Path('FOLDER'))
    kind, records = source.images, records_of(source.path)
    return model_card(name, words, kind, source.pixels, records, images, load)


def _images_of_run(folder: Path) -> int | None:
    """How many images a pretraining had, by its last checkpoint."""
    files = [p for p in folder.glob('*.pth') if not p.stem.endswith('_backbone')]
    for file in sorted(files, key=lambda p: p.stat().st_mtime, reverse=True):
        meta = glance(file).get('meta')
        facts = meta.get('facts') if isinstance(meta, dict) else None
        found = facts.get('number of images') if isinstance(facts, dict) else None
        if isinstance(found, int):
            return found
    return None


def _tell(source: Exportable, same: str, out: Path, load: list[str]) -> None:
    pixels, net = source.pixels, source.encoder.backbone
    mean, std = (', '.join(f'{x:g}' for x in pixels[key]) for key in ('mean', 'std'))
    count = sum(p.numel() for p in net.parameters())
    files = out.rglob('*') if out.is_dir() else [out]
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    print(f'network   {type(net).__name__}, {count / 1e6:.3g} million parameters')
    kind = f'{source.images}, ' if source.encoder.images else ''
    size = f'{pixels["size"][0]} x {pixels["size"][1]}'
    print(f'images    {kind}{size}, minus ({mean}), over ({std})')
    print(f'checked   {same}')
    print(printable(f'written   {out} ({megabytes:.3g} MB)'))
    print(f'load      {"; ".join(load)}')
