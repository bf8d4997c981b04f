"""What the board's pages hold: JSON-safe dicts, so that a page needs nothing else.

The board::

    {
      "kit": version, "title": of the edition, "public": bool,
      "boards": [{
        "track", "split", "edition", "headline", "metrics": [names], "decimals", "questions", "videos",
        "smallest": difference or null, "signature",
        "rows": [{"rank": or null, "group": or null, "team", "run", "title", "method", "page": address or null,
                  "official": [per metric] or null, "repaired": bool, "strict", "low", "high": or null,
                  "standing": baseline | late | over | superseded | crashed | null, "reasons": [[English, Chinese]],
                  "received": ISO or null}],
        "refused": [{"team", "run", "page": address or null, "reasons": [[English, Chinese]]}]
      }]
    }

An entry::

    {
      "kit", "board": address of the board, "team", "run", "title", "method", "link": http(s) address or "", "hardware",
      "external_data", "standing", "received", "files": [{"original", "sha256"}],
      "tracks": [{"track", "split", "edition", "rank", "of", "reasons", "questions", "answered", "headline", "decimals",
                  "level", "repaired", "metrics": [{"name", "official", "strict", "low", "high"}],
                  "languages": [{"name", "n", "value"}], "small": bool, "curve": [per k], "score",
                  "classes": [{"at": 0 to 3, "title": [English, Chinese], "share"}], "timeline": address or null,
                  "signature"}]
    }

``official`` values that the program could not give are those of its repaired form where ``repaired`` is true. Texts of
teams are cut, without what turns the direction of text, and otherwise as they are: whoever shows them sets them as
text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cmivqa_kit import __version__
from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import Problem
from cmivqa_kit.leaderboard.board import Board, Row, Section
from cmivqa_kit.leaderboard.limits import OVER
from cmivqa_kit.leaderboard.page.aspects import NOTHING, Aspects
from cmivqa_kit.leaderboard.page.reasons import in_both_languages
from cmivqa_kit.leaderboard.records import FiledEntry, Standing
from cmivqa_kit.scoring.ids import json_safe

LONGEST = 300  # characters of a team's text on the board; its own page shows ten times as many
_TURNING = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TITLES = {
    "retrieval-miss": ("right video not found", "未检索到正确视频"),
    "unanswered": ("unanswered", "未作答"),
    "ranked-low": ("right video ranked low", "正确视频排名靠后"),
    "wrong-span": ("right video, wrong span", "视频正确、片段错误"),
    "boundary": ("boundary error", "边界误差"),
}
EntryKey = tuple[str, str]  # of an entry: its folder as text, and its file's name
OnTrack = tuple[EntryKey, Track]
AspectsOf = Mapping[OnTrack, Aspects]


def key_of(row: Row) -> EntryKey:
    """What tells the entry and file of a row from all others."""
    return str(row.entry.folder), row.file.name


def board_payload(boards: Sequence[Board], title: str, public: bool = True) -> dict[str, Any]:
    """The content of ``index.html``.

    Args:
        title: of the edition.
        public: False where pages beside it tell answers.
    """
    return {"kit": __version__, "title": title, "public": public, "boards": [_board(board) for board in boards]}


def entry_payloads(
    boards: Sequence[Board], aspects: AspectsOf, timelines: Mapping[OnTrack, str] | None = None
) -> dict[str, dict[str, Any]]:
    """The contents of the entries' pages by their names, one for each file that has numbers on some board.

    Args:
        aspects: what is shown beside scores.
        timelines: addresses of `diagnose` pages beside the entries' pages.
    """
    shown: dict[EntryKey, list[tuple[Board, Row]]] = {}
    for board in boards:
        for row in board.rows:
            if has_page(row):
                shown.setdefault(key_of(row), []).append((board, row))
    return {page_name(rows[0][1]): _entry(rows, aspects, timelines or {}) for rows in shown.values()}


def has_page(row: Row) -> bool:
    """Whether there is something to show of an entry on a page of its own."""
    return bool(row.strict or row.official or row.repaired) and row.section is not Section.ELSEWHERE


def page_name(row: Row) -> str:
    """Where the page of a row's entry lies below the board's folder; plain characters whatever its folder is called."""
    path = "/".join((*row.entry.folder.parts[-3:], row.file.name))  # the same wherever the submissions lie
    plain = re.sub(r"[^A-Za-z0-9]+", "-", f"{row.entry.folder.parent.name} {row.run}").strip("-").lower()[:60]
    return f"entries/{plain}-{hashlib.sha256(path.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}.html"


def web_address(text: str) -> str:
    """The address where it is one of the web; else nothing: a ``javascript:`` link runs where it is clicked."""
    text = text.strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    plain = parts.scheme.lower() in ("http", "https") and parts.hostname and not re.search(r"[\s\x00-\x1f\x7f]", text)
    return text if plain and len(text) <= 2000 else ""


def _board(board: Board) -> dict[str, Any]:
    shown = board.at(Section.RANKED, Section.UNRANKED, Section.SUPERSEDED)
    refused = [*board.at(Section.INVALID, Section.ELSEWHERE), *board.unplaced]
    return {
        "track": board.track,
        "split": board.split,
        "edition": board.edition,
        "headline": board.metric,
        "metrics": list(board.metrics),
        "decimals": board.decimals,
        "questions": board.questions,
        "videos": board.videos,
        "smallest": json_safe(board.detectable),
        "signature": board.signature,
        "rows": [_row(board, row) for row in shown],
        "refused": [*map(_refused, refused), *map(_problem, board.problems)],
    }


def _refused(row: Row) -> dict[str, Any]:
    return {"team": _text(row.team), "run": row.run, "page": _page(row), "reasons": _reasons(row.reasons)}


def _problem(problem: Problem) -> dict[str, Any]:
    """What lies in the folder of entries and is none, by the end of its path: where that folder lies is nobody's."""
    end = "/".join(Path(problem.location).parts[-3:])
    return {"team": _text(end), "run": "", "page": None, "reasons": _reasons([problem.message])}


