"""TVR: the official program's float32 and holes, the kit's own recalls, and what is said of bad files."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.bench.contract.types import Evaluation
from cmivqa_kit.bench.tasks.tvr.evaluator import tvr
from cmivqa_kit.bench.tasks.tvr.program import CUTOFFS, THRESHOLDS
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics import means
from tests.bench.hostile import LEAVES, spoiled, values, write, write_lines

TRUTH: list[dict[str, Any]] = [
    {"desc_id": 1, "desc": "a", "type": "v", "vid_name": "x", "ts": [0, 10]},
    {"desc_id": 2, "desc": "b", "type": "t", "vid_name": "y", "ts": [5, 15]},
    {"desc_id": 3, "desc": "c", "type": "vt", "vid_name": "x", "ts": [20, 30]},
]
INDICES = {"x": 100, "y": 200, "z": 300}
ROWS = [
    {"desc_id": 1, "predictions": [[200, 0, 10, 9.0], [100, 0, 6, 8.0], [100, 0, 10, 7.0]]},
    {"desc_id": 2, "predictions": [[200, 5, 15]]},
    {"desc_id": 3, "predictions": [[300, 20, 30, 1], [300, 0, 1, 1], [100, 40, 50, 1]]},
]
SUBMISSION: dict[str, Any] = {"video2idx": INDICES, "VCMR": ROWS, "SVMR": ROWS, "VR": ROWS}


def scored(folder: Path, truth: list[Any], submission: Any) -> Evaluation:
    evaluator = tvr()
    annotations = evaluator.read_truth([write_lines(folder / "tvr_val_release.jsonl", truth)])
    return evaluator.evaluate(
        annotations, evaluator.read_predictions(write(folder / "p.json", submission), annotations)
    )


def test_three_tasks(tmp_path: Path) -> None:
    said = scored(tmp_path, TRUTH, SUBMISSION)
    assert said.official["VCMR"]["0.5-r1"] == 33.33
    assert said.official["SVMR"]["0.7-r1"] == 33.33
    assert said.official["SVMR"]["0.5-r1"] == 66.67  # without the video that is wrong
    assert said.official["VR"] == {"r1": 33.33, "r5": 100.0, "r10": 100.0, "r100": 100.0}
    assert said.official["VR_by_type"]["t-r1"] == 100.0
    assert said.official["VR_by_type"]["desc_type_ratio"] == "v 33.33 t 33.33 vt 33.33"
    assert said.values["VCMR:R@5,IoU=0.5"].tolist() == [1, 1, 0]
    assert said.metrics[0].name == "VCMR:R@1,IoU=0.7"
    assert said.clusters == ("x", "y", "x")
    assert (said.crash, said.remarks) == ("", ())


def test_a_task_may_be_left_out(tmp_path: Path) -> None:
    said = scored(tmp_path, TRUTH, {"video2idx": INDICES, "VR": ROWS})
    assert list(said.official) == ["VR", "VR_by_type"]
    assert np.isnan(said.values["VCMR:R@1,IoU=0.7"]).all()
    assert said.remarks == ("Not handed in: VCMR, SVMR; the official program leaves such a task out.",)


def test_in_vr_a_video_takes_one_rank(tmp_path: Path) -> None:
    rows = [[300, 0, 0]] * 5 + [[100, 0, 0]]
    said = scored(tmp_path, TRUTH, {"video2idx": INDICES, "VR": [{"desc_id": 1, "predictions": rows}, *ROWS[1:]]})
    assert said.official["VR"]["r5"] == 66.67
    assert said.values["VR:R@5"].tolist() == [1, 1, 1]


def test_only_a_hundred_predictions_count(tmp_path: Path) -> None:
    rows = [{"desc_id": 1, "predictions": [[200, 0, 1]] * 100 + [[100, 0, 10]]}, *ROWS[1:]]
    said = scored(tmp_path, TRUTH, {"video2idx": INDICES, "SVMR": rows})
    assert said.values["SVMR:R@100,IoU=0.5"].tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("rows", "crash"),
    [
        (ROWS[:2], "AssertionError: desc_ids in VCMR and in the ground truth must match"),
        ([*ROWS, {"desc_id": 9, "predictions": []}], "AssertionError: desc_ids in VCMR and in the ground truth must"),
        ([*ROWS[:2], {"desc_id": 3, "predictions": []}], "IndexError: VCMR has no predictions for desc_id 3"),
    ],
)
def test_where_the_program_stops(tmp_path: Path, rows: list[Any], crash: str) -> None:
    said = scored(tmp_path, TRUTH, {**SUBMISSION, "VCMR": rows})
    assert said.crash.startswith(crash)
    assert not said.official
    assert said.values["VCMR:R@5,IoU=0.5"].tolist() == [1, 1, 0]
    assert "the official program stops" in said.remarks[0]


def test_a_video_without_a_number(tmp_path: Path) -> None:
    said = scored(tmp_path, TRUTH, {**SUBMISSION, "video2idx": {"x": 100}})
    assert said.crash == "KeyError: 'y' is not in video2idx"
    assert said.values["VR:R@100"].tolist() == [1, 0, 1]


def test_float32_takes_large_numbers_for_others(tmp_path: Path) -> None:
    truth = [TRUTH[0]]
    rows = [{"desc_id": 1, "predictions": [[2**24 + 1, 0, 10]]}]
    said = scored(tmp_path, truth, {"video2idx": {"x": 2**24, "w": 2**24 + 1}, "VR": rows})
    assert said.official["VR"]["r1"] == 100.0
    assert said.values["VR:R@1"].tolist() == [0]
    assert any("in float32" in remark for remark in said.remarks)


def test_a_threshold_is_met_in_the_own_arithmetic(tmp_path: Path) -> None:
    # 0.7 of float32 is a little smaller than 7/10, that of float64 larger: only float32 reaches it here.
    rows = [{"desc_id": 1, "predictions": [[100, 0, 6.99999999]]}]
    said = scored(tmp_path, TRUTH[:1], {"video2idx": INDICES, "VCMR": rows})
    assert said.official["VCMR"]["0.7-r1"] == 100.0
    assert said.values["VCMR:R@1,IoU=0.7"].tolist() == [0]


def test_of_four_spans_two_must_be_hit(tmp_path: Path) -> None:
    spans = [[0, 10], [50, 60], [50, 61], [80, 90]]
    rows = [{"desc_id": 1, "predictions": [[100, 0, 10], [100, 50, 60]]}]
    said = scored(tmp_path, [{**TRUTH[0], "ts": spans}], {"video2idx": INDICES, "VCMR": rows})
    assert said.official["VCMR"]["0.7-r1"] == 0.0
    assert said.official["VCMR"]["0.7-r5"] == 100.0
    assert said.official["VCMR_by_type"]["t-0.7-r5"] is None
    assert said.values["VCMR:R@5,IoU=0.7"].tolist() == [1]
    assert any("prints NaN" in remark for remark in said.remarks)


def test_the_last_of_two_counts(tmp_path: Path) -> None:
    said = scored(tmp_path, TRUTH, {"video2idx": INDICES, "VR": [{"desc_id": 2, "predictions": [[1, 0, 0]]}, *ROWS]})
    assert said.values["VR:R@1"].tolist() == [0, 1, 0]
    assert said.remarks[-1] == "VR: 1 desc_id twice; the last one counts, for the official program too."


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (3, "line 4: a number, not an object"),
        ({**TRUTH[0]}, "line 4: desc_id 1 stands twice"),
        ({**TRUTH[0], "desc_id": None}, "line 4: desc_id: None is no id"),
        ({**TRUTH[0], "desc_id": 4, "type": "x"}, "line 4: type: 'x' is none of v, t, vt"),
        ({**TRUTH[0], "desc_id": 4, "ts": [3, 1]}, "line 4: ts: [3, 1] is neither"),
        ({**TRUTH[0], "desc_id": 4, "ts": [[1, 2], [3, 4]]}, "line 4: ts:"),
        ({"desc_id": 4, "desc": "", "type": "v"}, "line 4: no vid_name: the video is hidden here"),
    ],
)
def test_faults_of_annotations(tmp_path: Path, row: Any, words: str) -> None:
    path = write_lines(tmp_path / "tvr_val_release.jsonl", [*TRUTH, row])
    with pytest.raises(UserError) as caught:
        tvr().read_truth([path])
    assert words in str(caught.value)
    assert tvr().check(tmp_path, "val").problems


def test_no_query(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no query"):
        tvr().read_truth([write_lines(tmp_path / "tvr_val_release.jsonl", [])])


@pytest.mark.parametrize(
    ("submission", "words"),
    [
        ([], "not predictions of TVR, but an array"),
        ({}, "/video2idx: no object"),
        ({"video2idx": {}}, "/: none of VCMR, SVMR, VR"),
        ({"video2idx": {"a/b": "1"}, "VR": []}, "/video2idx/a~1b: '1' is not a finite number"),
        ({"video2idx": {}, "VR": 3}, "/VR: a number, not a list of queries"),
        ({"video2idx": {}, "VR": [3]}, "/VR/0: no query: 3 is no desc_id"),
        ({"video2idx": {}, "VR": [{"desc_id": 1}]}, "/VR/0/predictions: null, not a list"),
        ({"video2idx": {}, "VR": [{"desc_id": 1, "predictions": [[1, 2]]}]}, "/VR/0/predictions/0: [1, 2] is not"),
        ({"video2idx": {}, "VR": [{"desc_id": 1, "predictions": [[1, 2, "3"]]}]}, "/VR/0/predictions/0/2: '3' is not"),
        (
            {"video2idx": {}, "VR": [{"desc_id": 1, "predictions": [[1, 2, float("nan")]]}]},
            "/VR/0/predictions/0/2: nan",
        ),
    ],
)
def test_faults_of_predictions(tmp_path: Path, submission: Any, words: str) -> None:
    with pytest.raises(UserError) as caught:
        scored(tmp_path, TRUTH, submission)
    assert words in str(caught.value)


def test_the_zip_of_codalab(tmp_path: Path) -> None:
    path = tmp_path / "s.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("tvr_test_public_submission.json", "{}")
        bundle.write(write(tmp_path / "p.json", SUBMISSION), "tvr_val_submission.json")
    annotations = tvr().read_truth([write_lines(tmp_path / "tvr_val_release.jsonl", TRUTH)])
    assert set(tvr().read_predictions(path, annotations).tasks) == {"VCMR", "SVMR", "VR"}
    assert tvr().check(tmp_path, "val").counts == {
        "queries": 3, "videos": 2, "of type v": 1, "of type t": 1, "of type vt": 1,
    }  # fmt: skip
    assert not tvr().check(tmp_path, "train").files


SPANS = st.tuples(st.integers(0, 8), st.integers(1, 4)).map(lambda pair: [pair[0], pair[0] + pair[1]])


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_program_from_its_definition(data: st.DataObject) -> None:
    truth = [
        {
            "desc_id": f"q{i}",
            "type": data.draw(st.sampled_from(["v", "t", "vt"])),
            "vid_name": "x",
            "ts": data.draw(SPANS),
        }
        for i in range(data.draw(st.integers(1, 4)))
    ]
    entries = st.tuples(st.sampled_from([100, 200]), SPANS).map(lambda pair: [pair[0], *pair[1], 0.5])
    rows = [
        {"desc_id": row["desc_id"], "predictions": data.draw(st.lists(entries, min_size=1, max_size=12))}
        for row in truth
    ]
    with tempfile.TemporaryDirectory() as folder:
        said = scored(Path(folder), truth, {"video2idx": INDICES, "VCMR": rows, "SVMR": rows})
    for task in ("VCMR", "SVMR"):
        for mu in THRESHOLDS:
            for k in CUTOFFS:
                right = []
                for row, given_rows in zip(truth, rows, strict=True):
                    listed = [p for p in given_rows["predictions"] if task == "VCMR" or p[0] == 100][:k]
                    right.append(any(p[0] == 100 and _iou(p[1:3], row["ts"]) >= mu for p in listed))
                assert said.official[task][f"{mu}-r{k}"] == round(100 * float(np.mean(right)), 2)
                assert said.values[f"{task}:R@{k},IoU={mu}"].tolist() == right
    own = means(said.metrics, said.values)
    assert own["VCMR:R@100,IoU=0.5"] == own["SVMR:R@100,IoU=0.5"]


def _iou(predicted: list[int], own: list[int]) -> float:
    shared = max(0, min(predicted[1], own[1]) - max(predicted[0], own[0]))
    return shared / (max(predicted[1], own[1]) - min(predicted[0], own[0]))


@settings(max_examples=60, deadline=None)
@given(change=st.integers(0, 60), value=LEAVES | values(["desc_id", "predictions", "VR"]), of_truth=st.booleans())
def test_no_file_ends_in_anything_but_a_plain_error(change: int, value: Any, of_truth: bool) -> None:
    truth = spoiled(TRUTH, change, value) if of_truth else TRUTH
    submission = SUBMISSION if of_truth else spoiled(SUBMISSION, change, value)
    with tempfile.TemporaryDirectory() as folder:
        try:
            said = scored(Path(folder), truth, submission)
        except UserError as error:
            assert ".json" in error.message
            assert error.fix
            return
    assert bool(said.official) != bool(said.crash)
