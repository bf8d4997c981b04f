"""The board's pages, made of boards and of the files behind them, which are looked at once more and then remembered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cmivqa_kit import __version__
from cmivqa_kit.diagnosis.entries import diagnose_entry, ids_are_made_up
from cmivqa_kit.diagnosis.page import render as diagnosis_page
from cmivqa_kit.diagnosis.payload import payload as diagnosis_payload
from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.entries.refusals import answers_are_held
from cmivqa_kit.errors import NotWritten, UserError
from cmivqa_kit.files import cache_root, fingerprint, no_collector, sha256, write_text
from cmivqa_kit.leaderboard.board import Board, Row
from cmivqa_kit.leaderboard.boards import Progress
from cmivqa_kit.leaderboard.grounds import Grounds, TrackGround
from cmivqa_kit.leaderboard.page import write_pages
from cmivqa_kit.leaderboard.page.aspects import NOTHING, Aspects, aspects_of
from cmivqa_kit.leaderboard.page.payload import (
    OnTrack,
    board_payload,
    entry_payloads,
    has_page,
    key_of,
    page_name,
)
from cmivqa_kit.leaderboard.public import for_everybody

FOLDER = "leaderboard-pages"  # below the cache
_FORMAT = 1


def write_site(
    folder: Path,
    boards: Sequence[Board],
    grounds: Grounds,
    public: bool = True,
    timelines: bool = False,
    force: bool = False,
    progress: Progress = lambda done, total: None,
) -> Path:
    """Write the board's page and a page per entry.

    Args:
        folder: where to.
        boards: as of `cmivqa_kit.leaderboard.board_of`.
        grounds: what they were made on.
        public: every number as boards show it, and nothing from which an answer can be told.
        timelines: the `diagnose` page of each entry beside, which shows the answers: not with ``public``.
        force: whether pages that are there may be replaced.
        progress: told after each entry and track.

    Returns:
        The board's page.

    Raises:
        UserError: ``timelines`` with ``public``; pages are there already; an entry's file is gone.
        RunFailed: the disk is full, or the folder cannot be written.
    """
    if timelines and public:
        raise UserError("--timelines shows the answers, so the pages are not for the public", "Add --no-public.")
    shown = [for_everybody(board) for board in boards] if public else list(boards)
    rows = [(board, row) for board in shown for row in board.rows if has_page(row)]
    aspects: dict[OnTrack, Aspects] = {}
    for done, (board, row) in enumerate(rows, 1):
        known = _aspects(row, grounds.by_track[board.track])
        aspects[key_of(row), board.track] = known.rounded(board.decimals) if public else known
        progress(done, len(rows))
    with_timeline = [(board, row) for board, row in rows if board.track != 2] if timelines else []
    addresses = {(key_of(row), board.track): f"../{_timeline_name(board, row)}" for board, row in with_timeline}
    return write_pages(
        folder,
        board_payload(shown, grounds.edition.title, public),
        entry_payloads(shown, aspects, addresses),
        _timelines(with_timeline, grounds),
        force,
    )


def _aspects(row: Row, own: TrackGround) -> Aspects:
    """What an entry's page shows beside its scores, from the cache where it lies there."""
    path = row.entry.folder / row.file.name
    cached = cache_root() / FOLDER / fingerprint([_FORMAT, __version__, own.stamp]) / f"{sha256(path)}.{own.track}.json"
    known = _restored(cached)
    if known is not None:
        return known
    with no_collector():
        entry = Entry(path, own.ground)
        cards = entry.score(own.track).cards
        aspects = aspects_of(entry, cards[0]) if cards else NOTHING
        entry.release()
    with suppress(NotWritten):  # a cache that cannot be written is no reason to stop
        write_text(cached, json.dumps(asdict(aspects)))
    return aspects


def _restored(cached: Path) -> Aspects | None:
    """Aspects from the cache; ``None`` where there are none, or they are damaged."""
    try:
        facts: dict[str, Any] = json.loads(cached.read_bytes())
        return Aspects(
            tuple((str(name), int(n), float(value)) for name, n, value in facts["languages"]),
            int(facts["hidden"]),
            tuple(map(float, facts["curve"])),
            tuple((str(key), float(share)) for key, share in facts["classes"]),
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _timeline_name(board: Board, row: Row) -> str:
    stem = page_name(row).removeprefix("entries/").removesuffix(".html")
    return f"timelines/{stem}-track{board.track}.html"


def _timelines(rows: Sequence[tuple[Board, Row]], grounds: Grounds) -> Iterator[tuple[str, str]]:
    """Name and text of each entry's `diagnose` page; one at a time, because each holds a whole corpus of subtitles."""
    for board, row in rows:
        entry = Entry(row.entry.folder / row.file.name, grounds.by_track[board.track].ground)
        try:
            diagnosis = diagnose_entry(entry)
        except UserError as error:
            raise UserError(f"{entry.path}: no timeline of it: {error.message}", error.fix) from None
        held = answers_are_held(entry.ground.scored_by, diagnosis.card.split)
        unlinked = ids_are_made_up(entry.ground)
        page = diagnosis_payload(diagnosis, row.file.name, organizers_only=held, unlinked=unlinked)
        yield _timeline_name(board, row), diagnosis_page(page)
