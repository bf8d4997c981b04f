"""Whether a file can be mended is told from its items without mending it, and is what mending it says."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from cmivqa_kit.entries.entry import open_entry
from cmivqa_kit.entries.ground import Ground
from cmivqa_kit.entries.mending import mend_entry, mendable, mends
from cmivqa_kit.errors import UserError
from cmivqa_kit.submission.codes import CODES
from tests.fuzz.mutation import changed
from tests.submission.fix.broken import ROWS, SPANS
from tests.submission.small import root_2023

LISTS = [{**row, "output": [list(entry) for entry in row["output"]] * 3} for row in ROWS]


@pytest.mark.parametrize("seed", range(6))
def test_what_is_told_is_what_mending_does(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    ground = Ground(data=root_2023(tmp_path / "data"))
    answers = set()
    for number in range(40):
        document = changed(chance.choice((SPANS, LISTS)), chance)
        text = json.dumps(document).encode("utf-8", "backslashreplace")
        (tmp_path / "rows.json").write_bytes(
            text + b" " * (number % 2) if chance.random() < 0.9 else b"\xef\xbb\xbf" + text
        )
        entry = open_entry(tmp_path / "rows.json", ground)
        try:
            report = entry.report
        except Exception as error:  # no split fits
            assert isinstance(error, UserError)
            continue
        if report.ok or not mendable(report.counts):
            continue
        fixed = mend_entry(tmp_path / "rows.json", tmp_path / "mended.json", ground, force=True).fixed
        expected = fixed.text is not None and any(CODES[change.code].severity == "E" for change in fixed.changes)
        assert mends(entry) == expected, (seed, number, report.counts)
        answers.add(expected)
    assert answers == {True, False}


@pytest.mark.parametrize(
    ("entry", "answer"),
    [(["vidA_______", "1:05", 70.0], True), (["vidA_______", 9.0, 3.0], True),
     (["vidA_______", float("nan"), 3.0], True),
     (["vidA_______", 3.0, 3.0], False), (["nowhere____", 3.0, 9.0], False), ([["vidA_______", 9.0, 3.0]], False)],
)  # fmt: skip
def test_what_the_entry_of_a_list_tells(tmp_path: Path, entry: list[object], answer: bool) -> None:
    document = [{**row, "output": [*row["output"], entry]} for row in LISTS]
    (tmp_path / "rows.json").write_text(json.dumps(document), encoding="utf-8")
    opened = open_entry(tmp_path / "rows.json", Ground(data=root_2023(tmp_path / "data"), track=3))
    assert not opened.report.ok
    assert mends(opened) is answer
