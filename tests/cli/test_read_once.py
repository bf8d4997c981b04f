"""Every data file is opened once per command, however many submissions it is held against."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.types import Track
from cmivqa_kit.entries import open_ground
from tests.cli.running import cmivqa_here
from tests.data.corpora import m4ivqa_record, mmivqa_2024, read, without, write

_counted: list[Counter[str]] = []


def _count(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _counted and isinstance(arguments[0], str | os.PathLike):
        _counted[-1][os.path.realpath(arguments[0])] += 1


@pytest.fixture(scope="module", autouse=True)
def _hook() -> None:
    sys.addaudithook(_count)  # it cannot be taken away again, and does nothing while nothing is counted


@contextmanager
def opened(folder: Path) -> Iterator[Counter[str]]:
    """How often each JSON file below ``folder`` is opened, by its path there."""
    everywhere: Counter[str] = Counter()
    below: Counter[str] = Counter()
    _counted.append(everywhere)
    try:
        yield below
    finally:
        _counted.pop()
        own = f"{folder.resolve()}{os.sep}"
        below.update({path.removeprefix(own): n for path, n in everywhere.items() if path.startswith(own)})


def root_2025(root: Path) -> Path:
    """A file for each track of dev, captions in every record, and a test split without answers."""
    records = [m4ivqa_record(n, f"dev{n // 2:08d}") for n in range(4)]
    for task in (1, 2, 3):
        write(root / "dev" / f"M4IVQA_dev_task{task}.json", records)
    test = [m4ivqa_record(10 + n, f"test{n:07d}") for n in range(2)]
    write(root / "test" / "M4IVQA_test_task1.json", without(test, "start_second", "end_second"))
    return root


def captions_beside(root: Path) -> Path:
    """The same with the captions in one file."""
    for path in root_2025(root).rglob("*.json"):
        write(path, without(read(path), "video_captions"))
    videos = [*(f"dev{n:08d}" for n in range(2)), *(f"test{n:07d}" for n in range(2))]
    write(root / "video_captions.json", {video: m4ivqa_record(0, video)["video_captions"] for video in videos})
    return root


def six_entries(folder: Path, root: Path) -> list[Path]:
    """Three submissions of spans and three of lists, all right, for the dev split of ``root``."""
    paths = []
    tracks: tuple[Track, ...] = (1, 3)
    for track in tracks:
        answers = open_ground(root).root.answers("dev", track)
        assert answers is not None
        times = "start_second", "end_second"
        for number in range(3):
            rows = [
                {"id": row["id"], "question": row["question"],
                 **({name: row[name] for name in times} if track == 1
                    else {"output": [[row["video_id"], *(row[name] for name in times)]]})}
                for row in answers[0]
            ]  # fmt: skip
            paths.append(write(folder / f"track{track}_{number}.json", rows))
    return paths


@pytest.mark.parametrize("make", [root_2025, captions_beside, mmivqa_2024])
@pytest.mark.parametrize("command", ["validate", "score", "validate --truth", "score --truth"])
def test_six_entries(tmp_path: Path, make: Callable[[Path], Path], command: str) -> None:
    root = make(tmp_path / "root")
    entries = six_entries(tmp_path / "entries", root)
    verb, _, flag = command.partition(" ")
    [truth] = (root / "dev").glob("*1.json")
    submissions = entries[:3] if flag else entries  # an answer file of one track, for that track
    with opened(tmp_path) as reads:
        done = cmivqa_here(verb, *submissions, *([flag, truth] if flag else []), "--data", root, cwd=tmp_path)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert {path: times for path, times in reads.items() if times > 1} == {}
    assert sum(path.startswith("entries") for path in reads) == len(submissions)
    assert any(path.startswith("root") for path in reads)
