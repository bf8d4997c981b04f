"""`print(card)` and the terminal's card are the same text, and both are what the card holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.text_blocks import Line, Table, plain_table
from cmivqa_kit.entries import open_entry
from cmivqa_kit.scoring import score
from tests.cli.running import cmivqa_here
from tests.submission.small import lists, put, records, root_2023, spans


def crashing(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "output": [] if row["id"] == 0 else row["output"]} for row in lists(rows)]


def repeated(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The right video behind another one that stands there twice, so that official and strict differ."""
    wrong = [["vidX_______", 1.0, 2.0], ["vidX_______", 3.0, 4.0]]
    return [{**row, "output": [*wrong, row["output"][0]]} for row in lists(rows)]


@pytest.mark.parametrize("make", [lists, spans, crashing, repeated])
def test_the_terminal_shows_the_same(tmp_path: Path, make: Any) -> None:
    root, path = root_2023(tmp_path / "root", answers=True), put(tmp_path / "entry.json", make(records("testA")))
    shown = cmivqa_here("score", "entry.json", "--data", root, cwd=tmp_path).stdout.decode()
    for card in open_entry(path, root).cards:
        first, *lines = str(card).splitlines()
        assert f"entry.json: {first}" in shown
        cause = f" Find the cause: cmivqa validate entry.json --data {root}"
        lines = [line + cause if "would crash" in line else line for line in lines]
        assert "\n".join(lines) in "\n".join(line.rstrip() for line in shown.splitlines())


def test_a_card_from_plain_objects() -> None:
    truth = [{**row, "language_type": "Chinese" if row["id"] else "English"} for row in records("testA")]
    text = str(score(lists(truth)[1:], truth, track=2))
    assert text.startswith("Track 2, unnamed\n\n  Overall   3.2500 official   3.0000 strict   [")
    assert "  3 of 4 questions answered; 1 missing\n" in text
    assert "\n  Chinese                      3   4.0000  1.0000  1.0000  1.0000  1.0000\n" in text


def test_columns_are_as_wide_as_they_look() -> None:
    table = Table(("name", ">score"), (("问题", Line("1.0")), ("a", "10.0")))
    assert plain_table(table) == ["name  score", "问题    1.0", "a      10.0"]
    assert plain_table(Table((">score",), ())) == ["score"]


def test_intervals_are_drawn_when_they_are_asked_for() -> None:
    card = score(lists(records("testA")), records("testA"), track=2)
    assert "intervals" not in vars(card)
    assert list(card.intervals) == list(card.strict.metrics)
    assert card.intervals is card.intervals
    assert (card.units, card.resampled_by, card.interval_level) == (3, "video", "95%")