def _row(board: Board, row: Row) -> dict[str, Any]:
    official = row.official or row.repaired
    strict, interval = row.strict.get(board.metric), row.intervals.get(board.metric)
    return {
        "rank": row.rank,
        "group": row.tie_group,
        "team": _text(row.team),
        "run": row.run,
        "title": _text(row.entry.title),
        "method": _text(row.entry.method),
        "page": _page(row),
        "official": [json_safe(official.get(name)) for name in board.metrics] if official else None,
        "repaired": bool(row.repaired),
        "strict": json_safe(strict),
        "low": None if interval is None else json_safe(interval.low),
        "high": None if interval is None else json_safe(interval.high),
        "standing": _standing(row),
        "reasons": _reasons(_beside_standing(row)),
        "received": _time(row.entry.received),
    }


def _entry(rows: Sequence[tuple[Board, Row]], aspects: AspectsOf, timelines: Mapping[OnTrack, str]) -> dict[str, Any]:
    entry: FiledEntry = rows[0][1].entry
    return {
        "kit": __version__,
        "board": "../index.html",
        "team": _text(entry.team),
        "run": entry.run,
        "title": _text(entry.title, 10),
        "method": _text(entry.method, 10),
        "link": web_address(entry.link),
        "hardware": _text(entry.hardware, 10),
        "external_data": _text(entry.external_data, 10),
        "standing": _standing(rows[0][1]),
        "received": _time(entry.received),
        "files": [{"original": _text(file.original), "sha256": file.sha256} for file in entry.files],
        "tracks": [
            _track(
                board, row, aspects.get((key_of(row), board.track), NOTHING), timelines.get((key_of(row), board.track))
            )
            for board, row in rows
        ],
    }


def _track(board: Board, row: Row, aspects: Aspects, timeline: str | None) -> dict[str, Any]:
    official = row.official or row.repaired
    names = list(dict.fromkeys((*board.metrics, *row.strict)))
    metrics = []
    for name in names:
        interval = row.intervals.get(name)
        metrics.append(
            {
                "name": name,
                "official": json_safe(official.get(name)),
                "strict": json_safe(row.strict.get(name)),
                "low": None if interval is None else json_safe(interval.low),
                "high": None if interval is None else json_safe(interval.high),
            }
        )
    return {
        "track": board.track,
        "split": board.split,
        "edition": board.edition,
        "rank": row.rank,
        "of": sum(other.rank is not None for other in board.rows),
        "reasons": _reasons(_beside_standing(row)),
        "questions": board.questions,
        "answered": row.counts.get("answered", 0),
        "headline": board.metric,
        "decimals": board.decimals,
        "level": board.level,
        "repaired": bool(row.repaired),
        "metrics": metrics,
        "languages": [{"name": _text(name), "n": n, "value": json_safe(value)} for name, n, value in aspects.languages],
        "small": aspects.hidden > 0,
        "curve": [json_safe(value) for value in aspects.curve],
        "score": json_safe(row.strict.get(board.metric)),
        "classes": [
            {"at": at, "title": list(_TITLES[key]), "share": json_safe(share)}
            for at, (key, share) in enumerate(aspects.classes)
            if not (board.track == 1 and key == "ranked-low")  # nothing can be lost there where the video is given
        ],
        "timeline": timeline,
        "signature": board.signature,
    }


def _standing(row: Row) -> str | None:
    if row.section is Section.SUPERSEDED:
        return "superseded"
    if row.repaired:
        return "crashed"
    if row.entry.standing is not Standing.COMPETING:
        return str(row.entry.standing)
    return "over" if any(reason.startswith(OVER) for reason in row.reasons) else None


def _beside_standing(row: Row) -> list[str]:
    """The reasons that say more than the standing does: not ``late`` once more."""
    return [reason for reason in row.reasons if ": " in reason or row.section is Section.INVALID]


def _reasons(reasons: Iterable[str]) -> list[list[str]]:
    return [[_text(text) for text in in_both_languages(reason)] for reason in reasons]


def _page(row: Row) -> str | None:
    return page_name(row) if has_page(row) else None


def _text(text: str, longer: int = 1) -> str:
    """A text of a team: without what turns the direction of what stands behind it, and not endless."""
    plain = _TURNING.sub("", text)
    most = LONGEST * longer
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"


def _time(received: datetime | None) -> str | None:
    return None if received is None else received.isoformat(timespec="minutes")
