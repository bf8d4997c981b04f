"""Tables of a web page: any number, unclosed rows and cells, cells over several rows or columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser

from cmivqa_kit.leaderboard.audit.readers.registry import reader
from cmivqa_kit.leaderboard.audit.tables import CELLS_MOST, RawTable, TableRow

SPAN_MOST = 100  # rows or columns of a cell; what says more is not believed
TABLES_DEEP = 50
_UNSEEN = ("script", "style", "template")
_BLOCKS = ("h1", "h2", "h3", "h4", "h5", "h6", "p", "caption", "center", "div", "br", "li")


@reader("HTML", (".html", ".htm", ".xhtml"), lambda text: re.search(r"<table\b", text, re.I) is not None, position=10)
def read(text: str) -> Sequence[RawTable]:
    """The tables; the title of each is its caption, or the last words before it.

    Raises:
        ValueError: there are too many cells.
    """
    page = _Page()
    page.feed(_OPEN.sub("&lt;", _without_comments(text)))
    page.close()
    page.end()
    return page.tables


# A tag without an end before the next one: the parser of the standard library looks for it to the end of the text, each
# time anew.
_OPEN = re.compile(r"<(?=[^<>]*(?:<|\Z))")


def _without_comments(text: str) -> str:
    parts: list[str] = []
    at = 0
    while (begin := text.find("<!--", at)) >= 0:
        parts.append(text[at:begin])
        end = text.find("-->", begin + 4)
        at = len(text) if end < 0 else end + 3
    return "".join([*parts, text[at:]])


class _Cell:
    """A cell being read."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.text: list[str] = []


class _Table:
    """A table being read: rows of cells as they stand."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.rows: list[tuple[int, list[_Cell]]] = []
        self.cell: _Cell | None = None
        self.caption = False

    def finished(self, most: int) -> RawTable:
        """The table with every cell in each of its columns and rows."""
        taken: dict[tuple[int, int], str] = {}
        rows: list[TableRow] = []
        count = 0
        for at, (line, cells) in enumerate(self.rows):
            column = 0
            for cell in cells:
                while (at, column) in taken:
                    column += 1
                text = " ".join("".join(cell.text).split())
                for down in range(min(cell.rows, len(self.rows) - at)):
                    for right in range(cell.columns):
                        taken[at + down, column + right] = text
                count += cell.rows * cell.columns
                if count > most:
                    raise ValueError(f"more than {CELLS_MOST:,} cells")
                column += cell.columns
            width = column
            while (at, width) in taken:
                width += 1
            rows.append(TableRow(line, tuple(taken.get((at, index), "") for index in range(width))))
        return RawTable(self.title, tuple(row for row in rows if any(row.cells)))


class _Page(HTMLParser):
    """The tables of a page. Each open one takes the text up to its end; they may stand in one another."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[RawTable] = []
        self._open: list[_Table] = []
        self._unseen = 0
        self._words: list[str] = []
        self._title = ""
        self._cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A table, a row, a cell; blocks part the words before a table."""
        table = self._open[-1] if self._open else None
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "table" and len(self._open) < TABLES_DEEP:
            self._break()
            self._open.append(_Table(self._title))
            self._title = ""
        elif tag == "tr" and table is not None:
            table.cell = None
            table.rows.append((self.getpos()[0], []))
        elif tag in ("td", "th") and table is not None:
            if not table.rows:
                table.rows.append((self.getpos()[0], []))
            self._cells += 1
            if self._cells > CELLS_MOST:
                raise ValueError(f"more than {CELLS_MOST:,} cells")
            given = dict(attrs)
            table.cell = _Cell(_span(given.get("rowspan")), _span(given.get("colspan")))
            table.rows[-1][1].append(table.cell)
        elif tag == "caption" and table is not None:
            table.caption, table.title = True, ""
        elif tag in _BLOCKS:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        """The end of one of them; one that was never opened says nothing."""
        table = self._open[-1] if self._open else None
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag == "table" and table is not None:
            self.tables.append(self._open.pop().finished(CELLS_MOST))
        elif tag in ("td", "th", "tr") and table is not None:
            table.cell = None
        elif tag == "caption" and table is not None:
            table.caption = False
        elif tag in _BLOCKS:
            self._break()

    def handle_data(self, data: str) -> None:
        """Text of the cell that is open, or before a table."""
        if self._unseen:
            return
        table = self._open[-1] if self._open else None
        if table is None:
            self._words.append(data)
        elif table.caption:
            table.title = " ".join(f"{table.title} {data}".split())
        elif table.cell is not None:
            table.cell.text.append(data)

    def end(self) -> None:
        """The file ends: so do the tables that are open."""
        while self._open:
            self.tables.append(self._open.pop().finished(CELLS_MOST))

    def _break(self) -> None:
        if self._open:
            if self._open[-1].cell is not None:
                self._open[-1].cell.text.append(" ")
            return
        words = " ".join("".join(self._words).split())
        self._title = words or self._title
        self._words = []


def _span(text: str | None) -> int:
    """A number of rows or columns; 1 where it is none."""
    digits = (text or "").strip()
    return min(max(int(digits), 1), SPAN_MOST) if digits.isascii() and digits.isdigit() and len(digits) < 5 else 1
