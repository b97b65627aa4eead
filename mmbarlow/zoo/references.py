"""The numbers others have published, and the sections in which the page shows them."""

import json
from decimal import Decimal
from pathlib import Path


def sources() -> dict[str, str]:
    """Citation, in Markdown, of each source that a published result names."""
    return _load('references.json')['sources']


def results() -> list[dict]:
    """The published results: method, task, dataset, metrics, backbone, epochs, batch, source.

    Metrics and data sets are named as in our records, and the values are Decimal, with the digits
    that were published; `where` says where in the source, and a `note` what is special; `epochs`
    and `batch` of the pretraining are None where not known. A `table` keeps the result to the
    section of that table; `config` is our benchmark of the same protocol, where only that one's
    column may show it; `point` is its name in our study of the same. `base_lr`, to be
    multiplied by batch / 256, is the best learning rate of LARS for this batch.
    """
    found = _load('references.json')['results']
    for result in found:
        if 'base_lr' in result:
            result['note'] = f'learning rate {result["base_lr"]} x batch / 256'
    return found


def sections() -> list[dict]:
    """The page's sections: title, text, columns, ours.

    A column shows metrics of one task on one data set, and where two of our benchmarks give
    them, those of its `config`; with `ours_only` it leaves the published numbers to another one,
    but for those that name its `config`.
    With `summary`, which is the name of the row, the first of its metrics stands in the summary.
    `ours` are the models, and pretraining configs, that have a row even before they were run. A
    section with a `table` has the published results of that table and the rows of `ours` alone,
    which other sections then show only if they name them too.
    """
    return _load('sections.json')


def shows(column: dict, result: dict) -> bool:
    """Whether a column has a number of a published result, or of a record given as its fields."""
    config = result.get('config')  # a record's; of published results, few have one
    fits = column.get('config', config) == config if config else not column.get('ours_only')
    return (
        fits
        and (column['task'], column['dataset']) == (result['task'], result['dataset'])
        and any(metric in result['metrics'] for metric in column['metrics'])
    )


def _load(name: str):
    return json.loads(Path(__file__).with_name(name).read_text('utf-8'), parse_float=Decimal)
