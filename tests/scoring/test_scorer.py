"""Scoring documents: signatures, counts, a part of the questions, other cut-offs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit import __version__
from cmivqa_kit.editions import load_edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring.scorer import score_documents
from cmivqa_kit.scoring.truth import truth_fingerprint
from cmivqa_kit.submission.read import interpreter
from tests.submission.small import lists, records

EDITION = load_edition("cmivqa-2023")
TRUTH = records("testA")


def test_the_signature_names_everything_a_number_depends_on() -> None:
    assert score_documents(lists(TRUTH), TRUTH, 3, EDITION, "testA").signature == (
        f"cmivqa-kit:{__version__}|edition:cmivqa-2023|split:testA|track:3|mode:official+strict|cutoffs:1,10,50|"
        f"python:{interpreter()}|truth:{truth_fingerprint(TRUTH)}"
    )
    other = score_documents(lists(TRUTH), TRUTH, 3, EDITION, cutoffs=(100, 10, 1)).signature
    assert "|cutoffs:1,10,100|entries:100|" in other
    part = score_documents(lists(TRUTH), TRUTH, 3, EDITION, only=[1, 2]).signature
    assert "|only:2of4|" in part
    assert part.endswith(truth_fingerprint(TRUTH[1:3]))
    mine = replace(EDITION, name="mine", cutoffs=(1, 5))
    assert "edition:mine|split:unnamed|track:2|mode:official+strict|cutoffs:1,5|python" in (
        score_documents(lists(TRUTH), TRUTH, 2, mine).signature
    )


def test_counts() -> None:
    rows = [*lists(TRUTH)[:2], lists(TRUTH)[0], {"id": 99}, {"id": "0"}, {"id": None}, {"id": True}]
    assert score_documents(rows, TRUTH, 2, EDITION).counts == {
        "questions": 4, "answered": 1, "missing": 2, "duplicated": 1, "extra": 2, "malformed": 2, "invalid_entries": 0,
    }  # fmt: skip
    assert score_documents({"id": 0}, TRUTH, 1, EDITION).counts["malformed"] == 0
    assert score_documents([], None, 1, EDITION).counts["questions"] == 0


def test_a_part_of_the_questions() -> None:
    rows = lists(TRUTH)
    rows[3]["output"] = []  # would crash Track 3
    whole, part = (score_documents(rows, TRUTH, 3, EDITION, only=only) for only in (None, [2, 0]))
    assert whole.official.status == "official_crash"
    assert part.metrics["Average"] == part.strict.metrics["Average"] == 1.0
    assert part.question_ids == (0, 2)
    assert (part.counts["questions"], part.counts["extra"]) == (2, 0)
    with pytest.raises(UserError, match="no question has the id '2'"):
        score_documents(rows, TRUTH, 3, EDITION, only=["2"])


def test_other_cutoffs_are_strict_only() -> None:
    rows: list[Any] = [{"id": t["id"], "output": [["v", 0, 1]] * 59 + [[t["video_id"], 0, 1]]} for t in TRUTH]
    card = score_documents(rows, TRUTH, 2, EDITION, cutoffs=(1, 10, 100))
    assert list(card.metrics) == ["R@1", "R@10", "R@50", "MRR", "Overall"]
    assert card.metrics["Overall"] == 0
    assert card.strict.metrics == {"Overall": 2.5, "R@1": 0, "R@10": 1, "R@100": 1, "MRR": 0.5}
    assert (card.cutoffs, card.entries) == ((1, 10, 100), 100)
    with pytest.raises(UserError, match="not positive integers"):
        score_documents(rows, TRUTH, 2, EDITION, cutoffs=[0])


def test_an_edition_outside_the_package(tmp_path: Path) -> None:
    """A new year is one file: its cut-offs, what it forms of them and what it ranks by."""
    text = (Path(__file__).parents[2] / "cmivqa_kit" / "editions" / "cmivqa-2023.toml").read_text(encoding="utf-8")
    for old, new in (
        ('name = "cmivqa-2023"', 'name = "mine-2031"'),
        ("cutoffs = [1, 10, 50]", "cutoffs = [1, 5]"),
        ("entries = 50 ", "entries = 20 "),
        ("board_decimals = 4", "board_decimals = 3"),
        ('"Overall", "Average"]', '"MRR", "R@5,IoU=0.5"]'),
        ("[0.3, 0.5, 0.7]", "[0.5]"),
        ('Overall = { sum = ["R@{n}", "MRR"] }', 'Overall = { mean = ["R@{n}"] }'),
    ):
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    edition = load_edition(str(file))
    rows = lists(TRUTH)
    rows[0]["output"].reverse()
    two, three = (score_documents(rows, TRUTH, track, edition) for track in (2, 3))  # type: ignore[arg-type]
    assert two.strict.metrics == {"MRR": 0.875, "R@1": 0.75, "R@5": 1.0, "Overall": 0.875}
    assert (two.headline, three.headline, two.decimals, two.entries) == ("MRR", "R@5,IoU=0.5", 3, 20)
    assert next(iter(three.strict.metrics)) == "R@5,IoU=0.5"
    assert two.metrics["Overall"] == 0.75 + 1 + 1 + 0.875  # the official program knows nothing of it
    assert two.differences == ()
