"""Findings are all counted, and the first of each code kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmivqa_kit.data.types import Question
from cmivqa_kit.editions import load_edition
from cmivqa_kit.submission.findings import Finding
from cmivqa_kit.submission.read import read_submission
from cmivqa_kit.submission.tally import Tally
from cmivqa_kit.submission.validate import Report, validate
from tests.data.corpora import write


def test_what_is_not_kept_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cmivqa_kit.submission.tally.KEPT", 2)
    tally = Tally(Finding(code, str(number)) for number in range(3) for code in ("E304", "W412"))
    assert (tally.counts, len(tally.kept)) == ({"E304": 3, "W412": 3}, 4)
    assert [finding.message for finding in tally.kept] == ["0", "0", "1", "1"]
    assert tally.counted("E304")
    assert not tally.counted("E411")
    assert tally.counts == {"E304": 4, "W412": 3}
    tally.drop(("E304", "W308"))
    assert (tally.counts, [finding.code for finding in tally.kept]) == ({"W412": 3}, ["W412", "W412"])


@pytest.mark.parametrize("corpus", [(), ("a", "b")])
def test_a_file_of_many_faults_is_told_as_one_of_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, corpus: tuple[str, ...]
) -> None:
    """Whatever is only counted, the counts and the first findings are those of a report that keeps everything."""
    entries = [["a", 5.0, 1.0], ["b", 1.0, 1.0], ["c", -1.0, 2.0], ["a", "1", 2.0], ["b", 3, 2], ["x", 2.0, 1e999]]
    rows = [{"id": number, "question": "q", "output": entries} for number in range(4)]
    path = write(tmp_path / "rows.json", rows)

    def checked() -> Report:
        questions = [Question(number, "other") for number in range(4)]
        return validate(read_submission(path), (2, 3), load_edition("cmivqa-2023"), "dev", questions, corpus)

    whole = checked()
    monkeypatch.setattr("cmivqa_kit.submission.tally.KEPT", 3)
    few = checked()
    assert few.counts == whole.counts
    assert whole.counts["E304"] == 8
    first = [f for code in whole.counts for f in [f for f in whole.findings if f.code == code][:3]]
    assert list(few.findings) == first
