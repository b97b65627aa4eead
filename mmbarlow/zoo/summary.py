"""The summary of the first page: the best that was measured here, and the best published."""

from statistics import mean

from mmbarlow.zoo import references
from mmbarlow.zoo.markdown import heading_link
from mmbarlow.zoo.runs import BASELINES, LABELS, Run, measured, values

HEADER = ('Data, protocol', 'Best here', 'Best published')


def summary_rows(section: dict, own: list[tuple[Run, str]]) -> list[list[str]]:
    """A row for each column of the section that has a name in the summary.

    Args:
        section: see `references.sections`.
        own: what has a row in the section, with the links to the notes.
    """
    return [
        [heading_link(column['summary'], section['title']), _own(column, own), _published(column)]
        for column in section['columns']
        if 'summary' in column
    ]


def _own(column: dict, own: list[tuple[Run, str]]) -> str:
    """Of the self-supervised runs the best in the mean; a full one comes before a reduced one."""
    metric = column['metrics'][0]
    found = [
        (not run.reduced, mean(numbers), run, note)
        for run, note in own
        if run.model not in BASELINES and (numbers := values(run.of(column), metric))
    ]
    if not found:
        return 'not run here'
    _, _, run, note = max(found, key=lambda candidate: candidate[:2])
    records = run.of(column)
    seeds = ['1 seed'] * (len(records) == 1)
    network = f'{measured(records, metric)} {run.label}, `{run.pretrain_config}`'
    return ', '.join([network, *seeds, *run.marks(records), note])


def _published(column: dict) -> str:
    metric, baselines = column['metrics'][0], {LABELS[model] for model in BASELINES}
    found = [
        result
        for result in references.results()
        if (result['task'], result['dataset']) == (column['task'], column['dataset'])
        and metric in result['metrics']
        and result['method'] not in baselines
        and 'table' not in result
    ]
    if not found or column.get('ours_only'):
        return '–'
    best = max(found, key=lambda result: result['metrics'][metric])
    return f'{best["metrics"][metric]} {best["method"]}, {best["source"]}'
