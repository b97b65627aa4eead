"""The README.md of an exported backbone, written from the records that lie beside it."""

from pathlib import Path
from typing import Any

from mmbarlow.checkpoints import sha256
from mmbarlow.errors import InputError
from mmbarlow.zoo.markdown import code, markdown_table, plain
from mmbarlow.zoo.records import Record, read, record_files

HEAD = """---
library_name: timm
pipeline_tag: image-feature-extraction
tags:
- image-feature-extraction
- timm
- self-supervised
- barlow-twins
---
"""


def records_of(backbone: Path) -> list[Record]:
    """The records, in `records/` beside a backbone, that are of this very file."""
    found, digest = [], sha256(backbone)
    for path in record_files(backbone.parent / 'records'):
        try:
            record = read(path)
        except InputError:  # of another version, or a draft: the card does without it
            continue
        if record.checkpoint_sha256 == digest:
            found.append(record)
    return found


def model_card(
    name: str,
    network: str,
    kind: str,
    pixels: dict[str, Any],
    records: list[Record],
    images: int | None,
    load: list[str],
) -> str:
    """Markdown, with the front matter that the hub reads.

    Args:
        name: title of the card.
        network: the architecture and the width of its features, in words.
        kind: of the images: 'RGB', or channels and the scaling of their numbers, in words.
        pixels: `size`, `mean` and `std` (of 0 to 255) of the images.
        records: of the pretraining and of evaluations; the card leaves out what they do not say.
        images: how many the pretraining had, if it is known.
        load: lines of Python that load the model.
    """
    pretraining = next((record for record in records if record.task == 'pretrain'), None)
    mean, std = (', '.join(f'{x:g}' for x in pixels[key]) for key in ('mean', 'std'))
    height, width = pixels['size']
    rows = [('Network', network)]
    rows += [('Images', f'{kind}, {height} x {width}, minus ({mean}), over ({std})')]
    if pretraining is not None:
        rows += _pretraining(pretraining, images)
    parts = [HEAD, f'# {plain(name)}', markdown_table(('', ''), rows)]
    if pretraining is None:
        parts += ['How it was trained is not recorded.']
    results = [
        (r.task, r.config, r.dataset, key, f'{value:.4g}')
        for r in records
        if r.task != 'pretrain'
        for key, value in r.metrics.items()
    ]
    if results:
        head = ('task', 'protocol', 'data set', 'metric', 'value')
        parts += ['## Results', markdown_table(head, results)]
    parts += ['## Use', '\n'.join(['```python', *load, '```'])]
    return '\n\n'.join(part.rstrip('\n') for part in parts) + '\n'


def _pretraining(record: Record, images: int | None) -> list[tuple[str, str]]:
    rows = [('Method', record.model), ('Data set', record.dataset)]
    if images:
        rows += [('Number of images', f'{images:,}')]
    rows += [('Recipe', str(record.pretrain_config))]
    if 'epochs' in record.metrics:
        rows += [('Epochs', f'{record.metrics["epochs"]:g}')]
    rows += [
        (f'Last {key}', f'{value:.4g}')
        for key, value in record.metrics.items()
        if key == 'loss' or key.startswith('loss_')
    ]
    versions = ', '.join(f'{name} {number}' for name, number in record.versions.items())
    return rows + [
        ('Scale', plain(record.scale)),
        ('Seed', str(record.seed)),
        ('Hardware', plain(record.hardware)),
        ('Hours', f'{record.wall_time_s / 3600:.3g}'),
        ('Date', record.date),
        ('Versions', versions),
        ('Command', code(record.command).replace('|', '\\|')),
    ]
