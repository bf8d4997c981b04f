"""A few damaged checkpoints, always the same; `make fuzz` tries hundreds. Apart from the others: they need torch."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz import hostile_runs  # noqa: F401 (it enters its kinds)
from tests.fuzz.hostile import tried


def test_a_damaged_checkpoint_has_a_plain_end(tmp_path: Path) -> None:
    ends = [tried("checkpoints", seed, tmp_path / "folder") for seed in (*range(4), 11, 23, 51)]
    assert [str(case) for case in ends if case.fault] == []
    assert {case.ended.code for case in ends} >= {2}


def test_a_damaged_run_of_a_network_has_a_plain_end(tmp_path: Path) -> None:
    ends = [tried("neural runs", seed, tmp_path / "folder") for seed in (22, 25)]
    assert [str(case) for case in ends if case.fault] == []
    assert 2 in {case.ended.code for case in ends}
