"""Replays of moments: ``mesm``.

Procedure ``metrics_mr``: what MESM's evaluation returns for predictions of several benchmarks; ``metrics_qvh``: what
the evaluation of Moment-DETR and that of MESM return on QVHighlights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from cmivqa_kit.bench.tasks.moments.benchmarks import charades_sta as charades
from cmivqa_kit.bench.tasks.moments.benchmarks import qvhighlights, tacos
from cmivqa_kit.bench.tasks.moments.evaluator import MomentEvaluator, ranged_values
from cmivqa_kit.bench.tasks.moments.official import mesm_numbers, moment_detr_numbers
from cmivqa_kit.bench.tasks.moments.types import saliency
from cmivqa_kit.metrics.benchmarks.highlights import HighlightValues, highlight_values
from cmivqa_kit.metrics.benchmarks.moments import Moments, moments
from tests.golden.replay import Case, Comparison, procedure

EVALUATORS: Mapping[str, MomentEvaluator] = {"tacos": tacos()}


@procedure("mesm", "metrics_mr")
def metrics_mr(case: Case) -> list[str]:
    """MESM's numbers of every block."""
    inputs, outputs = _documents(case)
    comparison = Comparison(case)
    comparison.same("blocks", sorted(inputs), sorted(outputs))
    for name, block in inputs.items():
        evaluator = EVALUATORS.get(block["dataset_name"], charades())
        numbers = mesm_numbers(ranged_values(facts(block), evaluator.ranges), evaluator.official_recalls)
        compare(comparison, name, numbers, outputs[name])
    return comparison.result()


@procedure("mesm", "metrics_qvh")
def metrics_qvh(case: Case) -> list[str]:
    """The numbers of both programs on QVHighlights."""
    inputs, outputs = _documents(case)
    comparison = Comparison(case)
    ranged = ranged_values(facts(inputs), qvhighlights().ranges)
    numbers = {
        "standalone_eval": moment_detr_numbers(ranged, clips(inputs)),
        "mesm_eval": mesm_numbers(ranged, charades().official_recalls),
    }
    compare(comparison, "", numbers, outputs)
    return comparison.result()


def facts(block: Mapping[str, Any]) -> Moments:
    """The windows of a submission and its ground truth."""
    given = {record["qid"]: record["pred_relevant_windows"] for record in block["submission"]}
    truth = block["ground_truth"]
    return moments(
        [np.array(given[query["qid"]], dtype=np.float64) for query in truth],
        [query["relevant_windows"] for query in truth],
    )


def clips(block: Mapping[str, Any]) -> HighlightValues:
    """The saliency of a submission and its ground truth."""
    given = {record["qid"]: record["pred_saliency_scores"] for record in block["submission"]}
    truth = block["ground_truth"]
    tables = [saliency(query["duration"], query["relevant_clip_ids"], query["saliency_scores"]) for query in truth]
    return highlight_values([np.array(given[query["qid"]]) for query in truth], tables)


def compare(comparison: Comparison, name: str, got: Any, wanted: Any) -> None:
    """Compare dictionaries of numbers key by key; their keys must be the same."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        comparison.same(f"{name} keys", sorted(got), sorted(wanted))
        for key in sorted(wanted.keys() & got.keys()):
            compare(comparison, f"{name}/{key}", got[key], wanted[key])
    elif isinstance(wanted, int | float) and isinstance(got, int | float):
        comparison.number(name, float(got), float(wanted))
    else:
        comparison.same(name, got, wanted)


def _documents(case: Case) -> tuple[Any, Any]:
    names = ("inputs.json", "outputs.json")
    inputs, outputs = (json.loads((case.folder / name).read_text(encoding="utf-8")) for name in names)
    return inputs, outputs
