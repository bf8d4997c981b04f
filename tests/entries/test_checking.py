"""Validating on a ground: by the questions of a split or of an answer file, and the answer file itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmivqa_kit.data.types import TRACKS
from cmivqa_kit.entries import Ground, open_entry, open_ground
from cmivqa_kit.entries.checking import check_truth
from cmivqa_kit.errors import UserError
from tests.submission.small import lists, put, records, root_2023, spans, without


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return root_2023(tmp_path / "root")


def test_the_split_is_worked_out(tmp_path: Path, root: Path) -> None:
    report = open_entry(put(tmp_path / "e.json", spans(records("dev"))), root).report
    assert (report.split, report.tracks, report.ok) == ("dev", (1,), True)


def test_ids_of_another_split_are_found_out_by_the_questions(tmp_path: Path, root: Path) -> None:
    rows = [{**row, "id": f"q{row['id']}"} for row in lists(records("testA"))]
    entry = open_entry(put(tmp_path / "e.json", rows), root)
    assert entry.report.split == "testA" and entry.report.counts["E207"] == 1
    with pytest.raises(UserError, match="0 of 4 items have an id"):
        _ = entry.cards


def test_by_the_questions_of_an_answer_file(tmp_path: Path) -> None:
    truth = put(tmp_path / "answers.json", records("testA"))
    rows = spans(records("testA"))
    assert open_entry(put(tmp_path / "e.json", rows), Ground(truth=truth)).report.ok
    short = open_entry(put(tmp_path / "e.json", rows[1:]), Ground(truth=truth)).report
    assert short.split is None and short.counts == {"E206": 1}


def test_an_answer_file_for_all_tracks_asks_a_file_the_questions_of_its_own(tmp_path: Path) -> None:
    asked = {
        track: [{**row, "id": f"NLPCC2024_Task{track}_{row['id']}"} for row in records("testA")] for track in TRACKS
    }
    truth = put(tmp_path / "answers.json", [row for rows in asked.values() for row in rows])
    for track, rows in ((1, spans(asked[1])), (2, lists(asked[2])), (3, lists(asked[3]))):
        report = open_entry(put(tmp_path / "e.json", rows), Ground(truth=truth)).report
        assert (report.tracks, "E206" in report.counts) == ((track,), False)
        short = open_entry(put(tmp_path / "e.json", rows[1:]), Ground(truth=truth)).report
        assert short.counts["E206"] == 1


def test_rows_of_no_track(tmp_path: Path, root: Path) -> None:
    assert open_entry(put(tmp_path / "e.json", [5]), root).report.counts == {"E201": 1}
    with pytest.raises(UserError, match="cannot tell the track"):
        _ = open_entry(put(tmp_path / "e.json", [{"id": 0}]), root).report
    assert open_entry(put(tmp_path / "e.json", []), root).report.counts == {"E111": 1}


def test_an_answer_file_is_checked_against_its_corpus(tmp_path: Path, root: Path) -> None:
    wrong = [{**row, "video_id": "vidX_______"} for row in records("testA")]
    truth = put(tmp_path / "answers.json", wrong)
    assert check_truth(open_ground(Ground(root, truth=truth))).counts == {"E905": 4}
    assert "video ids and durations: no corpus" in check_truth(open_ground(Ground(truth=truth))).unchecked
    lost = put(tmp_path / "lost.json", without(records("testA"), "question", "id"))
    assert check_truth(open_ground(Ground(root, truth=lost))).counts == {"E903": 4}
