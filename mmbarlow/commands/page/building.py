"""The page of a run, from its folder to the file."""

import os
from datetime import datetime, timezone
from pathlib import Path

from mmbarlow.checkpoints import sha256
from mmbarlow.commands.page import document
from mmbarlow.commands.page.feature_map import sample_of_labeled
from mmbarlow.commands.page.image_sections import (
    correlation_section,
    map_section,
    neighbors_section,
)
from mmbarlow.commands.page.parts import Parts
from mmbarlow.commands.page.run_folder import RunFolder, read_run
from mmbarlow.commands.page.sections import (
    curves_section,
    results_section,
    summary_tiles,
    time_section,
)
from mmbarlow.errors import InputError
from mmbarlow.evaluation.verdict import Verdict, judge
from mmbarlow.files import write_atomically

MOST = 2000  # images on the map


def check_report(folder: Path, out: Path, images: int) -> None:
    """Before any work is done.

    Raises:
        InputError: `images` is out of range, or nothing can be written to `out`.
    """
    if not 2 <= images <= MOST:
        raise InputError(f'--images is {images}: take from 2 to {MOST}.')
    if not folder.is_dir():
        raise InputError(f'there is no folder {folder}: give the output folder of a pretraining.')
    if out.is_dir():
        raise InputError(f'{out} is a folder: give --out the name of a file, such as report.html.')
    near = next(p for p in (out.absolute().parent, *out.absolute().parents) if p.exists())
    if not near.is_dir() or not os.access(near, os.W_OK | os.X_OK):
        raise InputError(f'{out} cannot be written: {near} is no folder to write in. Give --out.')


def write_report_page(
    folder: Path, out: Path, labeled: str | None, images: int, method: str
) -> tuple[Verdict, int]:
    """Write the page of the run in `folder` to `out`.

    Args:
        labeled: where labeled images for the map are; None: images of the training.
        images: the largest number of images to encode.
        method: of the map, 'tsne' or 'pca'.

    Returns:
        the verdict, and the size of the page in bytes.

    Raises:
        InputError: it is no folder of a run, there are no labeled images, or `out` cannot be
            written.
    """
    labels = sample_of_labeled(labeled, images) if labeled else None
    run = read_run(folder)
    parts = Parts(run, images)
    c = parts.correlation()
    found = parts.map(labels, method)
    most = min(c.images - 1, c.dimensions) if c else None
    verdict = judge(run.curve, run.floor, c.rank if c else None, most, run.share)
    data, use = parts.data_section(), parts.use_section()  # which may add to the troubles
    html = [
        f'<h1>{document.text(run.name)}</h1>',
        f'<p class="soft">{document.text(run.method)}, in <code>{document.text(folder)}</code></p>',
        document.banner(verdict, _news(run)),
        document.troubles_card(run.troubles),
        summary_tiles(run, len(parts.dataset) if parts.dataset is not None else None, c),
        data,
        curves_section(run),
        correlation_section(c) if c else '',
        map_section(found, method) if found else '',
        neighbors_section(found) if found else '',
        results_section(run, sha256(run.backbone) if run.backbone else None),
        time_section(run),
        use,
    ]
    today = datetime.now(timezone.utc).date().isoformat()
    page = document.document(f'{run.name}: report', html, today)
    write_atomically(out, page)
    return verdict, len(page.encode())


def _news(run: RunFolder) -> str:
    """What to say of a run that is not over; '' of one that is."""
    if run.backbone:
        return ''
    if not run.curve:
        return 'This run has not logged anything yet, and there is no backbone.'
    done, of = run.curve[-1][run.unit], f' of {run.planned:,}' if run.planned else ''
    return (
        f'This run is not finished: {run.unit} {done:,.0f}{of}, and there is no backbone yet. The '
        'page shows what there is so far.'
    )
