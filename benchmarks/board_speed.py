"""`cmivqa leaderboard show` of many entries beside `cmivqa score` of one: a cold board, a warm one, one new entry.

Every entry has a file for Track 1 and one for Tracks 2 and 3, each team one entry. Whole processes, intervals and tie
groups included, in a cache of its own. `score` is called on the two files of one entry, as a person would to score it.
Run: python benchmarks/board_speed.py [ENTRIES] [--questions N]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import tempfile
from datetime import datetime
from pathlib import Path

from data import ENTRIES, Row, blocks
from processes import KIT, Run, best, run

from cmivqa_kit.leaderboard.entry_toml import record_text
from cmivqa_kit.leaderboard.records import RECORD, FiledEntry, FiledFile

EDITION = "cmivqa-2023"
SCORED = 4  # single calls before the cold board and after it, of which the mean counts


def answers_and_lists(questions: int) -> tuple[list[Row], list[Row]]:
    """The answers, and a list of every question."""
    answers, rows = next(blocks(questions))
    lists = {row["id"]: row["output"] for row in rows}
    spare = rows[0]["output"]
    asked = [{"id": answer["id"], "question": answer["question"]} for answer in answers]
    return answers, [{**row, "output": lists.get(row["id"], spare)} for row in asked]


def submissions(answers: list[Row], rows: list[Row], seed: int) -> tuple[list[Row], list[Row]]:
    """The files of one entry: spans, and lists; a part of the lists begins elsewhere, more with each seed."""
    chance = random.Random(seed)
    share, width = 0.002 * seed, 2 + 0.05 * seed
    spans = []
    for answer in answers:
        start = round(max(0.0, answer["start_second"] + chance.gauss(0, width)), 2)
        end = round(start + answer["end_second"] - answer["start_second"], 2)
        spans.append({"id": answer["id"], "question": answer["question"], "video_id": answer["video_id"],
                      "start_second": start, "end_second": end})  # fmt: skip
    lists = []
    for row in rows:
        turn = chance.randrange(1, ENTRIES) if chance.random() < share else 0
        lists.append({**row, "output": row["output"][turn:] + row["output"][:turn]})
    return spans, lists


def file_entry(folder: Path, number: int, answers: list[Row], rows: list[Row]) -> FiledEntry:
    """File the entry of one team."""
    home = folder / "submissions" / EDITION / f"team-{number:03d}" / "run-1"
    home.mkdir(parents=True)
    files = []
    for name, content in zip(("track1.json", "track23.json"), submissions(answers, rows, number), strict=True):
        data = json.dumps(content, ensure_ascii=False).encode()
        (home / name).write_bytes(data)
        files.append(FiledFile(name, name, hashlib.sha256(data).hexdigest()))
    received = datetime.fromisoformat("2023-05-20T12:00:00+08:00")
    entry = FiledEntry(home, EDITION, f"Team {number}", "run-1", tuple(files), received)
    (home / RECORD).write_text(record_text(entry), encoding="utf-8")
    return entry


def single(entry: FiledEntry, folder: str) -> Run:
    """One call that scores both files of an entry."""
    return run([*KIT, "score", *map(str, entry.paths), "--truth", "answers.json"], folder)


def main(entries: int, questions: int) -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        os.environ["CMIVQA_CACHE"] = str(folder / "cache")
        answers, rows = answers_and_lists(questions)
        (folder / "answers.json").write_text(json.dumps(answers, ensure_ascii=False), encoding="utf-8")
        filed = [file_entry(folder, number, answers, rows) for number in range(entries)]
        show = [*KIT, "leaderboard", "show", "submissions", "--truth", "answers.json", "--format", "json"]
        singles = [single(filed[number * (entries - 1) // (SCORED - 1)], made) for number in range(SCORED)]
        cold = run(show, made, limit=7200)
        singles += [single(entry, made) for entry in filed[:SCORED]]
        warm = best(show, 3, made)
        file_entry(folder, entries, answers, rows)
        one_new = run(show, made)
        ranked = [sum(row["rank"] is not None for row in board["rows"]) for board in json.loads(cold.output)["boards"]]
        same = cold.output == warm.output
    print(f"{entries} entries x {questions} questions x {ENTRIES}, ranked on Tracks 1 to 3: {ranked}; "
          f"the warm board is the cold one: {'yes' if same else 'NO'}")  # fmt: skip
    print("\n| command | processor seconds | an entry, s | of as many single calls | peak MiB |")
    print("| --- | --- | --- | --- | --- |")
    one = sum(done.seconds for done in singles) / len(singles)
    everything = one * entries
    memory = max(done.memory for done in singles)
    print(f"| `cmivqa score` of one entry | {one:.2f} | {one:.2f} | | {memory:.0f} |")
    for name, done in (("cold", cold), ("warm", warm), ("warm but for one new entry", one_new)):
        print(f"| the board, {name} | {done.seconds:.2f} | {done.seconds / entries:.3f} | "
              f"{done.seconds / everything:.1%} | {done.memory:.0f} |")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("entries", type=int, nargs="?", default=300)
    parser.add_argument("--questions", type=int, default=511)
    given = parser.parse_args()
    main(given.entries, given.questions)
