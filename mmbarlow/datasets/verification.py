"""Looking through all images before a training does."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mmbarlow.datasets.checked_image import Checked
from mmbarlow.datasets.image_checks import check_images, summary
from mmbarlow.datasets.image_folder import ImageFolder
from mmbarlow.datasets.image_sources import image_source, pair_lists
from mmbarlow.datasets.number_table import NumberTable
from mmbarlow.datasets.passed_over import passed_over
from mmbarlow.datasets.pixels import too_dark
from mmbarlow.datasets.value_facts import value_facts
from mmbarlow.datasets.value_range import is_picture
from mmbarlow.errors import InputError, printable
from mmbarlow.files import write_atomically
from mmbarlow.progress import progress


class Verified(NamedTuple):
    """What was found.

    lines: on the images, their formats, sizes and pixels, and on what is wrong with them.
    broken: those that cannot be read.
    problem: why a network cannot be trained on their numbers; '' if it can.
    """

    lines: list[str]
    broken: list[Checked]
    problem: str = ''


def verify_images(
    source: str, workers: int, output: Path, force: bool, range: Any = None
) -> Verified:
    """Decode every image of a source (see `image_source`) in `workers` processes, and list those
    that cannot be read in the file `output`, one 'path<TAB>reason' a line, if there are any.

    Args:
        range: how their numbers are to be scaled, see `measure_values`.

    Raises:
        InputError: there is no such source or no image in it, or the list cannot be written: it
            exists, and is not to be replaced by `force`.
    """
    if workers < 1:
        raise InputError(f'--workers must be 1 or more, got {workers}.')
    if output.exists() and not force:
        raise InputError(f'{output} exists already: --force replaces it.')
    if not output.absolute().parent.is_dir():
        raise InputError(f'there is no folder {output.absolute().parent} for --output.')
    found = Verified([], [])
    for side, dataset in (pair_lists(source) or {'': image_source([source])}).items():
        part = _verify(dataset, workers, range)
        title, problem = [side] if side else [], f'{side}: ' * bool(side) + part.problem
        found.lines.extend([*title, *part.lines])
        found.broken.extend(part.broken)
        found = found._replace(problem=found.problem or problem * bool(part.problem))
    if found.broken:
        # a backslash is doubled, for names to be read back (docs/data.md)
        doubled = ((r.path.replace('\\', '\\\\'), r.reason) for r in found.broken)
        listed = ''.join(f'{printable(path)}\t{reason}\n' for path, reason in doubled)
        write_atomically(output, listed)
        found.lines.append(f'list      {output}')
    return found


def _verify(dataset: Any, workers: int, range: Any) -> Verified:
    """`verify_images` of one data set, without a list."""
    table = NumberTable(is_picture(range))
    found = _counted(check_images(dataset, workers, table.picture), table)
    results = list(progress(found, 'decoding', len(dataset)))
    if isinstance(dataset, ImageFolder):
        results += [Checked(path, reason=reason) for path, reason in dataset.unreadable]
    lines = [printable(line) for line in summary(results)]
    if left_out := getattr(dataset, 'passed_over', None):
        lines.append(printable(passed_over(left_out)))
    if dark := too_dark([r.pixels for r in results if r.pixels]):
        lines.append(f'too dark  {dark}.')
    broken = [r for r in results if r.reason]
    if not table.used():
        return Verified(lines, broken)
    lines += [f'numbers   {line}' for line in table.lines()]
    try:
        facts = value_facts(table, range)
    except InputError as error:
        return Verified(lines, broken, str(error))
    lines.append(f'range     {facts.why}')
    return Verified([*lines, *(f'config    {line}' for line in facts.config_lines())], broken)


def _counted(
    chunks: Iterable[tuple[list[Checked], NumberTable]], table: NumberTable
) -> Iterator[Checked]:
    """The results one by one, while their numbers are counted."""
    for checked, part in chunks:
        table.merge(part)
        yield from checked
