"""Step choice: LOVEU's programs with their holes, the kit's own ranks, and what is said of bad files."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.bench.contract.types import Evaluation
from cmivqa_kit.bench.tasks.step_choice.evaluator import loveu_22, loveu_23
from cmivqa_kit.bench.tasks.step_choice.predictions import read_scored_folders
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics import means
from tests.bench.hostile import LEAVES, spoiled, values, write

ANNOTATIONS: dict[str, Any] = {
    "oven_a1b2c": [
        {"question": "Bake?", "answers": [["a", "b", "c"], ["a", "b"]], "images": ["u", "u"], "correct": [1, 2]},
        {"question": "Stop?", "answers": [["a", "b", "c", "d"]], "images": ["u"], "correct": [4]},
    ],
    "fan_d3e4f": [{"question": "Cool?", "answers": [["a", "b", "c", "d", "e"]], "images": ["u"], "correct": [2]}],
}
PREDICTIONS: dict[str, Any] = {
    "oven_a1b2c": [
        {"question": "Bake?", "scores": [[3, 2, 1], [0.5, 0.1]]},
        {"question": "Stop?", "scores": [[4, 3, 2, 1]]},
    ],
    "fan_d3e4f": [{"question": "Cool?", "scores": [[1, 5, 4, 3, 2]]}],
}
RANKS = [1, 2, 4, 1]


def scored(folder: Path, annotations: Any, predictions: Any, year: int = 22) -> Evaluation:
    evaluator = loveu_22() if year == 22 else loveu_23()
    truth = evaluator.read_truth([write(folder / "test_with_gt.json", annotations)])
    return evaluator.evaluate(truth, evaluator.read_predictions(write(folder / "submit_test.json", predictions), truth))


def test_complete_predictions(tmp_path: Path) -> None:
    said = scored(tmp_path, ANNOTATIONS, PREDICTIONS)
    assert said.values["mean rank"].tolist() == RANKS
    assert said.official == {"Recall@1": 0.5, "Recall@3": 0.75, "MR": 2.0, "MRR": (3 + 1 + 1 + 5) / 4}
    assert means(said.metrics, said.values) == {
        "R@1": 0.5, "R@3": 0.75, "mean rank": 2.0, "MRR": (1 + 0.5 + 0.25 + 1) / 4, "candidates/rank": 2.5,
    }  # fmt: skip
    assert said.queries == ("oven_a1b2c/1/1", "oven_a1b2c/1/2", "oven_a1b2c/2/1", "fan_d3e4f/1/1")
    assert said.clusters == ("oven_a1b2c", "oven_a1b2c", "oven_a1b2c", "fan_d3e4f")
    assert (said.crash, said.remarks) == ("", ())
    assert said.extra == {"num_steps": 4.0, "mean_candidates": 3.5}
    assert said.counts["answered"] == said.counts["steps"] == 4
    newer = scored(tmp_path, ANNOTATIONS, PREDICTIONS, 23)
    assert newer.official == {"Recall@1": 0.5, "Recall@3": 0.75}
    assert means(newer.metrics, newer.values) == means(said.metrics, said.values)


def test_a_missing_question_raises_the_official_numbers_and_lowers_the_kits(tmp_path: Path) -> None:
    said = scored(tmp_path, ANNOTATIONS, {**PREDICTIONS, "oven_a1b2c": PREDICTIONS["oven_a1b2c"][1:]})
    assert said.official["Recall@1"] == 0.5  # of two steps
    own = means(said.metrics, said.values)
    assert own["R@1"] == 0.25
    assert own["mean rank"] == (3 + 2 + 4 + 1) / 4
    assert said.counts["missing"] == 2
    assert "1 question (oven_a1b2c, question 1) without predictions" in said.remarks[0]


def test_a_missing_step_is_a_miss(tmp_path: Path) -> None:
    fewer = [{"question": "Bake?", "scores": [[3, 2, 1]]}, PREDICTIONS["oven_a1b2c"][1]]
    said = scored(tmp_path, ANNOTATIONS, {**PREDICTIONS, "oven_a1b2c": fewer})
    assert said.values["R@3"].tolist() == [1, 0, 0, 1]  # the second step has two candidates
    assert said.official["Recall@3"] == 2 / 3
    assert "fewer lists of scores than steps" in said.remarks[0]


@pytest.mark.parametrize(
    ("oven", "crash"),
    [
        (PREDICTIONS["oven_a1b2c"][:1], "AssertionError: no predictions for the last question of oven_a1b2c"),
        ([], "AssertionError: no predictions for the last question of oven_a1b2c"),
        (None, "KeyError: 'oven_a1b2c' is not in the predictions"),
        (
            [{"question": "Bake?", "scores": [[3, 2, 1, -9], [0.5, 0.1]]}, PREDICTIONS["oven_a1b2c"][1]],
            "AssertionError: 4 scores for the 3 candidates of oven_a1b2c, question 1, step 1",
        ),
    ],
)
@pytest.mark.parametrize("year", [22, 23])
def test_where_the_programs_stop(tmp_path: Path, oven: Any, crash: str, year: int) -> None:
    predictions = {**PREDICTIONS, "oven_a1b2c": oven} if oven is not None else {"fan_d3e4f": PREDICTIONS["fan_d3e4f"]}
    said = scored(tmp_path, ANNOTATIONS, predictions, year)
    assert said.crash == crash
    assert not said.official
    assert said.values["R@1"][3] == 1.0  # the kit goes on
    assert said.remarks


def test_padding_inflated_the_earlier_program(tmp_path: Path) -> None:
    padded = [{"question": "Cool?", "scores": [[1, 5, 4, 3, 2, *[-100] * 15]]}]
    said = scored(tmp_path, ANNOTATIONS, {**PREDICTIONS, "fan_d3e4f": padded})
    assert said.remarks[-1].endswith("gives Recall@1 0.5000, Recall@3 0.7500, MR 2.0000, MRR 6.2500.")
    assert said.values["candidates/rank"][3] == 1.0


def test_no_step_at_all(tmp_path: Path) -> None:
    empty = {folder: [{**r, "scores": []} for r in records] for folder, records in PREDICTIONS.items()}
    assert scored(tmp_path, ANNOTATIONS, empty).crash.startswith("ZeroDivisionError")


def test_a_step_without_scores_stops_the_earlier_program_too(tmp_path: Path) -> None:
    said = scored(tmp_path, ANNOTATIONS, {**PREDICTIONS, "fan_d3e4f": [{"question": "Cool?", "scores": [[]]}]})
    assert said.remarks[-1].endswith("stops too: IndexError: a step has no scores.")


def test_questions_of_one_text_take_their_predictions_in_turn(tmp_path: Path) -> None:
    record = {"question": "Same?", "answers": [["a", "b"]], "images": ["u"]}
    annotations = {"oven_a1b2c": [{**record, "correct": [1]}, {**record, "correct": [2]}]}
    predictions = {"oven_a1b2c": [{"question": "Same?", "scores": [[1, 0]]}, {"question": "Same?", "scores": [[0, 1]]}]}
    said = scored(tmp_path, annotations, predictions)
    assert said.official["Recall@1"] == 0.5
    assert said.values["R@1"].tolist() == [1, 1]
    assert len(said.remarks) == 2


def test_what_nobody_asked_for_is_counted(tmp_path: Path) -> None:
    more = {
        "cup_00000": [],
        "fan_d3e4f": [{"question": "Cool?", "scores": [[1, 5, 4, 3, 2], [1]]}, {"question": "Why?", "scores": []}],
    }
    said = scored(tmp_path, ANNOTATIONS, {**PREDICTIONS, **more})
    assert said.official["Recall@1"] == 0.5
    counts = said.counts
    assert (counts["unknown folders"], counts["unknown questions"], counts["surplus steps"]) == (1, 1, 1)


def test_odd_labels(tmp_path: Path) -> None:
    fan = [{**ANNOTATIONS["fan_d3e4f"][0], "correct": [9]}]
    said = scored(tmp_path, {**ANNOTATIONS, "fan_d3e4f": fan}, PREDICTIONS)
    assert said.crash == "TypeError: the label 9 is none of 5 candidates"
    assert said.values["mean rank"].tolist() == [1, 2, 4, 5]
    newer = scored(tmp_path, {**ANNOTATIONS, "fan_d3e4f": fan}, PREDICTIONS, 23)
    assert newer.official == {"Recall@1": 0.25, "Recall@3": 0.5}
    listed = [{**ANNOTATIONS["fan_d3e4f"][0], "correct": [[2.0]]}]
    said = scored(tmp_path, {**ANNOTATIONS, "fan_d3e4f": listed}, PREDICTIONS, 23)
    assert said.crash == "TypeError: the label of fan_d3e4f, question 1, step 1 is not a number"
    assert said.values["mean rank"].tolist() == RANKS


@pytest.mark.parametrize(
    ("fan", "words"),
    [
        ("x", "/fan_d3e4f: a text, not a list of questions"),
        (["x"], "/fan_d3e4f/0: a text, not a question"),
        ([{"question": 3, "answers": [["a"]], "correct": [1]}], "/fan_d3e4f/0/question: a number, not a text"),
        ([{"question": "Q", "correct": [1]}], "/fan_d3e4f/0: no 'answers'"),
        ([{"question": "Q", "answers": [[]], "correct": [1]}], "/fan_d3e4f/0/answers/0: not a list of candidates"),
        ([{"question": "Q", "answers": [["a"]], "correct": [1, 1]}], "/fan_d3e4f/0/correct: 2 entries for 1 steps"),
        ([{"question": "Q", "answers": [["a"]], "correct": [1.5]}], "/fan_d3e4f/0/correct/0: 1.5 is not the number"),
        ([{"question": "Q", "answers": [["a"]], "correct": [True]}], "/fan_d3e4f/0/correct/0: True is not"),
        ([{"question": "Q", "answers": [["a"]], "correct": [None]}], "/fan_d3e4f/0/correct/0: null"),
        ([{"question": "Q", "answers": [["a"]]}], "/fan_d3e4f/0: no 'correct'"),
        ([{"question": "Q", "answers": [["a"]], "correct": [1], "images": [3]}], "/fan_d3e4f/0/images/0: a number"),
    ],
)
def test_faults_of_annotations(tmp_path: Path, fan: Any, words: str) -> None:
    path = write(tmp_path / "test_with_gt.json", {**ANNOTATIONS, "fan_d3e4f": fan})
    with pytest.raises(UserError) as caught:
        loveu_22().read_truth([path])
    assert words in str(caught.value)
    problems = loveu_22().check(tmp_path, "test").problems
    assert words in [f"{problem.location}: {problem.message}"[: len(words)] for problem in problems]


@pytest.mark.parametrize(
    ("predictions", "words"),
    [
        ([], "not predictions of step choice, but an array"),
        ({"a": 3}, "/a: a number, not a list of questions; the official program stops where"),
        ({"a": [3]}, "/a/0: a number, not an object"),
        ({"a": [{"scores": []}]}, "/a/0: no 'question'"),
        ({"a": [{"question": "Q"}]}, "/a/0: no 'scores'"),
        ({"a": [{"question": "Q", "scores": [3]}]}, "/a/0/scores/0: a number, not a list with one score per candidate"),
        (
            {"a": [{"question": "Q", "scores": [[float("nan")]]}]},
            "/a/0/scores/0/0: nan is not a finite number; the off",
        ),
        ({"a": [{"question": "Q", "scores": [[float("inf")]]}]}, "/a/0/scores/0/0: inf is not a finite number"),
        ({"a": [{"question": "Q", "scores": [[True]]}]}, "/a/0/scores/0/0: True is not a finite number"),
        ({"a/b": [{"question": "Q", "scores": [["1"]]}]}, "/a~1b/0/scores/0/0: '1' is not a finite number"),
    ],
)
def test_faults_of_predictions(tmp_path: Path, predictions: Any, words: str) -> None:
    with pytest.raises(UserError) as caught:
        read_scored_folders(write(tmp_path / "submit_test.json", predictions))
    assert words in str(caught.value)


def test_predictions_in_a_zip_or_a_folder(tmp_path: Path) -> None:
    read = read_scored_folders(write(tmp_path / "submit_test.json", PREDICTIONS))
    path = tmp_path / "submission.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.write(tmp_path / "submit_test.json", "submit_test.json")
        bundle.writestr("old.json", "{}")
    assert read_scored_folders(path) == read == read_scored_folders(tmp_path)


def test_a_look_at_the_data(tmp_path: Path) -> None:
    assert not loveu_22().check(tmp_path, "test").files
    with pytest.raises(UserError, match=r"no test_with_gt.json"):
        loveu_22().truth_files(tmp_path, "test")
    bare = {f: [{k: v for k, v in r.items() if k != "correct"} for r in records] for f, records in ANNOTATIONS.items()}
    write(tmp_path / "test_without_gt.json", bare)
    found = loveu_22().check(tmp_path, "test")
    assert found.counts == {"folders": 2, "questions": 3, "steps": 4, "candidates per step": 3.5}
    assert found.remarks[0] == "test_without_gt.json has no answers: it serves to predict, not to score."
    write(tmp_path / "test_with_gt.json", ANNOTATIONS)
    for name in ("video.mov", "script.txt", "buttons.csv", "images/u"):
        file = tmp_path / "test" / "oven_a1b2c" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert loveu_22().check(tmp_path, "test").remarks == ("test: no folder for 1 video (fan_d3e4f).",)
    (tmp_path / "test" / "fan_d3e4f").mkdir()
    assert len(loveu_22().check(tmp_path, "test").remarks) == 4
    assert loveu_23().check(tmp_path, "train").files == ()
    with pytest.raises(UserError, match="2 annotation files, not one"):
        loveu_22().read_truth([tmp_path / "a", tmp_path / "b"])


@settings(max_examples=60, deadline=None)
@given(change=st.integers(0, 60), value=LEAVES | values(["question", "scores", "oven_a1b2c"]), of_truth=st.booleans())
def test_no_file_ends_in_anything_but_a_plain_error(change: int, value: Any, of_truth: bool) -> None:
    annotations = spoiled(ANNOTATIONS, change, value) if of_truth else ANNOTATIONS
    predictions = PREDICTIONS if of_truth else spoiled(PREDICTIONS, change, value)
    with tempfile.TemporaryDirectory() as folder:
        try:
            said = scored(Path(folder), annotations, predictions)
        except UserError as error:
            assert ".json" in error.message
            assert error.fix
            return
    assert bool(said.official) != bool(said.crash)
    assert all(rank >= 1 for rank in said.values["mean rank"])


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_where_all_is_answered_the_numbers_are_the_official_ones(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=3), min_size=1, max_size=4))
    annotations: dict[str, Any] = {}
    predictions: dict[str, Any] = {}
    for number, steps in enumerate(sizes):
        labels = [data.draw(st.integers(1, size)) for size in steps]
        scores = [data.draw(st.lists(st.integers(0, 2), min_size=size, max_size=size)) for size in steps]
        text = f"Q{number}"
        record = {"question": text, "answers": [["a"] * size for size in steps], "correct": labels}
        annotations.setdefault(f"f{number % 2}", []).append(record)
        predictions.setdefault(f"f{number % 2}", []).append({"question": text, "scores": scores})
    with tempfile.TemporaryDirectory() as folder:
        said = scored(Path(folder), annotations, predictions)
    own = means(said.metrics, said.values)
    names = {"R@1": "Recall@1", "R@3": "Recall@3", "mean rank": "MR", "candidates/rank": "MRR"}
    assert [own[name] for name in names] == pytest.approx([said.official[name] for name in names.values()])
