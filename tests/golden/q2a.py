"""Replays of ``q2a``: LOVEU's three evaluators of step choice (``metrics_loveu``).

Every sub-case goes through files, as a user's would: annotations, predictions, the evaluators of both benchmarks.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cmivqa_kit.bench.tasks.step_choice.evaluator import StepChoiceEvaluator, loveu_22, loveu_23
from cmivqa_kit.bench.tasks.step_choice.programs import LOVEU_22, LOVEU_22_BEFORE, LOVEU_23, Outcome, run
from cmivqa_kit.metrics import means
from tests.golden.replay import Case, Comparison, procedure

NUMBERS = {"recall_1": "Recall@1", "recall_3": "Recall@3", "mean_rank": "MR", "mrr": "MRR"}
PROGRAMS = {"loveu22": LOVEU_22, "loveu22_before_length_check": LOVEU_22_BEFORE, "loveu23": LOVEU_23}
BENCHMARKS = {"loveu22": loveu_22, "loveu23": loveu_23}


@procedure("q2a", "metrics_loveu")
def metrics_loveu(case: Case) -> list[str]:
    """Numbers or the exception of every evaluator, the steps it scores with their ranks, the true reciprocal rank."""
    inputs, outputs = (_load(case.folder / f"{part}.json") for part in ("inputs", "outputs"))
    comparison = Comparison(case)
    comparison.same("sub-cases", [sub["name"] for sub in inputs], [sub["name"] for sub in outputs])
    for given, wanted in zip(inputs, outputs, strict=True):
        with tempfile.TemporaryDirectory() as folder:
            _compare(comparison, case.config["evaluators"], given, wanted, Path(folder))
    return comparison.result()


def _compare(
    comparison: Comparison, evaluators: list[str], given: Mapping[str, Any], wanted: Mapping[str, Any], folder: Path
) -> None:
    truth, predictions = folder / "truth.json", folder / "submit_test.json"
    truth.write_text(json.dumps(given["annotations"]), encoding="utf-8")
    predictions.write_text(json.dumps(given["predictions"]), encoding="utf-8")
    reader = loveu_22()
    annotations = reader.read_truth([truth])
    scored = reader.read_predictions(predictions, annotations)
    outcomes = {name: run(PROGRAMS[name], annotations, scored) for name in evaluators}
    for name, outcome in outcomes.items():
        _numbers(comparison, f"{given['name']}, {name}", outcome.numbers, outcome.crash, wanted[name])
        if name in BENCHMARKS:
            _benchmark(comparison, f"{given['name']}, bench {name}", BENCHMARKS[name](), truth, predictions, outcome)
    if "scored_steps" in wanted:
        steps = outcomes["loveu23"].steps
        found = [{"num_candidates": step.scores, "label0": step.label, "rank": step.rank} for step in steps]
        comparison.same(f"{given['name']}, steps", found, wanted["scored_steps"])
        ranks = [step.rank for step in steps]
        if wanted["true_mrr"] is None:
            comparison.same(f"{given['name']}, ranks", not ranks or None in ranks, True)
        else:
            true_mrr = sum(1.0 / rank for rank in ranks if rank is not None) / len(ranks)
            comparison.number(f"{given['name']}, true MRR", true_mrr, wanted["true_mrr"])


def _numbers(
    comparison: Comparison, name: str, numbers: Mapping[str, Any], crash: str, wanted: Mapping[str, Any]
) -> None:
    if "error" in wanted:
        comparison.same(name, crash.partition(":")[0], wanted["error"])
        return
    comparison.same(name, (crash, set(numbers)), ("", {NUMBERS[key] for key in wanted}))
    for key, value in wanted.items():
        comparison.number(f"{name}, {key}", numbers.get(NUMBERS[key], float("nan")), value)


def _benchmark(
    comparison: Comparison, name: str, evaluator: StepChoiceEvaluator, truth: Path, predictions: Path, outcome: Outcome
) -> None:
    """The evaluator of a benchmark gives the program's numbers, and its own where every step is answered."""
    annotations = evaluator.read_truth([truth])
    evaluation = evaluator.evaluate(annotations, evaluator.read_predictions(predictions, annotations))
    comparison.same(
        f"{name}, official", (dict(evaluation.official), evaluation.crash), (outcome.numbers, outcome.crash)
    )
    if outcome.numbers and evaluation.counts["answered"] == evaluation.counts["steps"] == len(outcome.steps):
        if evaluation.remarks:  # the kit's own numbers differ on purpose
            return
        own = means(evaluation.metrics, evaluation.values)
        for ours, theirs in _shared(outcome):
            comparison.number(f"{name}, {ours}", own[ours], outcome.numbers[theirs])


def _shared(outcome: Outcome) -> Iterator[tuple[str, str]]:
    names = {"R@1": "Recall@1", "R@3": "Recall@3", "mean rank": "MR", "candidates/rank": "MRR"}
    return ((ours, theirs) for ours, theirs in names.items() if theirs in outcome.numbers)


def _load(path: Path) -> list[dict[str, Any]]:
    document: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return document
