"""`score --per-question`: one row per question, track and file, as JSON Lines or CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cmivqa_kit.cli.check_view import FORMULA
from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.entries.refusals import answers_are_held
from cmivqa_kit.errors import UserError
from cmivqa_kit.output_paths import require_writable

ENDINGS = (".jsonl", ".csv")


def check_target(path: Path, force: bool, inputs: Sequence[Path]) -> None:
    """Refuse a file that cannot or must not be written, before anything is scored.

    Raises:
        UserError: another ending than the two; as `require_writable`.
    """
    if path.suffix.lower() not in ENDINGS:
        raise UserError(
            f"{path}: the ending says which format to write", "Name it .jsonl (JSON Lines) or .csv (a spreadsheet)."
        )
    require_writable(path, force, inputs)


def tells_answers(entry: Entry) -> bool:
    """True where the rows of an entry name right videos that are the organizers'."""
    return any(answers_are_held(entry.ground.scored_by, card.split) for card in entry.cards)


def write_rows(path: Path, entries: Sequence[Entry], public: bool = False) -> int:
    """Write every row, whole or not at all; the number of rows, and no file where there is none.

    Keys: ``file``, ``track``, then those of `ScoreCard.rows`. In CSV the columns are those of all tracks together.
    Rows that name right videos which are the organizers' end with ``organizers_only``; with ``public`` no
    row names its video.

    Raises:
        UserError: the disk is full, or the folder cannot be written.
    """
    rows = sum(len(score.card.question_ids) for one in entries for score in one.scores)
    if rows:
        write_table(path, _columns(entries, public), _rows(entries, public))
    return rows


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write flat rows as JSON Lines, or as CSV with these ``columns``, whole or not at all.

    Raises:
        UserError: the disk is full, or the folder cannot be written.
    """
    from cmivqa_kit.files import atomic_path

    # A lone surrogate, which UTF-8 cannot hold, becomes its escape: in JSON that reads as the same text again.
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream,
    ):
        if path.suffix.lower() == ".csv":
            writer = csv.DictWriter(stream, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
        else:
            stream.writelines(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)


def _rows(entries: Sequence[Entry], public: bool) -> Iterator[dict[str, Any]]:
    for one in entries:
        for score in one.scores:
            held = answers_are_held(one.ground.scored_by, score.card.split)
            mark = {"organizers_only": True} if held and not public else {}
            for row in score.card.rows():
                if public:
                    del row["video"]
                yield {"file": str(one.path), "track": score.card.track, **row, **mark}


def _columns(entries: Sequence[Entry], public: bool) -> list[str]:
    cards = [score.card for one in entries for score in one.scores]
    columns = dict.fromkeys(name for card in cards for name in next(card.rows(), {}) if not public or name != "video")
    mark = ["organizers_only"] if not public and any(map(tells_answers, entries)) else []
    return ["file", "track", *columns, *mark]


def _harmless(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith((*FORMULA, "\t", "\r")) else value
