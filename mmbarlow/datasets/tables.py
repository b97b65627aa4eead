"""Tables that users write: CSV with a first line of names."""

import csv
from pathlib import Path

from mmbarlow.errors import InputError, printable


def read_table_rows(path: Path, wanted: str) -> tuple[list[str], list[dict[str, str]]]:
    """The names of the columns, in lower case, and the rows below them, as cells by column.

    The columns are separated by commas, semicolons or tabs. Row i is line i + 2 of a table whose
    cells have one line each.

    Args:
        path: of the table.
        wanted: what it should have, for the message on one without rows.

    Raises:
        InputError: it is no such table, or has no rows.
    """
    try:
        with path.open(newline='', encoding='utf-8-sig') as file:
            first = file.readline()
            file.seek(0)
            separator = max(',;\t', key=first.count)
            table = csv.reader(file, delimiter=separator)
            header = [name.strip().lower() for name in next(table, [])]
            rows = [[cell.strip() for cell in row] for row in table if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f'{path} cannot be read as a table: {printable(error)}.') from error
    if not rows:
        raise InputError(f'{path} has no rows below its first line, which must name {wanted}.')
    lacking = [''] * len(header)
    return header, [dict(zip(header, row + lacking, strict=False)) for row in rows]


def check_columns(path: Path, header: list[str], columns: tuple[str, ...]) -> None:
    """Raises InputError if the table at `path` has not all of these columns."""
    if missing := [name for name in columns if name not in header]:
        raise InputError(
            f'{path} has no column {" and no column ".join(missing)}: its first line must name '
            f'the columns {" and ".join(columns)}, and names {", ".join(header)[:80]}.'
        )
