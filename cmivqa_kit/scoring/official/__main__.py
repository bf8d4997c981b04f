"""A drop-in for the organizers' program: ``python -m cmivqa_kit.scoring.official``.

The same arguments, the same output on standard output and the same exit status, quirks included: it scores Track 1 and
prints nothing at all when ``--task`` is given (docs/spec/scoring.md, Q1 to Q3). Where the program shows a traceback,
only its last line goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from cmivqa_kit.scoring.official.program import OfficialCrash, score_official
from cmivqa_kit.scoring.official.questions import RAISED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m cmivqa_kit.scoring.official", description=__doc__)
    parser.add_argument("--task", metavar="TEXT", help="anything: then nothing is read and nothing printed")
    parser.add_argument("--pred_file", default="output_task1.json", metavar="FILE", help="predictions [%(default)s]")
    parser.add_argument(
        "--target_file", default="dataset_testA_for_task_1_answer.json", metavar="FILE", help="answers [%(default)s]"
    )
    given = parser.parse_args(arguments)
    if given.task is not None:
        return 0
    try:
        predictions, targets = (
            json.loads(Path(path).read_bytes().decode("utf-8")) for path in (given.pred_file, given.target_file)
        )
        metrics = score_official(1, predictions, targets).metrics
    except OfficialCrash as crash:
        print(f"{crash.exception} at target {crash.target_index}", file=sys.stderr)
        return 1
    except (OSError, *RAISED) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    for name, value in metrics.items():
        print(f"{name}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
