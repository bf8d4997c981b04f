"""Tables with a separator: CSV with commas, semicolons or tabs; blank lines part several of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import groupby

from cmivqa_kit.leaderboard.audit.columns import joined_names, metric_of
from cmivqa_kit.leaderboard.audit.readers.registry import reader
from cmivqa_kit.leaderboard.audit.tables import CELLS_MOST, RawTable, TableRow

_SEPARATORS = (",", ";", "\t", "|")


@reader("CSV", (".csv", ".tsv"), lambda text: True)
def read(text: str) -> Sequence[RawTable]:
    """Tables of the separator by which most names of metrics are read.

    Raises:
        ValueError: the text is no CSV, or has too many cells.
    """
    separator = max(_SEPARATORS, key=lambda each: _names(text, each))
    tables = []
    title = ""
    for blank, rows in groupby(_rows(text, separator), key=lambda row: not any(map(str.strip, row.cells))):
        block = list(rows)
        if not blank and any(len(row.cells) > 1 for row in block):
            while len(block[0].cells) == 1:
                title = block.pop(0).cells[0].strip()
            tables.append(
                RawTable(title, tuple(block), max(len(row.cells) for row in block[1:]) if block[1:] else None)
            )
            title = ""
        elif not blank:
            title = block[-1].cells[0].strip()
    return tables


def _names(text: str, separator: str) -> int:
    """The most names of metrics that a row has, of the first hundred."""
    most = 0
    for number, row in enumerate(_rows(text, separator)):
        most = max(most, sum(metric_of(cell) is not None for cell in joined_names(row.cells, 0)))
        if number == 100:
            break
    return most


def _rows(text: str, separator: str) -> Iterator[TableRow]:
    reader_ = csv.reader(text.replace("\0", "").splitlines(keepends=True), delimiter=separator, skipinitialspace=True)
    cells, line = 0, 1
    try:
        for row in reader_:
            cells += len(row)
            if cells > CELLS_MOST:
                raise ValueError(f"more than {CELLS_MOST:,} cells")
            yield TableRow(line, tuple(row))
            line = reader_.line_num + 1
    except csv.Error as error:
        raise ValueError(f"line {line}: {error}") from None
