"""The cards of an entry: which answers belong to a submission, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.types import Track
from cmivqa_kit.entries import Ground, open_entry
from cmivqa_kit.entries.entry import Scored
from cmivqa_kit.errors import ExitCode, UserError
from tests.submission.small import lists, put, records, root_2023, root_2024, spans, without


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return root_2023(tmp_path / "root")


def entry(tmp_path: Path, rows: Any) -> Path:
    return put(tmp_path / "entry.json", rows)


def score_in(path: Path, root: Path, split: str | None = None, track: Track | None = None) -> Scored:
    return open_entry(path, Ground(root, split=split)).score(track)


def score_against(path: Path, truth: Path, track: Track | None = None, edition: str = "cmivqa-2023") -> Scored:
    return open_entry(path, Ground(truth=truth, edition=edition)).score(track)


def refusal(call: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        call()
    return caught.value


def test_a_corpus_file_of_2023_is_scored_for_both_tracks(tmp_path: Path, files: Path) -> None:
    scored = score_in(entry(tmp_path, lists(records("dev"))), files)
    assert [(card.track, card.split) for card in scored.cards] == [(2, "dev"), (3, "dev")]
    assert scored.cards[0].metrics["Overall"] == 4.0
    assert scored.cards[1].metrics["Average"] == 1.0
    assert [answers.source for answers in scored.answers] == [files / "dev.json"] * 2


def test_one_track_where_asked_for(tmp_path: Path, files: Path) -> None:
    only = score_in(entry(tmp_path, lists(records("dev"))), files, track=3)
    assert [card.track for card in only.cards] == [3]
    first = score_in(entry(tmp_path, spans(records("dev"))), files)
    assert [(card.track, card.metrics["mIoU"]) for card in first.cards] == [(1, 1.0)]


@pytest.mark.parametrize("kind", [spans, lists])
def test_held_back_answers(tmp_path: Path, files: Path, kind: Any) -> None:
    error = refusal(lambda: score_in(entry(tmp_path, kind(records("testA"))), files))
    assert error.code == ExitCode.USAGE
    assert str(error) == (
        f"{tmp_path / 'entry.json'}: the answers of testA are held by the organizers, so there is "
        "nothing to score against (all 4 ids match)\n"
        f"Run `cmivqa validate {tmp_path / 'entry.json'}`, or predict and score `dev`."
    )
    some = refusal(lambda: score_in(entry(tmp_path, kind(records("testA"))[:3]), files))
    assert "(3 of 3 items have an id of its 4)" in some.message


def test_the_split_advised_has_public_answers(tmp_path: Path) -> None:
    root = root_2023(tmp_path / "root")
    (root / "dev.json").unlink()
    put(root / "dataset_testB_for_track23.json", without(records("dev"), "video_id", "start_second", "end_second"))
    error = refusal(lambda: score_in(entry(tmp_path, lists(records("testA"))), root))
    assert error.fix.endswith("predict and score `train`.")


def test_an_answer_file_in_the_data_root(tmp_path: Path) -> None:
    files = root_2023(tmp_path / "root", answers=True)
    scored = score_in(entry(tmp_path, lists(records("testA"))), files)
    assert scored.answers[0].source.name == "dataset_testA_for_task_1_answer.json"
    assert [card.metrics[card.headline] for card in scored.cards] == [4.0, 1.0]


def test_per_track_editions_score_one_track(tmp_path: Path) -> None:
    files = root_2024(tmp_path / "root")
    rows = json.loads((files / "dev_track3.json").read_text(encoding="utf-8"))
    rows = [{**row, **extra} for row, extra in zip(rows, records("dev"), strict=True)]
    rows = [{**row, "id": f"NLPCC2024_Task3_{i + 1}"} for i, row in enumerate(rows)]
    scored = score_in(entry(tmp_path, lists(rows)), files)
    assert [(card.track, card.split) for card in scored.cards] == [(3, "dev")]
    assert scored.cards[0].metrics["Average"] == 1.0


def test_against_a_file(tmp_path: Path) -> None:
    truth = put(tmp_path / "answers.json", records("testA"))
    both = score_against(entry(tmp_path, lists(records("testA"))), truth)
    assert [(card.track, card.split) for card in both.cards] == [(2, "answers"), (3, "answers")]
    one = score_against(entry(tmp_path, spans(records("testA"))), truth)
    assert [card.track for card in one.cards] == [1]
    forced = score_against(entry(tmp_path, lists(records("testA"))), truth, 1)
    assert forced.cards[0].crash == "KeyError at question 0: the fields are those of another track (Q51)"


def test_against_a_file_of_a_per_track_edition(tmp_path: Path) -> None:
    rows = [{**row, "id": f"NLPCC2024_Task2_{row['id']}"} for row in records("dev")]
    truth = put(tmp_path / "answers.json", without(rows, "start_second", "end_second"))
    scored = score_against(entry(tmp_path, lists(rows)), truth, edition="mmivqa-2024")
    assert [card.track for card in scored.cards] == [2]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (None, "no such answer file"),
        ("[{", "not JSON"),
        ("{}", "not an array of answers"),
        ("[]", "not an array of answers"),
        ("[1]", "not an array of answers"),
        ('[{"video_id": "v"}]', "not an array of answers"),
    ],
)
def test_unusable_answer_files(tmp_path: Path, content: str | None, part: str) -> None:
    truth = tmp_path / "answers.json"
    if content is not None:
        truth.write_text(content, encoding="utf-8")
    error = refusal(lambda: score_against(entry(tmp_path, lists(records("dev"))), truth))
    assert part in error.message
    assert error.code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("change", "track"),
    [({"start_second": None}, 1), ({"end_second": "5"}, 3), ({"start_second": True}, 1), ({"video_id": None}, 2),
     ({"video_id": 5}, 3), ({"id": None}, 2), ({"id": [1]}, 1)],
)  # fmt: skip
def test_answers_that_lack_something_are_no_crash_of_the_submission(tmp_path: Path, change: Any, track: Any) -> None:
    rows = records("dev")
    truth = put(tmp_path / "answers.json", [rows[0], {**rows[1], **change}, rows[2]])
    document = entry(tmp_path, spans(rows) if track == 1 else lists(rows))
    error = refusal(lambda: score_against(document, truth, track))
    assert "1 of 3 answers lack" in error.message
    assert error.code == ExitCode.USAGE


def test_track_2_needs_no_times(tmp_path: Path) -> None:
    truth = put(tmp_path / "answers.json", without(records("dev"), "start_second", "end_second"))
    document = entry(tmp_path, lists(records("dev")))
    assert score_against(document, truth, 2).cards[0].metrics["Overall"] == 4.0
    assert (
        "lack id or video_id or start_second or end_second" in refusal(lambda: score_against(document, truth)).message
    )


@pytest.mark.parametrize("rows", [[{"id": 0}], [1, "x"]])
def test_rows_of_no_track(tmp_path: Path, files: Path, rows: Any) -> None:
    truth = put(tmp_path / "answers.json", records("dev"))
    for call in (
        lambda: score_against(entry(tmp_path, rows), truth),
        lambda: score_in(entry(tmp_path, rows), files),
    ):
        error = refusal(call)
        assert "cannot tell the track" in error.message
        assert error.code == ExitCode.USAGE


@pytest.mark.parametrize("raw", [{"id": 0, "output": [["v", 0, 1]]}, {}, [], "text", 5, None])
def test_what_is_no_array_of_answers_cannot_be_scored(tmp_path: Path, files: Path, raw: Any) -> None:
    truth = put(tmp_path / "answers.json", records("dev"))
    document = entry(tmp_path, raw)
    for call in (lambda: score_against(document, truth), lambda: score_in(document, files)):
        error = refusal(call)
        assert "nothing to score" in error.message
        assert error.code == ExitCode.UNREADABLE
    if raw:  # with everything named, the official program's own crash is the answer
        assert score_against(document, truth, 1).cards[0].crash.startswith("TypeError")
        assert score_in(document, files, "dev", 1).cards[0].crash.startswith("TypeError")
