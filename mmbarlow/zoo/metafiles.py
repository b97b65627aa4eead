"""Writes what mim reads: a metafile.yml in each folder of recipes with results, and the index."""

import re
from pathlib import Path
from statistics import mean

from mmengine.fileio import dump

from mmbarlow.paths import CONFIGS
from mmbarlow.zoo.records import Record
from mmbarlow.zoo.runs import LABELS, Run, group
from mmbarlow.zoo.schema import WITHOUT_CHECKPOINT

INDEX = 'model-index.yml'
HEAD = '# Written by tools/model_zoo.py from the records: do not edit it.\n'
BARLOW_TWINS = 'Barlow Twins: Self-Supervised Learning via Redundancy Reduction'
MIXED = 'Guarding Barlow Twins Against Overfitting with Mixed Samples'
PAPERS = {
    'barlowtwins': dict(Title=BARLOW_TWINS, URL='https://arxiv.org/abs/2103.03230'),
    'mixed-barlowtwins': dict(Title=MIXED, URL='https://arxiv.org/abs/2312.02151'),
}
SIZES = re.compile(r'_(\d+)xb(\d+)-[^_]+-(\d+)e_')  # GPUs, batch of each, epochs


def write_metafiles(records: list[Record]) -> dict[str, str]:
    """The index and the metafiles that it names, by path: the same for the same records.

    They have the recipes of the package with measured results, the means over their seeds. Of a
    recipe with full and reduced results it is the full ones.
    """
    folders: dict[str, dict[str, Run]] = {}
    for run in group(records):  # full ones first
        name = run.pretrain_config
        if name and run.model not in WITHOUT_CHECKPOINT and (folder := _folder(name)):
            folders.setdefault(folder, {}).setdefault(name, run)
    files = {
        f'{folder}/metafile.yml': _text(_metafile(folder, [*runs.values()]))
        for folder, runs in sorted(folders.items())
    }
    return {INDEX: _text(dict(Import=[*files])), **files}


def _folder(config: str) -> str | None:
    """The folder of a recipe, from the root of the repository; None if it is not of the package."""
    found = next(CONFIGS.rglob(f'{config}.py'), None)
    return found and (Path('configs') / found.parent.relative_to(CONFIGS)).as_posix()


def _metafile(folder: str, runs: list[Run]) -> dict:
    collections = [
        dict(
            Name=LABELS.get(model, model), **(dict(Paper=PAPERS[model]) if model in PAPERS else {})
        )
        for model in dict.fromkeys(run.model for run in runs)
    ]
    return dict(Collections=collections, Models=[_model(folder, run) for run in runs])


def _model(folder: str, run: Run) -> dict:
    name = str(run.pretrain_config)
    about: dict[str, object] = {'Architecture': name.split('_')[1]}
    if sizes := SIZES.search(name):
        gpus, batch, epochs = map(int, sizes.groups())
        about |= {'Epochs': epochs, 'Batch Size': gpus * batch}
    if made := run.pretraining():
        about |= {'Training Data': made[0].dataset, 'Training Resources': made[0].hardware}
    if run.reduced:
        about['Reduced'] = run.scale
    return {
        'Name': name,
        'In Collection': run.label,
        'Metadata': about,
        'Results': _results(run),
        'Config': f'{folder}/{name}.py',
    }


def _results(run: Run) -> list[dict]:
    """A result for each benchmark; its metrics have the name of the protocol before theirs."""
    benchmarks: dict[str, list[Record]] = {}
    for record in run.records:
        if record.task != 'pretrain':
            benchmarks.setdefault(record.config, []).append(record)
    return [
        dict(
            Task=found[0].task,
            Dataset=found[0].dataset,
            Metrics={
                f'{config.split("_")[0]} {metric}': round(mean(r.metrics[metric] for r in found), 2)
                for metric in found[0].metrics
                if all(metric in r.metrics for r in found)
            },
        )
        for config, found in benchmarks.items()
    ]


def _text(content: dict) -> str:
    text = dump(content, file_format='yaml', sort_keys=False, allow_unicode=True, width=100)
    return f'{HEAD}{text}'
