"""Exports for MedVidQA and TVR: what the kit's own readers of both formats make of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.bench.tasks.medvidqa.evaluator import medvidqa as medvidqa_evaluator
from cmivqa_kit.bench.tasks.tvr.evaluator import tvr as tvr_evaluator
from cmivqa_kit.editions import load_edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.leaderboard.exports import medvidqa, tvr, write_files
from cmivqa_kit.metrics import means
from cmivqa_kit.scoring.scorer import score_documents
from tests.leaderboard.exports.small import VIDEOS, answers, lists, spans


def test_a_run_of_medvidqa() -> None:
    targets = [
        {"id": "a", "video_id": "A", "question": " how\tto ?\n", "start_second": 1.5, "end_second": 4},
        {"id": "b", "video_id": "B", "question": "why?", "start_second": 0, "end_second": 2},
    ]
    predictions = [{"id": "a", "output": [["B", 1, 2], ["A", 3, 4.5], ["B", 0, 9]]}]
    exported = medvidqa(predictions, targets)
    documents = {name: json.loads(text) for name, text in exported.files.items() if name.endswith(".json")}
    assert documents["run.json"] == [
        {
            "question_id": "Q1",
            "relevant_videos": [
                {"video_id": "B", "relevant_score": 2, "answer_start_second": 1, "answer_end_second": 2},
                {"video_id": "A", "relevant_score": 1, "answer_start_second": 3, "answer_end_second": 4.5},
            ],
        },
        {"question_id": "Q2", "relevant_videos": []},
    ]
    assert documents["vr_judgement.json"] == {"Q1": {"A": 1}, "Q2": {"B": 1}}
    assert documents["val_judgement.json"]["Q1"] == {
        "A": {"relevancy": "Definitely Relevant", "answer_start_seconds": [1.5], "answer_end_seconds": [4]}
    }
    assert exported.files["topics.tsv"] == "Q1\thow to ?\nQ2\twhy?\n"
    assert exported.answers == ("vr_judgement.json", "val_judgement.json")


def test_medvidqa_gives_the_strict_numbers(tmp_path: Path) -> None:
    targets = answers(20)
    predictions = lists(targets)
    write_files(tmp_path, medvidqa(predictions, targets).files)
    evaluator = medvidqa_evaluator()
    truth = evaluator.read_truth(
        [tmp_path / name for name in ("vr_judgement.json", "val_judgement.json", "topics.tsv")]
    )
    evaluation = evaluator.evaluate(truth, evaluator.read_predictions(tmp_path / "run.json", truth))
    own = means(evaluation.metrics, evaluation.values)
    strict = score_documents(predictions, targets, 3, load_edition()).strict.metrics
    assert not evaluation.crash
    assert own["MAP"] == pytest.approx(strict["MRR"])
    assert own["R@10"] == pytest.approx(strict["R@10"])
    assert own["R@1|mIoU"] == pytest.approx(strict["R@1|mIoU"])


def test_track_2_gives_no_judgement_of_localization() -> None:
    exported = medvidqa([], [{"id": 1, "video_id": "A"}], 2)
    assert list(exported.files) == ["run.json", "vr_judgement.json"]


@pytest.mark.parametrize(
    "fault", [["A"], ["A", 1], ["A", "1", 2], ["A", float("nan"), 2], ["A", 0, 10**400], ["A", True, 2]]
)
@pytest.mark.parametrize("export", [medvidqa, tvr])
def test_an_entry_without_times_is_refused(export: Any, fault: list[Any]) -> None:
    targets = answers(1)
    with pytest.raises(UserError, match="/0/output/1: E802"):
        export([{"id": 0, "output": [["B", 0, 1], fault]}], targets)


def test_the_files_of_tvr() -> None:
    targets = [
        {"id": 1, "video_id": "B", "question": "how?", "start_second": 1, "end_second": 3},
        {"id": 2, "video_id": "A", "start_second": 0, "end_second": 2},
    ]
    predictions = [{"id": 1, "output": [["D", 0, 1], ["B", 1, 2.5], ["D", 4, 5]]}]
    exported = tvr(predictions, targets, [{"id": 2, "start_second": 0.5, "end_second": 2}], corpus=["C"])
    document = json.loads(exported.files["tvr_predictions.json"])
    assert document == {
        "video2idx": {"A": 0, "B": 1, "C": 2, "D": 3},
        "VCMR": [
            {"desc_id": 1, "desc": "how?", "predictions": [[3, 0, 1, 3], [1, 1, 2.5, 2], [3, 4, 5, 1]]},
            {"desc_id": 2, "desc": "", "predictions": [[4, 0, 0, 0]]},
        ],
        "SVMR": [
            {"desc_id": 1, "desc": "how?", "predictions": [[4, 0, 0, 0]]},
            {"desc_id": 2, "desc": "", "predictions": [[0, 0.5, 2, 1]]},
        ],
        "VR": [
            {"desc_id": 1, "desc": "how?", "predictions": [[3, 0, 0, 2], [1, 0, 0, 1]]},
            {"desc_id": 2, "desc": "", "predictions": [[4, 0, 0, 0]]},
        ],
    }
    lines = [json.loads(line) for line in exported.files["tvr_annotations.jsonl"].splitlines()]
    assert lines[0] == {"desc_id": 1, "desc": "how?", "type": "vt", "vid_name": "B", "ts": [1, 3]}
    assert exported.answered == 1


@pytest.mark.parametrize("prefix", [None, "NLPCC2024_Task3_"])
def test_tvr_gives_the_strict_numbers(tmp_path: Path, prefix: str | None) -> None:
    targets = answers(20, prefix=prefix)
    predictions = lists(targets)[:-2]
    on_track_1 = [{**row, "id": str(row["id"]).replace("Task3", "Task1")} for row in targets] if prefix else targets
    edition = load_edition("mmivqa-2024") if prefix else load_edition()
    write_files(tmp_path, tvr(predictions, targets, spans(on_track_1), corpus=VIDEOS, edition=edition).files)
    evaluator = tvr_evaluator()
    truth = evaluator.read_truth([tmp_path / "tvr_annotations.jsonl"])
    evaluation = evaluator.evaluate(truth, evaluator.read_predictions(tmp_path / "tvr_predictions.json", truth))
    own = means(evaluation.metrics, evaluation.values)
    strict = score_documents(predictions, targets, 3, edition).strict.metrics
    track1 = score_documents(spans(on_track_1), on_track_1, 1, edition).strict.metrics
    assert not evaluation.crash
    for mu in ("0.5", "0.7"):
        for k in (1, 10):
            assert own[f"VCMR:R@{k},IoU={mu}"] == pytest.approx(strict[f"R@{k},IoU={mu}"])
        assert own[f"SVMR:R@1,IoU={mu}"] == pytest.approx(track1[f"R@1,IoU={mu}"])
    assert evaluation.official["VR"]["r10"] == pytest.approx(100 * strict["R@10"], abs=0.01)


@pytest.mark.parametrize("item", [{"id": 0}, {"id": 0, "start_second": "1", "end_second": 2}])
def test_a_track_1_answer_without_times_is_refused(item: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="/0: E802"):
        tvr([], answers(1), [item])
