"""Names that say answers, and names that say predictions, in English and Chinese."""

from __future__ import annotations

import pytest

from cmivqa_kit.data.answer_names import (
    folder_of_predictions,
    names_answers,
    names_predictions,
    names_true_times,
    system_in,
)

ANSWERS = ["dataset_testA_for_task_1_answer.json", "testAnswers.json", "官方答案 testA.json", "testA_答案.json",
           "test_gold.json", "TESTA-GT.json", "ground truth.json", "test_truth.json", "groundtruth_testB.json",
           "真值.json"]  # fmt: skip
WITH_TIMES = [
    "testA_labels.json",
    "test_annotations.json",
    "标注_testA.json",
    "testA 标签.json",
    "testA_annotated.json",
]
NEITHER = ["testA.json", "medical_question_answering_test.json", "golden_test.json", "testA_without_answers.json",
           "test_no_answer.json", "testA_unlabeled.json", "testA(无答案).json", "unanswered.json",
           "video_answer_localization.json", "testA_final.json"]  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_a_name_that_says_answers_by_itself(name: str) -> None:
    assert names_answers(name)
    assert names_true_times([name])


@pytest.mark.parametrize("name", WITH_TIMES)
def test_a_name_that_says_answers_of_a_file_with_times(name: str) -> None:
    assert not names_answers(name)
    assert names_true_times([name])


@pytest.mark.parametrize("name", NEITHER)
def test_a_name_that_says_nothing(name: str) -> None:
    assert not names_true_times([name])


def test_the_name_of_a_folder_counts_unless_it_is_that_of_a_project() -> None:
    assert names_true_times(["testA.json", "官方答案"])
    assert names_true_times(["testA.json", "x", "testA_answers.zip"])
    assert not names_true_times(["testA.json", "video-answer-localization"])
    assert not names_true_times(["testA.json", "question_answer_challenge"])


@pytest.mark.parametrize("name", ["my_submission.json", "output_task1.json", "preds.json", "testA_results.json",
                                  "提交 testA.json", "预测结果.json"])  # fmt: skip
def test_a_name_that_says_predictions(name: str) -> None:
    assert names_predictions(name)


@pytest.mark.parametrize("name", ["depressed.json", "presults.json", "train.json"])
def test_a_name_that_does_not_say_predictions(name: str) -> None:
    assert not names_predictions(name)


def test_folders_of_predictions() -> None:
    assert folder_of_predictions(["x", "my_submissions"]) == "my_submissions"
    assert folder_of_predictions(["runs"]) == "runs"
    assert folder_of_predictions(["samples", "trunks"]) == ""


def test_the_system_in_a_name() -> None:
    systems = ["prior", "bm25"]
    assert system_in("bm25_track1.json", systems) == "bm25"
    assert system_in("Prior.json", systems) == "prior"
    assert system_in("priority_train.json", systems) == ""
