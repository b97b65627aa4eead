"""A card from a network and labeled images: what the command and the tool share."""

from collections.abc import Callable
from pathlib import Path

from mmbarlow.benchmarks.card.data import CardData
from mmbarlow.benchmarks.card.figure import draw_card
from mmbarlow.benchmarks.card.measuring import CardMaker
from mmbarlow.benchmarks.card.options import CardOptions
from mmbarlow.benchmarks.card.page import card_page, corruption_table
from mmbarlow.benchmarks.labeled_results import row_title, supervised_network, untrained_like
from mmbarlow.benchmarks.labeled_task import check_folder
from mmbarlow.benchmarks.network import Network
from mmbarlow.files import write_atomically
from mmbarlow.zoo.schema import WITHOUT_CHECKPOINT


def make_card(
    network: Network,
    data: CardData,
    options: CardOptions,
    out: Path,
    records: Path,
    say: Callable[[str], None],
) -> Path:
    """Measure a network, the untrained one of its seed and maybe a supervised one; write the page.

    `out` gets card.md, card.png and robustness.csv.

    Args:
        network: the network.
        data: of `own_card_data` or `shipped_card_data`.
        options: what is measured.
        out: folder.
        records: folder of the records, one for each network and row.
        say: gets a line about each network and each file.

    Returns:
        the page.

    Raises:
        InputError: the images or a checkpoint cannot be used, or nothing can be written.
    """
    titled = compared_networks(network, options.supervised)
    side = shown_side(data)
    parts, left_out = options.usable(network, side)
    check_folder(records, network, data)
    maker = CardMaker(titled, data, options, parts, records)
    for part, reason in left_out.items():
        say(f'{part} is left out: {reason}')
    card = maker.measure(say)
    card.left_out |= left_out
    if card.corrupted:
        write_atomically(out / 'robustness.csv', corruption_table(card))
    write_atomically(out / 'card.png', lambda path: draw_card(card, path))
    page = out / 'card.md'
    write_atomically(page, card_page(card, network, side))
    say(f'page: {page}, with card.png; records: {out / "records"}')
    return page


def compared_networks(network: Network, supervised: str | None) -> dict[str, Network]:
    """By its title: the untrained network of its seed, the network, and a supervised one.

    Raises:
        InputError: the file of the supervised one cannot be read.
    """
    networks: dict[str, Network] = {}
    if network.about['model'] not in WITHOUT_CHECKPOINT:
        networks['untrained'] = untrained_like(network, network.about['seed'])
    networks['own'] = network
    if supervised:
        networks['supervised'] = supervised_network(supervised, network)
    titled = {row_title(each): each for each in networks.values()}
    if len(titled) < len(networks):  # a supervised network that is compared with another one
        titled = {f'{row_title(each)} ({key})': each for key, each in networks.items()}
    return titled


def shown_side(data: CardData) -> int:
    """Height and width of the images as networks see them, in pixels."""
    sizes = [step['size'] for step in data.test['dataset']['pipeline'] if 'size' in step]
    return int(sizes[-1])
