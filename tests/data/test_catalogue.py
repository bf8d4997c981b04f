"""What lies below a data root: every tree the organizers or people make, judged by names."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmivqa_kit.data.catalogue import Catalogue, catalogue
from cmivqa_kit.data.file_roles import is_answer_file, tracks_in
from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import UserError
from tests.data.corpora import (
    TEST_A_VIDEOS,
    TRAIN_VIDEOS,
    annotated,
    cmivqa_2023,
    features,
    medvidqa,
    mmivqa_2024,
    subtitles,
    track1,
    track23,
    write,
)


def chosen(files: Catalogue, split: str, track: Track | None = None) -> str:
    return files.question_file(split, track).path.relative_to(files.root).as_posix()


def test_the_2023_tree_as_released(tmp_path: Path) -> None:
    files = catalogue(cmivqa_2023(tmp_path))
    assert (files.edition.name, files.name, files.notes) == ("cmivqa-2023", tmp_path.name, ())
    assert files.splits == ("train", "testA", "testB")
    assert chosen(files, "Train_Dev", 2) == "NLPCC_2023_CMIVQA_TRAIN_DEV/CMIVQA_Train_Dev.json"
    assert chosen(files, "testA", 3) == "NLPCC_2023_CMIVQA_TESTA/dataset_testA_for_track23.json"
    assert chosen(files, "TESTB", 1) == "NLPCC_2023_CMIVQA_TESTB/dataset_testB_for_track1.json"
    for split, folder in (("train", "TRAIN_DEV"), ("testA", "TESTA"), ("testB", "TESTB")):
        home = tmp_path / f"NLPCC_2023_CMIVQA_{folder}"
        assert files.subtitle_file(home, split) == home / "subtitle.json"
        assert files.feature_folders(home) == (home / "video_feature",)


def test_both_spellings_with_one_content_are_one_file(tmp_path: Path) -> None:
    files = catalogue(cmivqa_2023(tmp_path))
    assert chosen(files, "testA", 1).endswith(("for_track1.json", "for_task_1.json"))
    assert files.question_file("testA").path == files.question_file("testA", 1).path


@pytest.mark.parametrize("spelling", ["dataset_testA_for_track1.json", "dataset_testA_for_task_1.json"])
def test_either_spelling_alone(tmp_path: Path, spelling: str) -> None:
    write(tmp_path / spelling, track1(annotated(["v"])))
    assert chosen(catalogue(tmp_path), "testA", 1) == spelling


def test_both_spellings_with_different_contents_are_an_error(tmp_path: Path) -> None:
    root = cmivqa_2023(tmp_path)
    write(root / "NLPCC_2023_CMIVQA_TESTA" / "dataset_testA_for_task_1.json", track1(annotated(["other"])))
    for track in (1, None):
        with pytest.raises(UserError, match="several question files for split 'testA'") as caught:
            catalogue(root).question_file("testA", track)
        assert "dataset_testA_for_task_1.json" in caught.value.message
        assert "dataset_testA_for_track1.json" in caught.value.message


def test_the_flat_tree(tmp_path: Path) -> None:
    write(tmp_path / "train.json", annotated(TRAIN_VIDEOS))
    write(tmp_path / "dataset_testA_for_track23.json", track23(annotated(TEST_A_VIDEOS)))
    write(tmp_path / "subtitle.json", subtitles(TRAIN_VIDEOS + TEST_A_VIDEOS))
    write(tmp_path / "answers" / "dataset_testA_for_task_1_answer.json", annotated(TEST_A_VIDEOS))
    features(tmp_path / "video_feature", TRAIN_VIDEOS)
    files = catalogue(tmp_path)
    assert files.splits == ("train", "testA")
    assert files.subtitle_file(tmp_path, "testA") == tmp_path / "subtitle.json"
    assert files.feature_folders(tmp_path) == (tmp_path / "video_feature",)
    assert [files.answer_file("testA", track) for track in (1, 2, 3)] == [files.answers[0]] * 3
    assert files.answer_file("testB", 1) is None
    with pytest.raises(UserError, match="no question file for Track 1"):
        files.question_file("testA", 1)


def test_mmivqa_2024_has_a_file_per_task_and_a_dev_split(tmp_path: Path) -> None:
    files = catalogue(mmivqa_2024(tmp_path))
    assert files.edition.name == "mmivqa-2024"
    assert files.splits == ("train", "dev", "test")
    assert [chosen(files, "test", t) for t in (1, 2, 3)] == [f"test/MMIVQA_TEST_TASK{t}.json" for t in (1, 2, 3)]
    assert chosen(files, "train") == "train/MMIVQA_TRAIN_TASK1.json"


def test_an_answer_file_per_task_serves_its_task_only(tmp_path: Path) -> None:
    root = mmivqa_2024(tmp_path)
    answer = write(root / "answers" / "test_task2_answer.json", [])
    files = catalogue(root)
    assert [files.answer_file("test", track) for track in (1, 2, 3)] == [None, answer, None]


def test_medvidqa(tmp_path: Path) -> None:
    files = catalogue(medvidqa(tmp_path))
    assert (files.edition.name, files.splits) == ("medvidqa", ("train", "dev", "test"))
    assert chosen(files, "test", 1) == chosen(files, "testA", 1) == "data/text/test.json"
    assert files.feature_folders(tmp_path / "data" / "text") == (
        tmp_path / "data" / "features" / "I3D",
        tmp_path / "data" / "features",
    )


def test_answer_files() -> None:
    root = Path("/r")
    held = ["answers/x.json", "Answers/deep/x.json", "testA_answer.json", "testAnswers.json", "test_gold.json"]
    assert [is_answer_file(root / name, root) for name in held] == [True] * len(held)
    assert not is_answer_file(root / "medical_question_answering_test.json", root)
    assert not is_answer_file(root / "golden_test.json", root)
    assert is_answer_file(root / "train_question_answer.json", root)
    assert not is_answer_file(root / "train_question_answer.json", root, public=True)
    assert is_answer_file(root / "answers" / "train.json", root, public=True)


def test_annotation_that_calls_itself_answers_is_annotation(tmp_path: Path) -> None:
    write(tmp_path / "train_question_answer.json", annotated(["v"]))
    write(tmp_path / "testA_question_answer.json", annotated(["v"]))
    files = catalogue(tmp_path)
    assert files.splits == ("train",)
    assert [path.name for path in files.answers] == ["testA_question_answer.json"]


def test_different_answer_files_for_one_split_are_an_error(tmp_path: Path) -> None:
    write(tmp_path / "answers" / "dataset_testA_for_task_1_answer.json", [1])
    write(tmp_path / "answers" / "testA_for_task_1.json", [2])
    with pytest.raises(UserError, match="several answer files"):
        catalogue(tmp_path).answer_file("testA", 1)


@pytest.mark.parametrize(
    ("name", "tracks"),
    [("x_for_track1", (1,)), ("task_2", (2,)), ("Task 3", (3,)), ("track23", (2, 3)), ("track2_3", (2, 3)),
     ("track123", (1, 2, 3)), ("task1_1", (1,)), ("track12", (1, 2)), ("task2024", ()), ("track4", ()), ("x", ())],
)  # fmt: skip
def test_tracks_in_a_name(name: str, tracks: tuple[int, ...]) -> None:
    assert tracks_in(name + ".json") == tracks


def test_what_is_not_used_is_said(tmp_path: Path) -> None:
    write(tmp_path / "train.json", annotated(["v"]))
    write(tmp_path / "submission.json", [])
    write(tmp_path / "latest.json", [])
    notes = {note.subject: note.why for note in catalogue(tmp_path).notes}
    assert notes == {
        "submission.json": "named like a submission, a sample or settings; not used",
        "latest.json": "its name names no split; not used",
    }


def test_the_manifest_names_corpus_and_edition(tmp_path: Path) -> None:
    write(tmp_path / "train.json", annotated(["v"]))
    write(tmp_path / "corpus.json", {"name": "Mine", "edition": "m4ivqa-2025", "year": 3})
    files = catalogue(tmp_path)
    assert (files.name, files.edition.name) == ("Mine", "m4ivqa-2025")
    assert catalogue(tmp_path, "cmivqa-2023").edition.name == "cmivqa-2023"
    write(tmp_path / "corpus.json", [])
    with pytest.raises(UserError, match=r"corpus\.json: not an object"):
        catalogue(tmp_path)


def test_a_broken_file_does_not_hide_the_edition_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    write(tmp_path / "test.json", [{"id": "NLPCC2024_Task1_1", "question": "q"}])
    assert catalogue(tmp_path).edition.name == "mmivqa-2024"


def test_subtitles_of_another_split_are_never_borrowed(tmp_path: Path) -> None:
    write(tmp_path / "train" / "train.json", annotated(TRAIN_VIDEOS))
    write(tmp_path / "train" / "subtitle.json", subtitles(TRAIN_VIDEOS))
    write(tmp_path / "testA" / "dataset_testA_for_track23.json", track23(annotated(TEST_A_VIDEOS)))
    files = catalogue(tmp_path)
    assert files.subtitle_file(tmp_path / "testA", "testA") is None


def test_a_single_subtitle_file_beside_is_used(tmp_path: Path) -> None:
    write(tmp_path / "questions" / "train.json", annotated(TRAIN_VIDEOS))
    only = write(tmp_path / "speech" / "subtitle.json", subtitles(TRAIN_VIDEOS))
    assert catalogue(tmp_path).subtitle_file(tmp_path / "questions", "train") == only


def test_subtitles_named_by_split(tmp_path: Path) -> None:
    write(tmp_path / "train.json", annotated(TRAIN_VIDEOS))
    train = write(tmp_path / "subtitle_train.json", {})
    test = write(tmp_path / "subtitle_testA.json", {})
    files = catalogue(tmp_path)
    assert [files.subtitle_file(tmp_path, split) for split in ("train", "testA")] == [train, test]
    write(tmp_path / "train_subtitles.json", {})
    with pytest.raises(UserError, match="several subtitle files"):
        catalogue(tmp_path).subtitle_file(tmp_path, "train")


def test_an_unknown_split_says_what_there_is(tmp_path: Path) -> None:
    files = catalogue(cmivqa_2023(tmp_path))
    with pytest.raises(UserError, match=r"no split 'testC' \(found: train, testA, testB\)\. Did you mean") as caught:
        files.question_file("testC")
    assert caught.value.fix == "Give --split train or --split testA or --split testB."
    with pytest.raises(UserError, match="make one with: cmivqa data split"):
        files.question_file("dev")


def test_no_such_root(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such data folder"):
        catalogue(tmp_path / "x")
    file = write(tmp_path / "x.json", [])
    with pytest.raises(UserError, match="is a file, not a data folder"):
        catalogue(file)
    (tmp_path / "empty").mkdir()
    assert catalogue(tmp_path / "empty").splits == ()
