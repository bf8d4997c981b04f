"""An entry: report, cards, intervals, provenance and figures beside, from one reading of every file."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.entries import Entry, Ground, open_entries, open_entry, open_ground
from cmivqa_kit.errors import UserError
from cmivqa_kit.runs.directory import start_run
from cmivqa_kit.runs.provenance import keep
from cmivqa_kit.scoring.statistics.bootstrap import Resampling
from cmivqa_kit.submission.scan import Limits
from tests.submission import small
from tests.submission.small import put, records, root_2023, spans


def lists(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A valid submission for Tracks 2 and 3: the right answer only."""
    return [{**row, "output": row["output"][:1]} for row in small.lists(rows)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return root_2023(tmp_path / "root", answers=True)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each file was opened for reading, by its name."""
    times: Counter[str] = Counter()
    open_plainly = Path.open

    def spy(path: Path, *arguments: object, **options: object) -> object:
        times[path.name] += 1
        return open_plainly(path, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", spy)
    return times


def test_everything_about_a_file(tmp_path: Path, root: Path) -> None:
    path = put(tmp_path / "entry.json", lists(records("testA")))
    run = start_run(tmp_path / "runs", "bm25", {}, 0, "kit")
    run.finish()
    keep(run, path)
    entry = open_entry(path, Ground(root, published="ccgs", runs=tmp_path / "runs", resampling=Resampling(50, 1)))
    assert entry.report.ok and entry.report.tracks == (2, 3)
    assert [(card.track, card.split) for card in entry.cards] == [(2, "testA"), (3, "testA")]
    assert entry.sound and entry.findings == ()
    assert entry.truth == root / "answers" / "dataset_testA_for_task_1_answer.json"
    assert entry.made_by is not None and entry.made_by["run"] == run.path.name
    assert entry.scores[0].published is not None and entry.scores[0].published.confirmed
    assert list(entry.cards[0].intervals) == list(entry.cards[0].strict.metrics)
    document = entry.to_dict()
    assert document["status"] == "ok"
    assert document["scores"][0]["resampling"] == {"by": "video", "units": 3, "resamples": 50, "seed": 1}
    assert document["scores"][0]["published"]["preset"] == "ccgs"


ASKED: list[list[Callable[[Entry], object]]] = [
    [lambda entry: entry.report, lambda entry: entry.scores, lambda entry: entry.made_by],
    [lambda entry: entry.made_by, lambda entry: entry.scores, lambda entry: entry.report],
    [lambda entry: entry.cards, lambda entry: entry.report],
]


@pytest.mark.parametrize("questions", ASKED, ids=["report first", "record first", "cards first"])
def test_the_file_is_read_once_and_so_is_the_ground(
    tmp_path: Path, root: Path, opened: Counter[str], questions: list[Callable[[Entry], object]]
) -> None:
    for name in ("one.json", "two.json", "three.json"):
        put(tmp_path / "entries" / name, lists(records("testA")))
    put(tmp_path / "entries" / "four.json", spans(records("testA")))
    opened.clear()
    ground = open_ground(Ground(root, runs=tmp_path))
    for entry in open_entries(tmp_path / "entries", ground):
        for question in questions:
            question(entry)
    # Subtitles too, though each track's questions name other videos.
    assert {name: times for name, times in opened.items() if times > 1} == {}
    assert {"one.json", "four.json", "dataset_testA_for_track23.json", "subtitle.json"} <= set(opened)


def test_the_spy_sees_a_second_reading(tmp_path: Path, root: Path, opened: Counter[str]) -> None:
    path = put(tmp_path / "entry.json", lists(records("testA")))
    opened.clear()
    for _ in range(2):
        assert open_entry(path, root).report.ok
    assert opened["entry.json"] == 2 and opened["dataset_testA_for_track23.json"] == 2


def test_an_annotated_split_is_read_once_for_both_tracks(tmp_path: Path, root: Path, opened: Counter[str]) -> None:
    entry = open_entry(put(tmp_path / "entry.json", lists(records("dev"))), root)
    _ = entry.ground.root
    opened.clear()
    assert [card.split for card in entry.cards] == ["dev", "dev"] and entry.report.split == "dev"
    assert opened["dev.json"] == 1


def test_what_cannot_be_scored_has_a_report_all_the_same(tmp_path: Path) -> None:
    entry = open_entry(put(tmp_path / "entry.json", lists(records("testA"))), root_2023(tmp_path / "root"))
    with pytest.raises(UserError, match="the answers of testA are held by the organizers"):
        _ = entry.cards
    assert entry.report.ok and entry.report.split == "testA"


def test_a_file_that_cannot_be_read(tmp_path: Path, root: Path) -> None:
    entry = open_entry(tmp_path / "nothing.json", root)
    assert [finding.code for finding in entry.findings] == ["E101"]
    assert entry.cards == () and not entry.sound and entry.truth is None
    assert entry.to_dict()["status"] == "unreadable"
    assert [finding.code for finding in entry.report.findings] == ["E101"]
    with pytest.raises(UserError, match="cannot be compared: E101"):
        entry.require("compared", None)


def test_what_the_validator_refuses_can_be_scored(tmp_path: Path, root: Path) -> None:
    path = put(tmp_path / "entry.json", lists(records("testA")))
    entry = open_entry(path, Ground(root, limits=Limits(size=20)))
    assert [finding.code for finding in entry.report.findings] == ["E102"]
    assert [card.track for card in entry.cards] == [2, 3]


def test_findings_of_items_are_the_reports(tmp_path: Path, root: Path) -> None:
    rows = lists(records("testA"))
    rows[0]["output"][0][1] = float("nan")
    path = put(tmp_path / "entry.json", rows)
    entry = open_entry(path, root)
    assert "E302" in entry.report.counts or "E106" in entry.report.counts
    assert entry.findings == open_entry(path, root).findings == ()


def test_releasing_keeps_what_was_worked_out(tmp_path: Path, root: Path, opened: Counter[str]) -> None:
    path = put(tmp_path / "entry.json", lists(records("testA")))
    entry = open_entry(path, Ground(root, runs=tmp_path))
    before = entry.cards
    entry.release()
    path.unlink()
    opened.clear()
    gc.collect()
    assert entry.cards is before and entry.findings == () and entry.made_by is None and not opened
    assert entry.document.findings[0].code == "E101", "the file itself is gone and would have to be read again"


def test_a_part_of_the_questions_and_no_intervals(tmp_path: Path, root: Path) -> None:
    from cmivqa_kit.scoring.options import ScoreOptions

    path = put(tmp_path / "entry.json", lists(records("testA")))
    for only, typed in (((1, 2), False), (("1", "2"), True)):
        ground = Ground(root, options=ScoreOptions((1, 2), only, typed), resampling=None)
        card = open_entry(path, ground).cards[0]
        assert card.question_ids == (1, 2) and card.cutoffs == (1, 2) and card.intervals == {}
    with pytest.raises(UserError, match="no question has the id '1'"):
        _ = open_entry(path, Ground(root, options=ScoreOptions(None, ("1",)))).cards


def test_the_embedded_corpus_is_the_ground_without_another(tmp_path: Path) -> None:
    entry = open_entry(put(tmp_path / "entry.json", lists(records("testA"))))
    assert entry.ground.embedded
    with pytest.raises(UserError, match="nothing is judged on the embedded demo corpus"):
        _ = entry.report


def test_a_folder_without_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no \.json file in this folder"):
        list(open_entries(tmp_path))
