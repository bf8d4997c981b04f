"""`cmivqa score` as a whole process beside a plain quadratic program, reading and the kit's intervals included.

The quadratic one is `quadratic.py`. It is run once and stopped at a time limit; it must print what the kit gives as
`official`, to the last bit. Run: python benchmarks/score_speed.py [QUESTIONS ...] [--large] [--tracks 2,3]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from data import ENTRIES, make
from processes import KIT, best, run

ROUNDS = 3
LIMIT = 600  # seconds by the clock for one run of the quadratic program
LARGE = 32_000
QUADRATIC = (sys.executable, str(Path(__file__).with_name("quadratic.py")))
FILES = ("submission.json", "answers.json")


def main(sizes: list[int], tracks: list[str], rounds: int, limit: float) -> None:
    """Measure and print a table."""
    print(f"| questions x {ENTRIES} | MiB | track | quadratic, s | cmivqa score, s | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    intervals = True
    compared = []
    for questions in sizes:
        with tempfile.TemporaryDirectory() as folder:
            size = make(Path(folder), questions)
            for track in tracks:
                command = [*KIT, "score", FILES[0], "--truth", FILES[1], "--track", track]
                kit = best(command, rounds, folder)
                score = json.loads(run([*command, "--format", "json"], folder).output)[0]["scores"][0]
                plain = run([*QUADRATIC, *FILES, track], folder, limit)
                if not plain.stopped:
                    compared.append(f"{questions:,}")
                    if json.loads(plain.output) != score["official"]["raw"]:
                        raise SystemExit(f"not the same numbers: {plain.output}, {score['official']['raw']}")
                intervals &= bool(score.get("intervals"))
                more = "at least " if plain.stopped else ""
                print(f"| {questions:,} | {size:.1f} | {track} | {more}{plain.seconds:.2f} | {kit.seconds:.2f} | "
                      f"{more}{plain.seconds / kit.seconds:.1f} |", flush=True)  # fmt: skip
    equal = ", ".join(dict.fromkeys(compared)) or "not compared"
    print(f"\nProcessor time; the kit best of {rounds}, intervals included: {'yes' if intervals else 'NO'}. "
          f"The same official numbers to the last bit: {equal}.")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=int, nargs="*", default=[500, 2000, 8000])
    parser.add_argument("--large", action="store_true", help=f"also {LARGE:,} questions, which takes minutes")
    parser.add_argument("--tracks", default="2,3", help="tracks, with commas [2,3]")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for the quadratic program [%(default)s]")
    given = parser.parse_args()
    wanted = [*given.questions, *([LARGE] if given.large else [])]
    main(wanted, given.tracks.split(","), given.rounds, given.limit)
