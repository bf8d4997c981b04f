"""TREC 2024 MedVidQA: the official program with its misaligned topics, the kit's join, what is said of bad files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.bench.contract.types import Evaluation
from cmivqa_kit.bench.tasks.medvidqa.evaluator import medvidqa
from cmivqa_kit.bench.tasks.medvidqa.judgements import JudgedVideo, read_judgements, read_topics
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics import means
from tests.bench.hostile import LEAVES, spoiled, values, write

GRADES: dict[str, Any] = {"Q1": {"a": 1, "b": 0}, "Q3": {"c": 2}}
ANSWERS: dict[str, Any] = {
    "Q1": {"a": {"relevancy": "Definitely Relevant", "answer_start_seconds": [0, 50], "answer_end_seconds": [10, 60]}},
    "Q3": {"c": {"relevancy": "Possibly Relevant", "answer_start_seconds": [5], "answer_end_seconds": [15]}},
}


def video(name: str, score: float, start: float = 0, end: float = 10) -> dict[str, Any]:
    return {"video_id": name, "relevant_score": score, "answer_start_second": start, "answer_end_second": end}


RUN: list[Any] = [
    {"question_id": "Q1", "relevant_videos": [video("b", 0.9), video("a", 0.8, 50, 58)]},
    {"question_id": "Q2", "relevant_videos": [video("a", 0.5)]},
    {"question_id": "Q3", "relevant_videos": [video("c", 0.7, 5, 15)]},
]


def scored(folder: Path, run: Any, grades: Any = GRADES, answers: Any = ANSWERS) -> Evaluation:
    evaluator = medvidqa()
    files = [
        write(folder / f"{name}_judgement.json", document)
        for name, document in (("vr", grades), ("val", answers))
        if document is not None
    ]
    truth = evaluator.read_truth(files)
    return evaluator.evaluate(truth, evaluator.read_predictions(write(folder / "run.json", run), truth))


def test_the_program_joins_topics_wrongly_and_the_kit_by_id(tmp_path: Path) -> None:
    said = scored(tmp_path, RUN)
    # The second judged question (Q3) is held against the second submitted one (Q2).
    assert said.official["retrieval"]["MAP"] == 0.25
    own = means(said.metrics, said.values)
    assert own["MAP"] == 0.75
    assert own["P@5"] == 0.2
    assert said.official["localization"]["n=1"] == {"IoU=0.3": 33.33, "IoU=0.5": 33.33, "IoU=0.7": 33.33, "mIoU": 33.33}
    assert said.official["localization"]["n=3"]["mIoU"] == 60.0
    assert (own["R@1|mIoU"], own["R@3|mIoU"], own["R@3,IoU=0.7"]) == (0.5, 0.9, 1.0)
    assert said.queries == said.clusters == ("Q1", "Q3")
    assert said.metrics[0].name == "MAP"
    assert [remark.split(":")[0][:40] for remark in said.remarks] == [
        "The official program numbers judged and ", "1 question without judgement",
    ]  # fmt: skip


def test_one_half_alone(tmp_path: Path) -> None:
    bare = [{**q, "relevant_videos": [{k: v for k, v in e.items() if "answer" not in k} for e in q["relevant_videos"]]}
            for q in RUN]  # fmt: skip
    said = scored(tmp_path, bare, answers=None)
    assert list(said.official) == ["retrieval"]
    assert said.crash == ""
    assert not any("IoU" in metric.name for metric in said.metrics)
    said = scored(tmp_path, bare)
    assert said.crash == "KeyError: b has no answer_start_second"
    assert said.values["R@1|mIoU"].tolist() == [0, 0]
    said = scored(tmp_path, RUN, grades=None)
    assert (list(said.official), said.metrics[0].name) == (["localization"], "R@1|mIoU")


def test_a_question_judged_in_one_half_only(tmp_path: Path) -> None:
    said = scored(tmp_path, RUN, answers={"Q2": ANSWERS["Q1"]})
    assert said.queries == ("Q1", "Q3", "Q2")
    assert np.isnan(said.values["MAP"]).tolist() == [False, False, True]
    assert np.isnan(said.values["R@1|mIoU"]).tolist() == [True, True, False]


def test_a_missing_question_counts_nothing(tmp_path: Path) -> None:
    said = scored(tmp_path, RUN[:1])
    assert said.official["retrieval"]["MAP"] == 0.5
    assert means(said.metrics, said.values)["MAP"] == 0.25
    assert said.counts["missing"] == 1
    assert said.official["localization"]["n=3"]["mIoU"] == 80.0


@pytest.mark.parametrize(
    ("run", "crash"),
    [
        (RUN[1:], "SystemExit: the questions are not numbered"),
        ([RUN[0], RUN[0], RUN[1]], "SystemExit: the questions are not numbered"),
        ([{**RUN[0], "question_id": "one"}], "ValueError: a question_id is not Q and a number"),
        ([{"question_id": "Q1", "relevant_videos": []}], "SystemExit: trec_eval finds no question"),
    ],
)
def test_where_the_program_stops(tmp_path: Path, run: Any, crash: str) -> None:
    said = scored(tmp_path, run)
    assert said.crash.startswith(crash)
    assert not said.official


def test_a_question_given_twice_is_not_answered(tmp_path: Path) -> None:
    said = scored(tmp_path, [RUN[0], RUN[0], RUN[2]])
    assert said.values["MAP"].tolist() == [0, 1]
    assert any(remark.startswith("Q1 given twice") for remark in said.remarks)


def test_no_length_at_all(tmp_path: Path) -> None:
    moment = {"Q1": {"a": {"answer_start_seconds": [5], "answer_end_seconds": [5]}}}
    run = [{"question_id": "Q1", "relevant_videos": [video("a", 1.0, 5, 5)]}]
    said = scored(tmp_path, run, answers=moment)
    assert said.crash.startswith("ZeroDivisionError")
    assert list(said.official) == ["retrieval"]  # printed before
    assert said.values["R@1|mIoU"][0] == 0.0
    said = scored(tmp_path, [{"question_id": "Q1", "relevant_videos": []}], grades=None, answers=moment)
    assert said.crash == "ZeroDivisionError: no question has a video"


def test_localization_in_the_order_of_the_file_or_of_the_scores(tmp_path: Path) -> None:
    run = [{"question_id": "Q1", "relevant_videos": [video("b", 0.1), video("a", 0.9)]}]
    said = scored(tmp_path, run)
    assert said.official["localization"]["n=1"]["mIoU"] == 0.0
    assert said.values["R@1|mIoU"][0] == 1.0
    assert any("not given in the order of their scores" in remark for remark in said.remarks)


def test_a_video_given_twice_keeps_its_place_and_takes_the_last_span(tmp_path: Path) -> None:
    run = [{"question_id": "Q1", "relevant_videos": [video("a", 0.9, 90, 99), video("b", 0.5), video("a", 0.8)]}]
    said = scored(tmp_path, run)
    assert said.official["localization"]["n=1"]["mIoU"] == 100.0
    assert said.values["R@1|mIoU"][0] == 1.0
    assert said.remarks[-1].startswith("1 video given twice")


def test_a_span_that_is_none_overlaps_nothing(tmp_path: Path) -> None:
    run = [{"question_id": "Q1", "relevant_videos": [video("a", 0.9, -2, 10)]}]
    said = scored(tmp_path, run)
    assert said.official["localization"]["n=1"]["mIoU"] == 83.33
    assert said.values["R@1|mIoU"][0] == 0.0
    assert any("begin before 0" in remark for remark in said.remarks)


def test_files_are_told_by_content(tmp_path: Path) -> None:
    first, second = write(tmp_path / "one.json", GRADES), write(tmp_path / "two.json", ANSWERS)
    topics = tmp_path / "topics.txt"
    topics.write_text("Q1\tHow to?\nQ2\tWhy?\tmore\r\n\nQ3\tWhat?\n", encoding="utf-8")
    truth = read_judgements([second, topics, first])
    assert truth.grades == GRADES
    assert truth.answers is not None
    assert truth.answers["Q1"]["a"] == JudgedVideo("Definitely Relevant", ((0, 10), (50, 60)))
    assert truth.topics == {"Q1": "How to?", "Q2": "Why?", "Q3": "What?"}
    run = [*RUN, {"question_id": "Q4", "relevant_videos": []}]
    said = medvidqa().evaluate(truth, medvidqa().read_predictions(write(tmp_path / "run.json", run), truth))
    assert (said.counts["without judgement"], said.counts["unknown"]) == (2, 1)
    for files, words in (
        ([first, first], "a second file of one kind"),
        ([topics], "no judgement among the annotation files"),
        ([write(tmp_path / "three.json", {"Q1": {}})], "no video is judged"),
        ([write(tmp_path / "four.json", [1])], "not judgements, but an array"),
    ):
        with pytest.raises(UserError, match=words):
            read_judgements(files)


def test_faults_of_topics(tmp_path: Path) -> None:
    topics = tmp_path / "topics.txt"
    topics.write_text("Q1 How?\nQ2\tWhy?\nQ2\tWhy?\n", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_topics(topics)
    assert "line 1: no id with a tab behind it" in str(caught.value)
    assert "line 3: 'Q2' stands twice" in str(caught.value)


@pytest.mark.parametrize(
    ("grades", "answers", "words"),
    [
        ({**GRADES, "Q/4": 3}, None, "/Q~14: a number, not an object of videos"),
        ({**GRADES, "Q4": {"a": 1.5}}, None, "/Q4/a: 1.5 is no grade"),
        (None, {**ANSWERS, "Q4": {"a": 3}}, "/Q4/a: a number, not an object with times"),
        (None, {**ANSWERS, "Q4": {"a": {}}}, "/Q4/a: no answer_start_seconds and answer_end_seconds"),
        (
            None,
            {**ANSWERS, "Q4": {"a": {"answer_start_seconds": [1], "answer_end_seconds": []}}},
            "/Q4/a: 1 answer_start",
        ),
        (
            None,
            {**ANSWERS, "Q4": {"a": {"answer_start_seconds": [2], "answer_end_seconds": [1]}}},
            "/Q4/a: 2 to 1 is no",
        ),
    ],
)
def test_faults_of_judgements(tmp_path: Path, grades: Any, answers: Any, words: str) -> None:
    with pytest.raises(UserError) as caught:
        scored(tmp_path, RUN, grades, answers)
    assert words in str(caught.value)
    problems = medvidqa().check(tmp_path, "test").problems
    assert words in [f"{problem.location}: {problem.message}"[: len(words)] for problem in problems]


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ({}, "not a run of MedVidQA, but an object"),
        ([], "/: no question"),
        ([{"question_id": 1}], "/0: no question: 1 is no question_id"),
        ([{"question_id": "Q1"}], "/0/relevant_videos: null, not a list of videos"),
        ([{"question_id": "Q1", "relevant_videos": [3]}], "/0/relevant_videos/0: a number, not an object"),
        ([{"question_id": "Q1", "relevant_videos": [video("a b", 1)]}], "/0/relevant_videos/0/video_id: 'a b' holds"),
        ([{"question_id": "Q1", "relevant_videos": [video("", 1)]}], "/0/relevant_videos/0/video_id: '' is no id"),
        (
            [{"question_id": "Q1", "relevant_videos": [video("a", float("nan"))]}],
            "/0/relevant_videos/0/relevant_score: nan is not a finite number",
        ),
        (
            [
                {
                    "question_id": "Q1",
                    "relevant_videos": [{"video_id": "a", "relevant_score": 1, "answer_end_second": 2}],
                }
            ],
            "/0/relevant_videos/0/answer_start_second: None is not a finite number",
        ),
    ],
)
def test_faults_of_runs(tmp_path: Path, run: Any, words: str) -> None:
    with pytest.raises(UserError) as caught:
        scored(tmp_path, run)
    assert words in str(caught.value)


def test_a_look_at_the_data(tmp_path: Path) -> None:
    assert not medvidqa().check(tmp_path, "test").files
    with pytest.raises(UserError, match="no judgement"):
        medvidqa().truth_files(tmp_path, "test")
    write(tmp_path / "VR_Judgement.json", GRADES)
    found = medvidqa().check(tmp_path, "test")
    assert found.counts == {"questions": 2, "judged videos": 3, "relevant videos": 2, "answers": 0}
    assert found.remarks == ("no judgement of localization: that half is not scored.",)


@settings(max_examples=60, deadline=None)
@given(
    change=st.integers(0, 60), value=LEAVES | values(["question_id", "relevant_videos", "Q1"]), part=st.integers(0, 2)
)
def test_no_file_ends_in_anything_but_a_plain_error(change: int, value: Any, part: int) -> None:
    documents: list[Any] = [RUN, GRADES, ANSWERS]
    documents[part] = spoiled(documents[part], change, value)
    with tempfile.TemporaryDirectory() as folder:
        try:
            said = scored(Path(folder), *documents)
        except UserError as error:
            assert error.message
            assert error.fix
            return
    assert said.official or said.crash
    assert set(said.values) == {metric.name for metric in said.metrics}
