"""Evaluation of moments from files: official numbers, values per query, and what is said of incomplete predictions."""

from __future__ import annotations

import json
import random
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cmivqa_kit.bench.contract.types import Benchmark, Evaluation
from cmivqa_kit.bench.tasks.moments.benchmarks import charades_cd, charades_sta, qvhighlights, tacos
from cmivqa_kit.bench.tasks.moments.predictions import SALIENCY, WINDOWS
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics import means
from tests.bench.generated_moments import make, write_lines
from tests.bench.plain_moments import mesm, moment_detr

NAMES = ("charades_sta", "charades_cd", "charades_cg", "tacos", "qvhighlights")
FIRST = {
    "charades-sta": "test", "charades-cd": "test_ood", "charades-cg": "novel_composition", "tacos": "test",
    "qvhighlights": "val",
}  # fmt: skip


def highlights_evaluation(folder: Path, submission: list[Any], truth: list[Any]) -> Evaluation:
    """QVHighlights, from files."""
    evaluator = qvhighlights()
    annotations = evaluator.read_truth([write_lines(folder / "truth.jsonl", truth)])
    predictions = evaluator.read_predictions(write_lines(folder / "predictions.jsonl", submission), annotations)
    return evaluator.evaluate(annotations, predictions)


def tacos_files(folder: Path, seed: int, queries: int) -> tuple[Path, Path, list[Any], list[Any]]:
    """Generated TACoS: annotation, predictions; and both as the plain loops take them."""
    chance = random.Random(seed)
    windows = []
    for _ in range(queries):
        length = chance.choice((5, 10, 20, 30, 60, 150, 300, 600, 650))
        start = chance.randint(0, 700 - length)
        windows.append([start, start + length])
    content = {"v.avi": {"timestamps": windows, "sentences": ["x"] * queries, "fps": 1, "num_frames": 700}}
    (folder / "test.json").write_text(json.dumps(content), encoding="utf-8")
    truth = [{"qid": qid, "relevant_windows": [list(map(float, w))]} for qid, w in enumerate(windows, 1)]
    submission = []
    for query in truth:
        (start, end), listed = query["relevant_windows"][0], []
        for _ in range(chance.randint(1, 12)):
            shift = chance.choice((0, 0.3, 2, 10, 200))
            listed.append([max(start - shift, 0), end + shift * chance.random(), round(chance.random(), 1)])
        submission.append({"qid": query["qid"], WINDOWS: listed})
    chance.shuffle(submission)
    return folder / "test.json", write_lines(folder / "predictions.jsonl", submission), submission, truth


@pytest.mark.parametrize("seed", range(5))
def test_qvhighlights_is_what_the_plain_loops_give(tmp_path: Path, seed: int) -> None:
    submission, truth = make(seed, 90)
    evaluation = highlights_evaluation(tmp_path, submission, truth)
    assert evaluation.official == moment_detr(submission, truth)
    assert (next(iter(evaluation.official)), evaluation.crash) == ("brief", "")
    names = [metric.name for metric in evaluation.metrics]
    assert names[:3] == ["mAP", "mAP,IoU=0.5", "mAP,IoU=0.75"]
    numbers, brief = means(evaluation.metrics, evaluation.values), evaluation.official["brief"]
    for name, key in (
        ("mAP", "MR-full-mAP"), ("mAP[short]", "MR-short-mAP"), ("mAP,IoU=0.75", "MR-full-mAP@0.75"),
        ("R@1,IoU=0.7", "MR-full-R1@0.7"), ("HL-mAP[VeryGood]", "HL-min-VeryGood-mAP"),
        ("Hit@1[Fair]", "HL-min-Fair-Hit1"),
    ):  # fmt: skip
        assert 100 * numbers[name] == pytest.approx(brief[key], abs=0.00501)
    assert evaluation.queries == tuple(query["qid"] for query in truth)
    assert set(evaluation.clusters) == {query["vid"].rsplit("_", 2)[0] for query in truth}


@pytest.mark.parametrize("seed", range(4))
def test_tacos_is_what_the_plain_loops_give(tmp_path: Path, seed: int) -> None:
    annotation, path, submission, truth = tacos_files(tmp_path, seed, 70)
    evaluator = tacos()
    annotations = evaluator.read_truth([annotation])
    evaluation = evaluator.evaluate(annotations, evaluator.read_predictions(path, annotations))
    assert evaluation.official == mesm(submission, truth, "tacos")
    assert "superlong" in evaluation.official
    assert evaluation.clusters == ("v.avi",) * 70
    assert [metric.name for metric in evaluation.metrics][:2] == ["R@1,IoU=0.5", "R@1,IoU=0.7"]
    assert np.isnan(evaluation.values["mAP[superlong]"]).any()


