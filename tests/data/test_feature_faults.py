"""Features that cannot be used are found all at once, each with what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cmivqa_kit.data.corpus import open_split
from cmivqa_kit.data.feature_faults import CHUNK, content_fault, faults_error
from cmivqa_kit.data.features import SplitFeatures
from tests.data.clocked import SECONDS, WIDTH, Array, clocked


def spoilt(rows: Array) -> Array:
    rows[7, 2] = np.nan
    rows[3, 1] = np.inf
    return rows


def wider(rows: Array) -> Array:
    return np.hstack([rows, rows])


def features(root: Path) -> SplitFeatures:
    return open_split(root, "train").features


def test_good_features_have_no_fault(tmp_path: Path) -> None:
    store = features(clocked(tmp_path, lambda rows: rows.astype(np.float16)))
    assert store.faults(SECONDS) == () and store.state("vid0000000A") == ("ok", "40 rows of 6")
    assert store.fault("unknown") is None


@pytest.mark.parametrize(
    ("change", "kind", "reason", "fix"),
    [
        (spoilt, "not finite", "2 of 52 rows hold numbers that are not finite (NaN or infinite), the first: row 3",
         "again"),
        (lambda rows: np.full((52, WIDTH), 1e300), "not finite", "52 of 52 rows hold numbers that are not", "again"),
        (wider, "width", "rows of 12 numbers, where 3 of 4 files have 6", "12 is the odd one"),
        (lambda rows: rows.T, "transposed", "shape (6, 52) looks like (dimensions, time)", "numpy.load(FILE).T"),
        (lambda rows: rows[:0], "unusable", "shape (0, 6), type float32; expected (seconds, dimensions)", "again"),
        (lambda rows: rows[None], "unusable", "shape (1, 52, 6), type float32", "squeeze()"),
        (lambda rows: rows[:, 0], "unusable", "shape (52,), type float32", "One row per second"),
        (lambda rows: rows.astype(int), "unusable", "shape (52, 6), type int64", "again"),
        (lambda rows: rows.astype(object), "unusable", "not a readable .npy file (", "no Python objects in it"),
    ],
)  # fmt: skip
def test_each_fault(tmp_path: Path, change: object, kind: str, reason: str, fix: str) -> None:
    store = features(clocked(tmp_path, vid0000000B=change))  # type: ignore[arg-type]
    [fault] = store.faults(SECONDS)
    assert (fault.video_id, fault.kind, fault.path.name) == ("vid0000000B", kind, "vid0000000B.npy")
    assert fault.reason.startswith(reason) and fix in fault.fix
    assert store.state("vid0000000B") == ("bad", fault.message)
    error = faults_error([fault], 4)
    assert (error.message, error.fix) == (fault.message, fault.fix)


def test_all_of_them_at_once(tmp_path: Path) -> None:
    root = clocked(tmp_path, vid0000000A=spoilt, vid0000000B=wider)
    (root / "video_feature" / "vid0000000C.npy").write_bytes(b"")
    store = features(root)
    error = faults_error(store.faults(SECONDS), len(store))
    head, *lines = error.message.splitlines()
    assert head == f"{root / 'video_feature'}: 3 of 4 feature files cannot be used: 3 problems"
    assert [line.split(":")[0].strip() for line in lines] == [f"vid0000000{letter}.npy" for letter in "ABC"]
    assert "2 files have 6" not in error.message and "where 2 of 3 files have 6" in error.message


def test_two_kinds_that_are_equally_common(tmp_path: Path) -> None:
    store = features(clocked(tmp_path, vid0000000A=wider, vid0000000D=wider))
    faults = store.faults(SECONDS)
    assert [fault.reason for fault in faults] == [
        "rows of 12 numbers, where 2 of 4 files have 6",
        "rows of 6 numbers, where 2 of 4 files have 12",
        "rows of 6 numbers, where 2 of 4 files have 12",
        "rows of 12 numbers, where 2 of 4 files have 6",
    ]
    assert {fault.fix for fault in faults} == {"Two kinds of features lie together: keep one of them in this folder."}


def test_features_that_are_all_turned_round_are_one_sentence(tmp_path: Path) -> None:
    store = features(clocked(tmp_path, lambda rows: rows.T))
    error = faults_error(store.faults(SECONDS), len(store))
    assert "all 4 feature files are transposed; e.g." in error.message and len(error.message.splitlines()) == 1


def test_every_row_is_looked_at(tmp_path: Path) -> None:
    rows = np.ones((2 * CHUNK + 5, 1), np.float32)
    rows[[CHUNK, -1]] = np.nan
    fault = content_fault("v", tmp_path / "v.npy", rows)
    assert fault is not None and f"2 of {len(rows)} rows" in fault.reason and fault.reason.endswith(f"row {CHUNK}")
