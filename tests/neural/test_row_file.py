"""Rows in memory or on disk: read back as they were, a run at a time; told plainly where the disk takes none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cmivqa_kit.errors import NotWritten
from cmivqa_kit.neural import row_file
from cmivqa_kit.neural.row_file import RowFile


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("in_memory", [1 << 20, 10])
def test_rows_are_read_back_in_runs(in_memory: int, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_file, "IN_MEMORY", in_memory)
    drawn = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float16)
    rows = RowFile(np.float16, (3,))
    assert rows[0:5].shape == (0, 3)
    runs = [rows.append(some) for some in (drawn[:4], drawn[:0], drawn[4:])]
    assert runs == [slice(0, 4), slice(4, 4), slice(4, 9)]
    assert len(rows) == 9
    for run in (*runs, slice(2, 7), slice(0, 100), slice(7, 3)):
        assert rows[run].tolist() == drawn[run].tolist()
    assert list(cache.iterdir()) == []  # without a name, nothing is left however the process ends


def test_numbers_are_rows_without_a_dimension() -> None:
    numbers = RowFile(np.int32)
    numbers.append(np.arange(5))
    assert numbers[1:3].tolist() == [1, 2]
    assert numbers[0:2].dtype == np.int32


def test_a_disk_that_takes_no_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_file, "IN_MEMORY", 1)
    (tmp_path / "taken").write_text("no folder")
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "taken"))
    with pytest.raises(NotWritten, match="a temporary file could not be written") as refused:
        RowFile(np.float16).append(np.ones(4))
    assert "CMIVQA_CACHE" in refused.value.fix
