"""Replays of the neighbours' evaluators: TVR's (``related_tvr``) and that of TREC 2024 MedVidQA (``related_trec``).

Both go through files, as a user's would.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cmivqa_kit.bench.tasks.medvidqa.evaluator import medvidqa
from cmivqa_kit.bench.tasks.medvidqa.program import run as run_medvidqa
from cmivqa_kit.bench.tasks.tvr.evaluator import tvr
from cmivqa_kit.bench.tasks.tvr.predictions import MOST
from cmivqa_kit.bench.tasks.tvr.program import run as run_tvr
from cmivqa_kit.metrics import means
from tests.golden.replay import Case, Comparison, procedure


@procedure("scoring", "related_tvr")
def related_tvr(case: Case) -> list[str]:
    """What the program prints, with types and at other thresholds; the benchmark gives the same."""
    given, wanted = _load(case, "inputs"), _load(case, "outputs")
    comparison = Comparison(case)
    comparison.same("predictions looked at", MOST, case.config["max_pred_per_query"])
    with tempfile.TemporaryDirectory() as folder:
        truth_file, predictions_file = Path(folder) / "tvr_val_release.jsonl", Path(folder) / "predictions.json"
        truth_file.write_text("".join(json.dumps(row) + "\n" for row in given["ground_truth"]), encoding="utf-8")
        predictions_file.write_text(json.dumps(given["submission"]), encoding="utf-8")
        evaluator = tvr()
        truth = evaluator.read_truth([truth_file])
        predictions = evaluator.read_predictions(predictions_file, truth)
    for name, numbers in wanted.items():
        plain = name == "default"
        # Other thresholds are named like ``thr_03_05_07``.
        thresholds = case.config["iou_thds"] if plain else [int(part) / 10 for part in name.split("_")[1:]]
        outcome = run_tvr(truth, predictions, thresholds, case.config["recall_topks"], by_type=plain)
        comparison.same(f"{name}, crash", outcome.crash, "")
        _nested(comparison, name, outcome.numbers, numbers)
    evaluation = evaluator.evaluate(truth, predictions)
    _nested(comparison, "bench", evaluation.official, wanted["default"])
    own = means(evaluation.metrics, evaluation.values)
    for task in ("VCMR", "SVMR"):
        for key, value in wanted["default"][task].items():
            threshold, _, cutoff = key.partition("-r")
            comparison.number(f"{task} {key}", 100 * own[f"{task}:R@{cutoff},IoU={threshold}"], value)
    return comparison.result()


@procedure("scoring", "related_trec")
def related_trec(case: Case) -> list[str]:
    """Both halves as the program prints them, and retrieval joined by id."""
    given, wanted = _load(case, "inputs"), _load(case, "outputs")
    comparison = Comparison(case)
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f"{name}.json" for name in ("vr_judgement", "val_judgement", "submission")}
        for name, path in files.items():
            path.write_text(json.dumps(given[name]), encoding="utf-8")
        evaluator = medvidqa()
        truth = evaluator.read_truth([files["val_judgement"], files["vr_judgement"]])
        predictions = evaluator.read_predictions(files["submission"], truth)
    cutoffs = case.config["n_values"]
    outcome = run_medvidqa(truth, predictions, cutoffs)
    comparison.same("crash", outcome.crash, "")
    _nested(comparison, "vr_script", outcome.numbers.get("retrieval"), wanted["vr_script"])
    for n, *numbers in wanted["val"]:
        keys = ("IoU=0.3", "IoU=0.5", "IoU=0.7", "mIoU")
        _nested(
            comparison, f"val {n}", outcome.numbers["localization"][f"n={n}"], dict(zip(keys, numbers, strict=True))
        )
    evaluation = evaluator.evaluate(truth, predictions)
    comparison.same("bench", dict(evaluation.official), run_medvidqa(truth, predictions).numbers)
    own = means(evaluation.metrics, evaluation.values)
    for name, value in wanted["vr_aligned"].items():
        comparison.number(f"vr_aligned, {name}", own[name], value)
    return comparison.result()


def _nested(comparison: Comparison, name: str, got: Any, wanted: Any) -> None:
    """Compare nested objects of numbers and texts, key by key and in the same order."""
    if isinstance(wanted, dict):
        comparison.same(f"{name}, keys", list(got) if isinstance(got, Mapping) else got, list(wanted))
        for key in wanted:
            _nested(comparison, f"{name}, {key}", got.get(key), wanted[key])
    elif isinstance(wanted, str):
        comparison.same(name, got, wanted)
    else:
        comparison.number(name, float(got), float(wanted))


def _load(case: Case, part: str) -> Any:
    return json.loads((case.folder / f"{part}.json").read_text(encoding="utf-8"))