@pytest.mark.parametrize("seed", range(3))
def test_charades_is_what_the_plain_loops_give(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    truth, submission = [], []
    for qid in range(1, 60):
        start = round(chance.uniform(0, 20), 1)
        end = round(start + chance.uniform(0.1, 20), 1)
        truth.append({"qid": qid, "relevant_windows": [[start, min(end, 30.5)]]})
        shift = chance.choice((0, 0.17, 1, 5))
        submission.append({"qid": qid, WINDOWS: [[start + shift, end, 0.9], [start, end, 0.8]]})
    content = {
        "A": {"timestamps": [query["relevant_windows"][0] for query in truth], "sentences": ["x"] * 59,
              "video_duration": 30.5},
    }  # fmt: skip
    (tmp_path / "charades_test_ood.json").write_text(json.dumps(content), encoding="utf-8")
    evaluator = charades_cd()
    annotations = evaluator.read_truth(evaluator.truth_files(tmp_path, "test_ood"))
    path = write_lines(tmp_path / "predictions.jsonl", submission)
    evaluation = evaluator.evaluate(annotations, evaluator.read_predictions(path, annotations))
    assert evaluation.official == mesm(submission, truth, "charades-cd")
    assert evaluation.official["brief"]["MR-superlong-mAP"] is None
    assert evaluation.values["R@5,IoU=0.5"].tolist() == [1.0] * 59


def test_missing_and_unknown_queries_of_qvhighlights(tmp_path: Path) -> None:
    submission, truth = make(1, 40)
    whole = highlights_evaluation(tmp_path, submission, truth)
    unanswered = submission[0]["qid"]
    evaluation = highlights_evaluation(tmp_path, [*submission[1:], {**submission[0], "qid": 10**30}], truth)
    assert evaluation.official == {}
    assert evaluation.crash.startswith("AssertionError")
    assert evaluation.counts == {"queries": 40, "answered": 39, "missing": 1, "unknown": 1}
    assert f"1 query ({unanswered})" in evaluation.remarks[0]
    assert f"1 prediction ({10**30})"[:20] in evaluation.remarks[1]
    row = evaluation.queries.index(unanswered)
    for name, values in evaluation.values.items():
        assert values[row] == 0.0 or np.isnan(whole.values[name][row])
        others = np.arange(40) != row
        assert np.array_equal(values[others], whole.values[name][others], equal_nan=True)


@pytest.mark.parametrize(
    ("change", "crash"),
    [("drop", "KeyError: query 3 has no prediction"), ("add", "KeyError: query 71 has no ground truth"),
     ("empty", "IndexError: query 3 has no window")],
)  # fmt: skip
def test_how_the_program_of_mesm_stops(tmp_path: Path, change: str, crash: str) -> None:
    annotation, path, submission, _ = tacos_files(tmp_path, 0, 70)
    others = [record for record in submission if record["qid"] != 3]
    lines = {
        "drop": others,
        "add": [*submission, {"qid": 71, WINDOWS: [[0, 1, 1]]}],
        "empty": [*others, {"qid": 3, WINDOWS: []}],
    }
    evaluator = tacos()
    annotations = evaluator.read_truth([annotation])
    evaluation = evaluator.evaluate(
        annotations, evaluator.read_predictions(write_lines(path, lines[change]), annotations)
    )
    assert (evaluation.crash, evaluation.official) == (crash, {})
    if change != "add":
        assert evaluation.values["mIoU"][2] == evaluation.values["mAP"][2] == 0.0


def test_text_ids_for_numbers_are_pointed_out(tmp_path: Path) -> None:
    submission, truth = make(1, 3)
    evaluation = highlights_evaluation(tmp_path, [{**r, "qid": str(r["qid"])} for r in submission], truth)
    assert evaluation.counts["missing"] == evaluation.counts["unknown"] == 3
    assert any("write them without quotes" in remark for remark in evaluation.remarks)


def test_unexpected_windows_are_pointed_out_with_their_lines(tmp_path: Path) -> None:
    submission, truth = make(2, 3)
    query = next(q for q in truth if q["qid"] == submission[1]["qid"])
    start, end = query["relevant_windows"][0]
    submission[0] |= {WINDOWS: [[0.0, 2.0, 0.9]]}
    submission[1] |= {WINDOWS: [[end, start, 0.5], [-1.0, 400.0, 0.7]], "vid": "another"}
    submission[2] |= {WINDOWS: [[0.0, 2.0, 0.9]]}
    evaluation = highlights_evaluation(tmp_path, submission, truth)
    texts = "\n".join(evaluation.remarks)
    for told in (
        "Another video than in the ground truth is named by 1 prediction (predictions.jsonl: line 2)",
        "it divides 0 by 0): 1 (predictions.jsonl: line 2)",
        "reach beyond the video and are scored as they stand, as by the official program: 1 (predictions.jsonl: line",
        "are not sorted by score: recall takes the windows as they are handed in, mAP sorts the first 10: 1",
    ):
        assert told in texts
    row = evaluation.queries.index(query["qid"])
    assert evaluation.values["mAP"][row] < 0.5


def test_what_is_divided_by_nothing_is_right_for_the_official_program_only(tmp_path: Path) -> None:
    submission, truth = make(3, 30)
    windows = {query["qid"]: query["relevant_windows"][0] for query in truth}
    backwards = [{**r, WINDOWS: [[windows[r["qid"]][1], windows[r["qid"]][0], 1.0]]} for r in submission]
    evaluation = highlights_evaluation(tmp_path, backwards, truth)
    assert evaluation.official["brief"]["MR-full-mAP"] > 50
    assert evaluation.official["brief"]["MR-full-R1@0.5"] == 0.0
    assert evaluation.values["mAP"].max() == 0.0


def test_moments_or_highlights_alone(tmp_path: Path) -> None:
    submission, truth = make(4, 50)
    full = highlights_evaluation(tmp_path, submission, truth)
    for key in (WINDOWS, SALIENCY):
        part = [{name: value for name, value in record.items() if name != key} for record in submission]
        evaluation = highlights_evaluation(tmp_path, part, truth)
        assert evaluation.official == moment_detr(part, truth)
        for name, values in evaluation.values.items():
            assert np.array_equal(values, full.values[name], equal_nan=True)
        assert ("mAP" in evaluation.values) == (key != WINDOWS)
    empty = [{**record, SALIENCY: []} for record in submission]
    evaluation = highlights_evaluation(tmp_path, empty, truth)
    assert evaluation.crash.startswith("ValueError: query")
    assert evaluation.values["HL-mAP[Fair]"].max() == evaluation.values["Hit@1[Fair]"].max() == 0.0


def test_moment_detr_stops_where_a_range_has_no_query(tmp_path: Path) -> None:
    submission, truth = make(5, 1)
    evaluation = highlights_evaluation(tmp_path, submission, truth)
    assert evaluation.crash.startswith("TypeError: no query has a moment of the range")
    assert evaluation.official == {}


def test_the_order_of_the_predictions_does_not_matter(tmp_path: Path) -> None:
    submission, truth = make(6, 40)
    first, second = (highlights_evaluation(tmp_path, lines, truth) for lines in (submission, submission[::-1]))
    assert first.official == second.official
    for name, values in first.values.items():
        assert np.array_equal(values, second.values[name], equal_nan=True)


@pytest.mark.parametrize("module", NAMES)
def test_the_declaration_and_the_evaluator_belong_together(module: str) -> None:
    benchmark = import_module(f"cmivqa_kit.bench.{module}").BENCHMARK
    assert isinstance(benchmark, Benchmark)
    assert benchmark.name == module.replace("_", "-")
    package, _, function = benchmark.evaluator.partition(":")
    evaluator = getattr(import_module(package), function)()
    assert tuple(evaluator.files) == benchmark.splits
    assert benchmark.splits[0] == FIRST[benchmark.name]


def test_files_are_found_below_a_root_or_what_is_missing_is_named(tmp_path: Path) -> None:
    evaluator = charades_sta()
    with pytest.raises(UserError, match=r"no charades_sta_test.txt and Charades_v1_test.csv of Charades-STA"):
        evaluator.truth_files(tmp_path, "test")
    with pytest.raises(UserError, match="has no split 'val'"):
        evaluator.truth_files(tmp_path, "val")
    assert evaluator.check(tmp_path, "test").files == ()
    folder = tmp_path / "charades" / "annotations"
    folder.mkdir(parents=True)
    (folder / "charades_sta_test.txt").write_text("A 1 2##x\nB 1 2##y\n", encoding="utf-8")
    (folder / "Charades_v1_test.csv").write_text("id,length\nA,9\n", encoding="utf-8")
    check = evaluator.check(tmp_path, "test")
    assert [path.name for path in check.files] == ["charades_sta_test.txt", "Charades_v1_test.csv"]
    assert [problem.location for problem in check.problems] == ["line 2"]
    assert check.counts == {"queries": 1, "videos": 1, "windows": 1, "dropped": 0, "swapped": 0, "clipped": 0}
    (folder / "Charades_v1_test.csv").write_text("x\n", encoding="utf-8")
    assert "the columns are not" in evaluator.check(tmp_path, "test").problems[0].message
