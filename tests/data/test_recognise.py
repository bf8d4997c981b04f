"""Downloads are known by what they hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.recognise import Recognised, recognise
from cmivqa_kit.editions import load_edition
from tests.data.corpora import TEST_A_VIDEOS, TRAIN_VIDEOS, annotated, lines, subtitles, track1, track23, write

EDITION = load_edition("cmivqa-2023")
LATER = load_edition("mmivqa-2024")


def look(tmp_path: Path, document: Any, name: str = "download (3).json", hint: str = "", outer: str = "") -> Recognised:
    return recognise(write(tmp_path / name, document), hint or name, outer)


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (annotated(TRAIN_VIDEOS), "questions"),
        (track23(annotated(TEST_A_VIDEOS)), "questions"),
        ([{"id": 1, "Chinese_question": "问"}], "questions"),
        (subtitles(TRAIN_VIDEOS), "subtitles"),
        ({**{f"mute{n}": [] for n in range(30)}, "a": lines(1)}, "subtitles"),
        ({"a": [{"text": "no times"}]}, "subtitles"),  # so that opening it names the line
        ([{"id": 1, "question": "q", "output": []}], "submission"),
        ({"id": 0, "question": "q"}, "other"),
        ({}, "other"),
        ([], "other"),
        ([1, 2], "other"),
        ("text", "other"),
        ({"a": [1, 2]}, "other"),
    ],
)
def test_kinds(tmp_path: Path, document: Any, kind: str) -> None:
    found = look(tmp_path, document)
    assert found.kind == kind
    assert bool(found.why) == (kind in ("submission", "other"))


def test_facts_of_a_question_file(tmp_path: Path) -> None:
    found = look(tmp_path, annotated(TEST_A_VIDEOS))
    assert (found.edition, found.count, found.answers) == ("cmivqa-2023", 6, True)
    assert found.videos == frozenset(TEST_A_VIDEOS)
    assert look(tmp_path, track1(annotated(["v"]))).answers is False


def test_placeholders_are_no_answers(tmp_path: Path) -> None:
    records = [{**r, "start_second": 0, "end_second": 0} for r in annotated(["v"])]
    assert look(tmp_path, records).answers is False


@pytest.mark.parametrize("name", ["output_task1.json", "my_submission.json", "2023_Submit_Example_track1.json",
                                  "predictions.json", "MMIVQA_TASK1_Sample.json"])  # fmt: skip
def test_a_track_1_submission_is_told_by_its_name(tmp_path: Path, name: str) -> None:
    assert look(tmp_path, annotated(["v"]), name).kind == "submission"


@pytest.mark.parametrize("content", [b"[{", b"\xb4\xf3\xbc\xd2", b""])
def test_unreadable_is_other_with_the_reason(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    found = recognise(path, "a.json")
    assert found.kind == "other"
    assert str(path) in found.why


def test_an_answer_file_without_question_texts(tmp_path: Path) -> None:
    records = [{k: v for k, v in r.items() if k != "question"} for r in annotated(TEST_A_VIDEOS)]
    found = look(tmp_path, records, "dataset_testA_for_task_1_answer.json")
    assert (found.kind, found.answers, found.textless, found.split(EDITION)) == ("questions", True, True, "testA")
    assert look(tmp_path, [*records, {"id": 1}], "x.json").kind == "other"


@pytest.mark.parametrize(
    ("hint", "outer", "split"),
    [
        ("download (3).json", "", None),  # answered, but that says nothing
        ("download (3).json", "test_folder0", "testA"),
        ("download (3).json", "my_dev", "dev"),
        ("NLPCC_2023_CMIVQA_TESTB/download (3).json", "", "testB"),
        ("cmivqa_train_testA.zip/TESTA/q.json", "", "testA"),
        ("train/dev.json", "", "dev"),
    ],
)
def test_the_split_by_names(tmp_path: Path, hint: str, outer: str, split: str | None) -> None:
    assert look(tmp_path, annotated(["v"]), hint=hint, outer=outer).split(EDITION) == split


def test_the_split_by_size_or_not_at_all(tmp_path: Path) -> None:
    for count, split in ((2937, "train"), (492, "testA"), (511, "testB"), (100, None)):
        records = [{"id": n, "question": "q"} for n in range(count)]
        assert look(tmp_path, records).split(EDITION) == split


@pytest.mark.parametrize(
    ("records", "name", "tracks"),
    [
        (track1(annotated(["v"])), "x.json", (1,)),
        (track23(annotated(["v"])), "x.json", (2, 3)),
        (track1(annotated(["v"])), "x_track23.json", (2, 3)),
        ([{"id": "NLPCC2024_Task3_1", "question": "q"}], "x.json", (3,)),
    ],
)
def test_tracks(tmp_path: Path, records: Any, name: str, tracks: tuple[int, ...]) -> None:
    assert look(tmp_path, records, name).tracks(LATER) == tracks


def test_the_user_may_say_that_a_file_holds_answers(tmp_path: Path) -> None:
    path = write(tmp_path / "my_output.json", annotated(["v"]))
    assert recognise(path, "my_output.json").kind == "submission"
    assert recognise(path, "my_output.json", flagged=True).flagged


CAPTIONS = [{"Ch_caption": "中", "Eng_caption": "en", "start": 0, "end": 2}]


@pytest.mark.parametrize(
    "document",
    [
        [{"video_id": "a", "video_captions": CAPTIONS}],
        {"a": CAPTIONS},
        {"a": {"video_captions": CAPTIONS}},
    ],
)
def test_captions_alone_are_subtitles(tmp_path: Path, document: Any) -> None:
    found = look(tmp_path, document)
    assert (found.kind, found.videos) == ("subtitles", {"a"})


def test_captions_beside_questions_are_questions(tmp_path: Path) -> None:
    found = look(tmp_path, [{"id": 1, "English_question": "q", "video_id": "a", "video_captions": CAPTIONS}])
    assert (found.kind, found.inline) == ("questions", True)
