"""The page of a card of masks or boxes, in Markdown."""

from math import isnan

from mmbarlow.benchmarks.labeled_results import row_title
from mmbarlow.benchmarks.network import Network
from mmbarlow.benchmarks.place_card.results import PlaceCard
from mmbarlow.zoo import provenance
from mmbarlow.zoo.markdown import code, markdown_table, plain

METHODS = dict(
    segmentation='A linear layer says the class of each place. It minimizes the cross entropy of '
    'the pixels, each with the logits of its place, plus a penalty that is chosen on a tenth of '
    'the training images; the logits are enlarged bilinearly to the size of the mask. Percentages '
    'are of the pixels of all test images together, without those that are ignored.',
    detection='A linear layer says of each place what is there, a class or background, and another '
    'one where its box is; penalties are chosen on a tenth of the training images. A place is of a '
    'box if it is in the middle half of it, or has its center. Of the boxes of a class that '
    'overlap by more than half, the surest one counts, and AP is that of pycocotools. A trained '
    'detector, which `--suite faster-rcnn-fpn_own` makes, finds more: this compares features.',
)


def place_card_page(card: PlaceCard, network: Network) -> str:
    """The whole page; card.png lies beside it."""
    task, about, facts = card.task, network.about, provenance.provenance()
    train, test = map(len, task.paths)
    file = f'{code(str(network.checkpoint))}, ' if network.checkpoint else ''
    reduced = f', {card.used:,} of which fit into memory' * (card.used < train)
    lines = [
        f'# Report card: {row_title(network)} on {task.name}, {task.part}',
        '',
        f'{file}pretrained by {code(str(about["pretrain_config"]))}, seed {about["seed"]}; '
        f'scale: {plain(about["scale"])}',
        '',
        f'{train:,} training{reduced} and {test:,} test images of {len(task.classes)} classes, '
        f'shown at {card.side} px, {card.grid} x {card.grid} places, to frozen networks. '
        f'{facts["date"]}, {facts["hardware"]}. The untrained network has the same architecture '
        'and weights drawn from the same seed.',
        '',
        '![Results](card.png)',
        '',
        _table('percent', card.metrics, {name: f'{t} ({name})' for name, t in task.rows.items()}),
    ]
    if named := {name: plain(name) for found in card.by_class.values() for name in found}:
        lines.append(_table('IoU of each class, percent', card.by_class, named))
    seconds = [[title, f'{seconds:.1f}'] for title, seconds in card.seconds.items()]
    lines += [METHODS[task.part], '', markdown_table(['network', 'seconds'], seconds, numbers=True)]
    lines += ['Made by', '', f'    {provenance.command()}', '']
    return '\n'.join(lines)


def _table(head: str, found: dict[str, dict[str, float]], titles: dict[str, str]) -> str:
    """A row for each title, by the name of its number, and a column for each network."""
    rows = []
    for name, title in titles.items():
        values = [metrics[name] for metrics in found.values()]
        rows.append([title, *('–' if isnan(n) else f'{n:.1f}' for n in values)])
    return markdown_table([head, *found], rows, numbers=True)
