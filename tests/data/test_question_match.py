"""Whether two files ask the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.question_match import difference, questions_in, share_of
from cmivqa_kit.data.unused_files import unused_question_files
from cmivqa_kit.errors import UserError
from tests.data.corpora import TEST_A_VIDEOS, TRAIN_VIDEOS, annotated, track1, track23, write

TIMED = annotated(TEST_A_VIDEOS)


def test_times_count_where_they_are_answers(tmp_path: Path) -> None:
    first = questions_in(write(tmp_path / "1.json", TIMED))
    other = questions_in(write(tmp_path / "2.json", [{**TIMED[0], "end_second": 99}, *TIMED[1:]]))
    assert difference(first, other, answers=False) == ""
    assert difference(first, other, answers=True) == "the times of 1 of 6 questions differ, e.g. of 1"
    assert difference(first, None, answers=True) == "their questions cannot be compared"


def test_the_share_that_is_asked_elsewhere(tmp_path: Path) -> None:
    full = questions_in(write(tmp_path / "1.json", TIMED)) or {}
    bare = questions_in(write(tmp_path / "2.json", track23(TIMED)[:3])) or {}
    assert (share_of(bare, full), share_of(full, bare)) == (1.0, 0.5)
    assert share_of(full, bare, videos=True) == 0.0  # one of them names none
    moved = questions_in(write(tmp_path / "3.json", [{**record, "video_id": "z"} for record in TIMED])) or {}
    assert share_of(full, moved) == 0.0
    assert share_of({}, full) == 0.0


@pytest.mark.parametrize(
    "document", [{"a": 1}, [], [1], [{"id": 1}], [{"id": 1, "question": 5}], [{"id": [], "video_id": "v"}]]
)
def test_what_cannot_be_compared(tmp_path: Path, document: object) -> None:
    assert questions_in(write(tmp_path / "x.json", document)) is None
    assert questions_in(tmp_path / "missing.json") is None


def test_question_files_that_agree_are_one_split(tmp_path: Path) -> None:
    write(tmp_path / "dataset_testA_for_track1.json", track1(TIMED))
    write(tmp_path / "dataset_testA_for_task_1.json", track1(TIMED)[::-1])
    files = catalogue(tmp_path)
    assert files.question_file("testA", 1).path.name == "dataset_testA_for_task_1.json"
    assert unused_question_files(files, "TESTA") == ()


def test_annotations_with_other_times_do_not_agree(tmp_path: Path) -> None:
    write(tmp_path / "train_a.json", TIMED)
    write(tmp_path / "train_b.json", [{**record, "end_second": 99} for record in TIMED])
    with pytest.raises(UserError, match="the times of 6 of 6 questions differ"):
        catalogue(tmp_path).question_file("train")
    assert unused_question_files(catalogue(tmp_path), "train") == ()  # an error of its own


def test_a_file_behind_another_is_named_where_it_says_something_else(tmp_path: Path) -> None:
    write(tmp_path / "train.json", annotated(TRAIN_VIDEOS))
    write(tmp_path / "train_v2.json", annotated(TRAIN_VIDEOS, first=2))
    (note,) = unused_question_files(catalogue(tmp_path), "train")
    assert note.subject == "train_v2.json"
    assert note.why == "not used: train.json is the question file of train; 2 ids stand in one of them only, e.g. 1"


def test_the_whole_of_a_division_is_not_named(tmp_path: Path) -> None:
    whole = annotated(TRAIN_VIDEOS)
    write(tmp_path / "CMIVQA_Train_Dev.json", whole)
    write(tmp_path / "train.json", whole[:8])
    write(tmp_path / "dev.json", whole[8:])
    assert unused_question_files(catalogue(tmp_path), "train") == ()


def test_times_beside_the_question_file_of_a_test_are_named(tmp_path: Path) -> None:
    write(tmp_path / "dataset_testA_for_track1.json", track1(TIMED))
    write(tmp_path / "dataset_testA_for_track23.json", track23(TIMED))
    write(tmp_path / "testA_final.json", TIMED)
    (note,) = unused_question_files(catalogue(tmp_path), "testA")
    assert note.subject == "testA_final.json"
    assert "times like answers or predictions; true answers go into answers/" in note.why
