"""The scoring step beside `json.loads` of the same file, and how both and the whole of `cmivqa score` grow.

Scoring is official, strict and their differences on decoded documents; the intervals stand beside it. Steps are
measured within a process of their own per size and track.
Run: python benchmarks/score_linear.py [--sizes 8000 10000 100000]
(100,000 x 50 is a file of 165 MiB in the temporary folder and takes about 2 GiB of memory).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from time import process_time

from data import ENTRIES, make
from processes import KIT, Run, best

EDITION = "cmivqa-2023"
SIZES = [8000, 10_000, 100_000]
STEPS = {"parse": "json.loads", "score": "scoring step", "intervals": "intervals", "whole": "whole `cmivqa score`"}


def steps(folder: Path, track: int, rounds: int) -> dict[str, float]:
    """Processor seconds of the steps, the best of some rounds each."""
    from cmivqa_kit.editions import load_edition
    from cmivqa_kit.scoring.scorer import score_documents
    from cmivqa_kit.scoring.statistics.bootstrap import bootstrap

    edition = load_edition(EDITION)
    text = (folder / "submission.json").read_text(encoding="utf-8")
    answers = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    found = dict.fromkeys(("parse", "score", "intervals"), float("inf"))
    for _ in range(rounds):
        rows = None  # freed before the clock starts
        times = [process_time()]
        rows = json.loads(text)
        times.append(process_time())
        card = score_documents(rows, answers, 2 if track == 2 else 3, edition)
        times.append(process_time())
        bootstrap(card.strict.per_question, card.clusters)
        times.append(process_time())
        for name, begin, end in zip(found, times, times[1:], strict=False):
            found[name] = min(found[name], end - begin)
    return found


def main(sizes: list[int], tracks: list[int], rounds: int) -> None:
    """Measure and print two tables."""
    spent: dict[tuple[int, int], dict[str, float]] = {}
    print(f"| questions x {ENTRIES} | MiB | track | {' | '.join(f'{title}, s' for title in STEPS.values())} | "
          "scoring / json.loads | peak memory, MiB |")  # fmt: skip
    print("|" + " --- |" * (len(STEPS) + 5))
    for questions in sizes:
        with tempfile.TemporaryDirectory() as folder:
            size = make(Path(folder), questions)
            for track in tracks:
                inside = best([sys.executable, __file__, "--steps", folder, str(track), str(rounds)], 1)
                found = json.loads(inside.output)
                whole: Run = best([*KIT, "score", "submission.json", "--truth", "answers.json", "--track", str(track)],
                                  rounds, folder)  # fmt: skip
                found["whole"] = whole.seconds
                spent[questions, track] = found
                cells = " | ".join(f"{found[name]:.2f}" for name in STEPS)
                print(f"| {questions:,} | {size:.1f} | {track} | {cells} | {found['score'] / found['parse']:.2f} | "
                      f"{whole.memory:.0f} |", flush=True)  # fmt: skip
    growth = [(small, large) for small in sizes for large in sizes if large == 10 * small]
    for small, large in growth:
        print(f"\n| {small:,} -> {large:,}, time x | {' | '.join(STEPS.values())} |\n|{' --- |' * (len(STEPS) + 1)}")
        for track in tracks:
            ratios = [spent[large, track][name] / spent[small, track][name] for name in STEPS]
            print(f"| Track {track} | {' | '.join(f'{ratio:.1f}' for ratio in ratios)} |")
    print(f"\nProcessor time, best of {rounds}; peak memory of the whole process.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--tracks", type=int, nargs="+", default=[2, 3])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.steps:
        print(json.dumps(steps(Path(given.steps[0]), int(given.steps[1]), int(given.steps[2]))))
    else:
        main(given.sizes, given.tracks, given.rounds)
