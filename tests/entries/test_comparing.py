"""Comparing entries, and diagnosing one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmivqa_kit.diagnosis.entries import diagnose_entry
from cmivqa_kit.entries import Ground, open_entries, open_entry
from cmivqa_kit.entries.comparing import compare_entries, remarks_on_corpora
from cmivqa_kit.errors import ExitCode, UserError
from cmivqa_kit.scoring.statistics.paired import Settings
from tests.submission.small import lists, put, records, root_2023, spans


def test_two_entries(tmp_path: Path) -> None:
    root = root_2023(tmp_path / "root")
    good, bad = lists(records("dev")), [{**row, "output": row["output"][1:]} for row in lists(records("dev"))]
    entries = list(open_entries([put(tmp_path / "bad.json", bad), put(tmp_path / "good.json", good)], root))
    comparisons = compare_entries(entries, ["R@1"], Settings(resamples=20))
    assert [comparison.track for comparison in comparisons] == [2, 3]
    assert comparisons[0].names == (str(entries[0].path), str(entries[1].path))
    assert comparisons[0].pairs[0].differences[0].difference == 1.0


def test_what_cannot_be_compared(tmp_path: Path) -> None:
    root = root_2023(tmp_path / "root")
    entry = open_entry(put(tmp_path / "a.json", lists(records("dev"))), root)
    with pytest.raises(UserError, match="one file is no comparison"):
        compare_entries([entry])
    with pytest.raises(UserError, match="nothing to compare"):
        compare_entries([])
    empty = open_entry(put(tmp_path / "b.json", []), root)
    with pytest.raises(UserError, match="nothing to score") as caught:
        compare_entries([entry, empty])
    assert caught.value.code == ExitCode.USAGE


def test_a_diagnosis_takes_the_track_with_spans(tmp_path: Path) -> None:
    root = root_2023(tmp_path / "root")
    diagnosis = diagnose_entry(put(tmp_path / "a.json", lists(records("dev"))), root)
    assert diagnosis.card.track == 3 and diagnosis.score == 1.0
    assert diagnosis.context.corpus is not None and diagnosis.context.prior is not None
    truth = put(tmp_path / "answers.json", records("dev"))
    apart = diagnose_entry(put(tmp_path / "a.json", spans(records("dev"))), Ground(root, truth=truth))
    assert apart.card.track == 1 and apart.context.corpus is not None
    assert diagnose_entry(tmp_path / "a.json", Ground(truth=truth)).context.corpus is None
    foreign = [{**row, "id": row["id"] + 900, "question": "?"} for row in records("dev")]
    truth = put(tmp_path / "others.json", foreign)
    (remark,) = diagnose_entry(put(tmp_path / "a.json", foreign), Ground(root, truth=truth)).context.remarks
    assert "has no split that this file answers" in remark
    with pytest.raises(UserError, match="is for Track 2, which has no spans"):
        diagnose_entry(tmp_path / "a.json", Ground(root, track=2))


def test_runs_that_answered_over_other_numbers_of_videos_are_remarked() -> None:
    records: list[dict[str, int] | None] = [{"videos": 56}, {"videos": 20}, None, {}]
    assert remarks_on_corpora(["a.json", "b.json", "c.json", "d.json"], records) == (
        "not ranked among the same videos, and fewer are easier: a.json among 56, b.json among 20",
    )
    assert remarks_on_corpora(["a.json", "b.json"], [{"videos": 20}, {"videos": 20}]) == ()
    assert remarks_on_corpora(["a.json", "b.json"], [{"videos": 20}, None]) == ()
