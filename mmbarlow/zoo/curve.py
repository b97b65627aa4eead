"""The curve of a training, from the log MMEngine keeps."""

import json
from pathlib import Path


def read_curve(work_dir: str | Path) -> list[dict[str, float]]:
    """One entry an epoch: `epoch`, the last logged loss terms of the epoch, metrics if measured.

    Reads `vis_data/scalars.json` of every run in `work_dir`, in their order, so that a training
    resumed in pieces gives one curve.
    """
    epochs: dict[int, dict[str, float]] = {}
    for path in sorted(Path(work_dir).glob('*/vis_data/scalars.json')):
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            # Validation lines have no epoch of their own: MMEngine logs it as the step.
            epoch = entry['epoch'] if 'epoch' in entry else entry['step']
            values = {k: v for k, v in entry.items() if k.startswith('loss') or '/' in k}
            epochs.setdefault(epoch, dict(epoch=epoch)).update(values)
    return [epochs[epoch] for epoch in sorted(epochs)]
