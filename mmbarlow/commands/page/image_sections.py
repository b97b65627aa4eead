"""The sections of the page that show images: views, the matrix, the map, neighbors."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from PIL import Image

from mmbarlow.commands.page import document
from mmbarlow.commands.page.feature_map import FeatureMap
from mmbarlow.commands.page.network import agreement, nearest_images
from mmbarlow.commands.page.pictures import fitted, jpeg_address, matrix_address, sprite_address
from mmbarlow.commands.page.sections import spectrum_chart
from mmbarlow.commands.page.training_data import spread, views_of
from mmbarlow.datasets.image_reading import name_of
from mmbarlow.datasets.scaled_image import read_picture
from mmbarlow.datasets.values import values_of
from mmbarlow.errors import BrokenImage
from mmbarlow.evaluation.correlation import Correlation
from mmbarlow.evaluation.figures import pixels_of_view
from mmbarlow.models.encoder_description import image_options

SHOWN = 10  # images with their views
QUERIES, NEIGHBORS = 6, 8
NAME = 120  # characters of a name, at most
SMALL = 64  # an image of fewer pixels is shown with its pixels


def views_row(cfg: Config, model: Any, dataset: Any) -> str:
    """Some images with the two views that the first epoch makes of each."""
    originals, indices = {}, []
    values = values_of(**image_options(cfg))
    for i in spread(len(dataset), 3 * SHOWN):
        try:
            info = dataset.get_data_info(i)
            originals[i] = fitted(read_picture(info, values), 160), name_of(info)
            indices.append(i)
        except BrokenImage:
            continue
    indices = [indices[i] for i in spread(len(indices), SHOWN)]
    views = next(views_of(cfg, model, dataset, indices))[:2]
    cells = []
    for row, i in enumerate(indices):
        original, path = originals[i]
        name = Path(path).name if path != 'an image in memory' else f'image {i}'
        pictures = [original, *(fitted(_image(model, view[row]), 160) for view in views)]
        shown = ''.join(
            f'<img src="{jpeg_address(p)}" alt="{what} of {_name(name)}"'
            f'{" class=pixels" * (max(p.size) < SMALL)}>'
            for p, what in zip(pictures, ('original', 'view A', 'view B'), strict=True)
        )
        cells.append(
            f'<figure>{shown}<figcaption title="{_name(name)}">{_name(name)}</figcaption></figure>'
        )
    size = f'{views[0].shape[-1]} x {views[0].shape[-2]}'
    return (
        f'<figure class="card"><h3>Images, and below each its views A and B of {size} pixels</h3>'
        f'<div class="views">{"".join(cells)}</div></figure>'
    )


def correlation_section(c: Correlation) -> str:
    D, small = c.dimensions, len(c.cells) == c.dimensions
    what = f'all {D} dimensions' if small else f'all {D:,} dimensions, {len(c.cells)} blocks'
    pictures = [_matrix(c.cells, f'Cross-correlation of {what}')]
    if D > 64:
        pictures.append(_matrix(c.corner, 'The first 64 dimensions'))
    scale = '<div class="scale" aria-hidden="true">-1<i></i>1</div>'
    blocks = ' A cell of the whole is the root mean square of a block of entries, and on the '
    blocks += 'diagonal their mean there.'
    caption = f'Of {c.images:,} images, two views each.{blocks * (not small)}'
    rows = (
        ('mean of the diagonal', f'{c.diagonal:.2f}; the loss wants 1'),
        ('root mean square of the rest', f'{c.rest:.2f}; the loss wants 0'),
        ('effective rank', f'{c.rank:.1f} of at most {min(D, c.images - 1):,}'),
    )
    words = (
        '<p class="note">The effective rank is the exponential of the entropy of the eigenvalues '
        "of one view's correlation matrix: 1 where all dimensions say the same, D where each says "
        'something of its own.</p>'
    )
    return document.section(
        'Cross-correlation of the embeddings',
        f'<figure class="card"><div class="grid2">{"".join(pictures)}</div>{scale}'
        f'<figcaption>{caption}</figcaption></figure>',
        f'<div class="grid2 below">{spectrum_chart(c)}'
        f'<div class="card">{document.facts_table(rows)}{words}</div></div>',
    )


def _matrix(values: torch.Tensor, title: str) -> str:
    address = matrix_address(values.numpy())
    return (
        f'<div class="matrix"><h3>{title}</h3><img src="{address}" alt="{title}, as a picture with '
        'view A from top to bottom and view B from left to right"></div>'
    )


def map_section(found: FeatureMap, method: str) -> str:
    """The map, whose points a script draws, with a thumbnail of each."""
    N, labeled = len(found.groups), bool(found.sample.labels)
    address, columns, _ = sprite_address(found.tiles)
    wide = found.places * 960 + 20
    data = dict(
        names=[_cut(name) for name in found.sample.names],
        classes=[_cut(name) for name in found.classes],
        groups=found.groups.tolist(),
        x=wide[:, 0].round(1).tolist(),
        y=(found.places[:, 1] * 600 + 20).round(1).tolist(),
        height=640,
        columns=columns,
    )
    coded = json.dumps(data, separators=(',', ':')).replace('<', '\\u003c')
    how = 't-SNE of the angles between features' if method == 'tsne' else 'PCA of the features'
    colors = 'Colors are labels.' if labeled else 'Colors are clusters (k-means of the features).'
    said = f'{N:,} {document.text(found.sample.source)}; {how}. {colors}'
    if labeled and len(np.unique(found.groups)) > 1:
        right, chance = agreement(found.features, torch.tensor(found.groups))
        said += (
            f' Of the 5 nearest images, {right:.0%} have the same label; chance would give '
            f'{chance:.0%}.'
        )
    if found.unread:
        said += f' {found.unread:,} more could not be read.'
    label = f'Map of {N:,} images, {len(found.classes)} groups; arrow keys go from image to image'
    return document.section(
        'Map of the features',
        '<figure class="card"><div id="map">'
        f'<svg viewBox="0 0 1000 640" role="application" tabindex="0" aria-label="{label}"></svg>'
        '<div id="tip" hidden aria-live="polite"><i></i><b></b><br><span></span></div></div>'
        '<div id="keys"></div><noscript>The map needs JavaScript, which is in this file.</noscript>'
        f'<figcaption>{said}</figcaption></figure>'
        f'<style>#tip i {{ background-image: url({address}); }}</style>'
        f'<script type="application/json" id="map-data">{coded}</script>',
        note='Point at an image, or touch it, to see it; choose a group to hide it.',
    )


def neighbors_section(found: FeatureMap) -> str:
    queries = spread(len(found.tiles), QUERIES)
    cells: list[str] = []
    for query, near in zip(
        queries, nearest_images(found.features, queries, NEIGHBORS), strict=True
    ):
        cells.append(_neighbor(found, query, _cut(found.classes[found.groups[query]]), ''))
        for i, similarity in near:
            right = found.groups[i] == found.groups[query]
            kind = ('same' if right else 'other') if found.sample.labels else ''
            label = f'{similarity:.2f} ' + _cut(found.classes[found.groups[i]])
            cells.append(_neighbor(found, i, label, kind))
        missing = NEIGHBORS - len(near)
        cells += ['<figure></figure>'] * missing
    note = (
        'At the left an image, beside it the nearest others of the map, with the cosine of the '
        'angle between the features.'
    )
    return document.section(
        'Nearest neighbors',
        f'<div class="card wide"><div class="near">{"".join(cells)}</div></div>',
        note=note,
    )


def _neighbor(found: FeatureMap, i: int, caption: str, kind: str) -> str:
    name = _name(found.sample.names[i])
    return (
        f'<figure><img src="{jpeg_address(found.tiles[i])}" alt="{name}" title="{name}">'
        f'<figcaption{f" class={kind}" * bool(kind)}>{document.text(caption)}</figcaption></figure>'
    )


def _image(model: Any, view: torch.Tensor) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels_of_view(model, view)))


def _name(name: str) -> str:
    return document.text(_cut(name))


def _cut(name: str) -> str:
    return name if len(name) <= NAME else f'...{name[3 - NAME :]}'
