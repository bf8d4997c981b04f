"""A few hostile inputs of every kind, always the same; `make fuzz` tries thousands."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from tests.fuzz import hostile_archives, hostile_features, hostile_runs, hostile_texts  # noqa: F401 (they enter their kinds)
from tests.fuzz.child import MIB, Bounds, Ended, in_child
from tests.fuzz.growth import Growth
from tests.fuzz.hostile import KINDS, tried
from tests.fuzz.mutation import changed, spoiled, written
from tests.fuzz.table import Row, failures, table

# kind -> numbers of cases that are tried here.
SHORT = {
    "submissions": range(5), "answers": range(3), "corpora": range(3), "predict": range(2), "subtitles": range(2),
    "archives": range(6), "attachments": range(4), "runs": range(4), "features": range(6),
}  # fmt: skip


@pytest.mark.parametrize("name", SHORT)
def test_every_input_has_a_plain_end(tmp_path: Path, name: str) -> None:
    ends = [tried(name, seed, tmp_path / "folder") for seed in SHORT[name]]
    assert [str(case) for case in ends if case.fault] == []
    assert any(case.ended.code for case in ends)  # not all of them are harmless


def test_the_same_number_is_the_same_case(tmp_path: Path) -> None:
    made = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        words = KINDS["submissions"].make(folder, random.Random("submissions 5"))
        made.append((words, (folder / "hostile.json").read_bytes()))
    assert made[0] == made[1]


def test_changes_leave_the_original_and_always_give_a_document() -> None:
    document = [{"id": 1, "output": [["a", 0, 1]]}]
    for seed in range(300):
        chance = random.Random(seed)
        data = written(changed(document, chance), chance)
        assert isinstance(spoiled(data, chance), bytes)
    assert document == [{"id": 1, "output": [["a", 0, 1]]}]


def ended(act: object, folder: Path, **bounds: int) -> Ended:
    assert callable(act)
    return in_child(act, folder, Bounds(**bounds), None, folder)


def test_a_traceback_a_large_allocation_and_a_write_outside_are_faults(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    outside = tmp_path / "outside"

    def bad() -> int:
        raise KeyError("id")

    def large() -> int:
        return len(bytes(600 * MIB)) and 0

    def stray() -> int:
        outside.write_bytes(b"x")
        return 0

    def too_long() -> int:
        os.kill(os.getpid(), signal.SIGXCPU)
        return 0

    assert ended(bad, folder).fault().startswith("traceback: KeyError: 'id'")
    assert "MemoryError" in ended(large, folder, memory=300 * MIB).fault()
    assert ended(stray, folder).fault() == f"writes outside: open {outside}, write {outside}"
    assert ended(lambda: 0, folder).fault() == ""
    assert ended(lambda: 7, folder).fault().startswith("exit code 7")
    assert "processor time" in ended(too_long, folder).fault()


def test_four_times_the_time_for_twice_the_input_is_too_steep() -> None:
    assert Growth("x", 100, 1.0, 2.1).holds
    assert not Growth("x", 100, 1.0, 3.9).holds
    assert Growth("x", 100, 0.001, 0.01).holds  # too quick to tell
    assert not Growth("x", 100, 1.0, 1.0, "traceback").holds


def test_the_table_counts_what_was_tried_and_what_failed() -> None:
    row = Row("archives")
    row.add("case 1", [])
    row.add("case 2", ["exit code 70"])
    row.add("case 3", ["exit code 71"])
    assert [line.split() for line in table([row])] == [
        ["kind", "tried", "failed"],
        ["archives", "3", "2"],
        ["all", "3", "2"],
    ]
    assert failures([row]) == ["archives: 2 times: case 2, case 3", "    exit code 70"]
