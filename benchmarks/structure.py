"""The validator's structural pass beside a plain `jsonschema` pass over the same rows, both in one process.

Rows are right by the schema, the usual case; both must find nothing. Run: python benchmarks/structure.py [QUESTIONS]
"""

from __future__ import annotations

import json
import sys
import time

from jsonschema import Draft202012Validator

from cmivqa_kit.submission.schema import load_schema, structural_findings

ENTRIES = 50
EDITION = "cmivqa-2023"


def main(questions: int) -> None:
    """Measure and print a table."""
    rows = [
        {
            "id": i,
            "question": f"question {i}",
            "output": [[f"video-{j:05d}", j + 0.5, j + 9.25] for j in range(ENTRIES)],
        }
        for i in range(questions)
    ]
    text = json.dumps(rows)
    begin = time.perf_counter()
    rows = json.loads(text)
    parsing = time.perf_counter() - begin
    begin = time.perf_counter()
    ours = list(structural_findings(rows, EDITION, 3))
    fast = time.perf_counter() - begin
    validator = Draft202012Validator(load_schema(EDITION, 3))
    begin = time.perf_counter()
    theirs = list(validator.iter_errors(rows))
    plain = time.perf_counter() - begin
    if ours or theirs:
        raise SystemExit("the two disagree on correct rows")
    print(f"{questions} questions x {ENTRIES} entries, {len(text) / 2**20:.1f} MiB\n")
    print("| step | seconds | ratio to parsing |\n| --- | --- | --- |")
    for name, value in (("json.loads", parsing), ("structural pass of the kit", fast), ("plain jsonschema", plain)):
        print(f"| {name} | {value:.3f} | {value / parsing:.1f} |")
    print(f"\nplain jsonschema / kit: {plain / fast:.0f}x")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
