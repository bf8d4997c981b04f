"""The QVHighlights evaluation of the kit beside the published one's plain form, moments and highlights.

Generated predictions and ground truth (tests/bench/generated_moments.py). Evaluation starts from what is decoded:
lists for the loops, checked arrays for the kit, which also gives the values per query. Whole: reading both files too;
the kit then checks every value in them. All numbers must be equal.
Run: python benchmarks/qvhighlights_speed.py [QUERIES ...]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from moments_by_query import evaluate

from cmivqa_kit.bench.tasks.moments.benchmarks import qvhighlights

ROUNDS = 5
WINDOWS = 10


def best(function: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Processor seconds of the fastest round, and what it returned."""
    spent, result = [], None
    for _ in range(rounds):
        start = time.process_time()
        result = function()
        spent.append(time.process_time() - start)
    return min(spent), result


def lines_of(path: Path) -> list[Any]:
    """The decoded lines of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")]


def main(sizes: list[int], rounds: int) -> None:
    """Measure and print a table."""
    sys.path.append(str(Path(__file__).parents[1]))
    from tests.bench.generated_moments import make, write_lines
    from tests.bench.plain_moments import moment_detr

    print(f"| queries x {WINDOWS} | as published, s | loops over lists, s | kit, s | published / kit | lists / kit "
          "| whole: published, s | whole: kit, s | ratio |\n|" + " --- |" * 9)  # fmt: skip
    for queries in sizes:
        submission, truth = make(0, queries, WINDOWS)
        for line in submission:  # ten each
            windows = line["pred_relevant_windows"]
            line["pred_relevant_windows"] = (windows * WINDOWS)[:WINDOWS]
        with tempfile.TemporaryDirectory() as folder:
            files = [write_lines(Path(folder) / name, content) for name, content in
                     (("truth.jsonl", truth), ("predictions.jsonl", submission))]  # fmt: skip
            evaluator = qvhighlights()

            def read() -> tuple[Any, Any]:
                annotations = evaluator.read_truth(files[:1])  # noqa: B023
                return annotations, evaluator.read_predictions(files[1], annotations)  # noqa: B023

            annotations, predictions = read()
            published, numbers = best(lambda: evaluate(submission, truth), max(1, rounds // 2))  # noqa: B023
            lists, plain = best(lambda: moment_detr(submission, truth), max(1, rounds // 2))  # noqa: B023
            kit, evaluation = best(lambda: evaluator.evaluate(annotations, predictions), rounds)  # noqa: B023
            parsing, _ = best(lambda: [lines_of(path) for path in files], rounds)  # noqa: B023
            reading, _ = best(read, rounds)
        official = dict(evaluation.official)
        if official != plain or {**numbers, "brief": official["brief"]} != official:
            raise SystemExit("the numbers disagree")
        whole = (published + parsing, kit + reading)
        print(f"| {queries:,} | {published:.2f} | {lists:.2f} | {kit:.3f} | {published / kit:.0f} | {lists / kit:.1f} "
              f"| {whole[0]:.2f} | {whole[1]:.3f} | {whole[0] / whole[1]:.0f} |", flush=True)  # fmt: skip
    print(f"\nProcessor time, best of {rounds}. Every number of the official dictionary is equal in all three.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("queries", type=int, nargs="*", default=[1550])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    main(given.queries, given.rounds)
