"""The pages of `cmivqa leaderboard show --html DIR`: the board and one page per entry (`cmivqa_kit.static_page`).

The parts lie beside this module. Every label is there in English and Chinese (``words.js``) and is switched in the
page; what is chosen stands behind the ``#`` of the address, so that it goes along from page to page. What the pages
hold is described in `cmivqa_kit.leaderboard.page.payload`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cmivqa_kit import static_page
from cmivqa_kit.errors import UserError
from cmivqa_kit.joint_files import published_together
from cmivqa_kit.static_page import PageParts

INDEX = "index.html"
BOARD = PageParts(__name__, ("board.css",), ("words.js", "figures.js", "table.js", "board.js"), "board.html")
ENTRY = PageParts(__name__, ("board.css", "entry.css"), ("words.js", "figures.js", "entry.js"), "entry.html")


def write_pages(
    folder: Path,
    board: Mapping[str, Any],
    entries: Mapping[str, Mapping[str, Any]],
    others: Iterable[tuple[str, str]] = (),
    force: bool = False,
) -> Path:
    """Write the board's page and one page per entry, all of them or none; the same payloads give the same bytes.

    Args:
        folder: where to; made where it is missing.
        board: the payload of ``index.html``.
        entries: the payloads of the entries' pages by their names below ``folder`` (``entries/NAME.html``).
        others: names and texts of further pages, one after the other: timelines.
        force: whether pages that are there may be replaced.

    Returns:
        The board's page.

    Raises:
        UserError: ``folder`` holds a board already and ``force`` is not given, or is a file.
        RunFailed: the disk is full, or the folder cannot be written.
    """
    require_no_pages(folder, force)
    with published_together(folder) as reserve:
        for name, payload in entries.items():
            _write(reserve(name), entry_page(payload))
        for name, text in others:
            _write(reserve(name), text)
        _write(reserve(INDEX), board_page(board))
    return folder / INDEX


def require_no_pages(folder: Path, force: bool) -> None:
    """Refuse, before any work is done, a folder for pages that must not be written to.

    Raises:
        UserError: it holds a board already and ``force`` is not given, or is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: is a file, not a folder", "Name a folder for the pages.")
    if (folder / INDEX).exists() and not force:
        raise UserError(f"{folder}: holds pages already", "Give another folder, or --force to replace them.")


def board_page(payload: Mapping[str, Any]) -> str:
    """The text of the board's page."""
    return static_page.render(BOARD, payload, f"{payload['title']} – cmivqa leaderboard")


def entry_page(payload: Mapping[str, Any]) -> str:
    """The text of an entry's page."""
    return static_page.render(ENTRY, payload, f"{payload['team']} – cmivqa leaderboard")


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "backslashreplace"))
