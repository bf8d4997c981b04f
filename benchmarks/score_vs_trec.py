"""`cmivqa score` on Track 2 beside ir-measures and pytrec_eval on the same data as a TREC run and qrels.

Whole processes, each reading its own files with its own reader, the kit the submission as JSON. The run is the
submission without repeated videos (docs/spec/scoring.md, 5.2), so that the numbers must equal the kit's strict ones;
that is checked. The kit also computes the official numbers, the differences and, in the first of its columns, the
intervals; the others do not.
Run: python benchmarks/score_vs_trec.py [QUESTIONS ...]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from data import ENTRIES, make
from processes import KIT, best, run

ROUNDS = 5
EPSILON = 1e-12
OURS = ("cmivqa score", "without intervals")
MEASURES = {"R@1": "Success@1", "R@10": "Success@10", "R@50": "Success@50", "MRR": "RR"}
# pytrec_eval is a library: the program around it is the one of its README, with means over all topics of the qrels.
PYTREC = """
import json
import pytrec_eval
with open("qrels.trec") as qrels, open("run.trec") as run:
    qrels, run = pytrec_eval.parse_qrel(qrels), pytrec_eval.parse_run(run)
names = {"R@1": "success_1", "R@10": "success_10", "R@50": "success_50", "MRR": "recip_rank"}
found = pytrec_eval.RelevanceEvaluator(qrels, {"success.1,10,50", "recip_rank"}).evaluate(run)
print(json.dumps({name: sum(one[key] for one in found.values()) / len(qrels) for name, key in names.items()}))
"""


def numbers(program: str, output: str) -> dict[str, float]:
    """What a program has printed, by the kit's names."""
    if program == "ir-measures":
        values = dict(line.split("\t") for line in output.splitlines())
        return {name: float(values[measure]) for name, measure in MEASURES.items()}
    found = json.loads(output)
    if program == "pytrec_eval":
        return dict(found)
    metrics = found[0]["scores"][0]["strict"]["metrics"]
    return {name: metrics[name] for name in MEASURES}


def main(sizes: list[int], rounds: int) -> None:
    """Measure and print a table."""
    answers = ["--truth", "answers.json", "--track", "2"]
    commands = {
        "cmivqa score": [*KIT, "score", "submission.json", *answers],
        "without intervals": [*KIT, "score", "submission.json", *answers, "--no-intervals"],
        "ir-measures": [sys.executable, "-m", "ir_measures", "--places", "-1", "qrels.trec", "run.trec",
                        *MEASURES.values()],
        "pytrec_eval": [sys.executable, "-c", PYTREC],
    }  # fmt: skip
    others = ("ir-measures", "pytrec_eval")
    ratios = [f"{other} / {kit}" for other in others for kit in OURS]
    print(f"| questions x {ENTRIES} | {' | '.join([*(f'{name}, s' for name in commands), *ratios])} |\n"
          f"|{' --- |' * (1 + len(commands) + len(ratios))}")  # fmt: skip
    for questions in sizes:
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder), questions, trec=True)
            spent = {name: best(command, rounds, folder).seconds for name, command in commands.items()}
            shown = {name: [*commands[name], "--format", "json"] for name in OURS}
            found = {name: numbers(name, run(shown.get(name, c), folder).output) for name, c in commands.items()}
        for name, values in found.items():
            if any(abs(values[metric] - found["cmivqa score"][metric]) > EPSILON for metric in MEASURES):
                raise SystemExit(f"{name} and strict disagree: {values}, {found['cmivqa score']}")
        cells = [*(f"{value:.2f}" for value in spent.values())]
        cells += [f"{spent[other] / spent[kit]:.2f}" for other in others for kit in OURS]
        print(f"| {questions:,} | {' | '.join(cells)} |", flush=True)
    print(f"\nProcessor time, best of {rounds}. R@1, R@10, R@50 and MRR are equal to {EPSILON:.0e} in all three.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=int, nargs="*", default=[500, 2000, 8000])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    main(given.questions, given.rounds)
