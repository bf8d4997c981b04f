"""The features of a split in any store: which id is of which video, faults with their key, what cannot be opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.check import check
from cmivqa_kit.data.corpus import open_split
from cmivqa_kit.data.feature_faults import faults_error
from cmivqa_kit.data.feature_notes import feature_notes
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.errors import UserError
from tests.data.clocked import SECONDS, WIDTH, clocked
from tests.data.stores.stored import FORMATS, write_store

VIDEO = "vid0000000A"


def arrays(root: Path) -> dict[str, Any]:
    return {path.stem: np.load(path) for path in sorted((root / "video_feature").iterdir())}


def moved(root: Path, kind: str, **renamed: str) -> Path:
    """The features of a root in another format, where they are found beside the questions."""
    rows = {renamed.get(name, name): array for name, array in arrays(root).items()}
    for path in (root / "video_feature").iterdir():
        path.unlink()
    (root / "video_feature").rmdir()
    path = write_store(kind, root / "made", rows)
    return path.rename(root / f"video_feature{path.suffix}")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_split_reads_any_store(kind: str, tmp_path: Path) -> None:
    root = clocked(tmp_path)
    plain = open_split(root, "train")
    wanted = arrays(root)
    path = moved(root, kind)
    split = open_split(root, "train")
    assert split.features.folders == (path,) and list(split.features) == sorted(SECONDS)
    assert split.features.width == WIDTH and split.features.shapes == plain.features.shapes
    for video, rows in wanted.items():
        assert np.array_equal(np.asarray(split.features.get(video)), rows)
        assert split.features.shape(video) == rows.shape
    assert [video.duration for video in split.videos.values()] == [video.duration for video in plain.videos.values()]
    report = check(split)
    assert report.features_usable and not report.faults and not report.with_findings


def test_an_id_in_a_key_with_something_around(tmp_path: Path) -> None:
    root = clocked(tmp_path)
    moved(root, "hdf5", vid0000000A="v_vid0000000A.mp4", vid0000000B="other")
    features = open_split(root, "train").features
    assert VIDEO in features and features.location(VIDEO).endswith("key 'v_vid0000000A.mp4'")
    assert [note.why for note in feature_notes(features)] == [
        "1 of 4 keys, none named as a video; e.g. 'other' (wanted: VIDEO_ID)"
    ]


def test_faults_name_the_key(tmp_path: Path) -> None:
    def spoilt(rows: Any) -> Any:
        rows[3] = np.nan
        return rows

    root = clocked(tmp_path, vid0000000A=spoilt, vid0000000B=lambda rows: np.hstack([rows, rows]))
    path = moved(root, "npz")
    features = open_split(root, "train").features
    faults = features.faults(SECONDS)
    assert [(fault.kind, fault.name) for fault in faults] == [
        ("not finite", f"{path.name}, key 'vid0000000A'"), ("width", f"{path.name}, key 'vid0000000B'")
    ]  # fmt: skip
    assert faults[0].message.startswith(f"{path}, key 'vid0000000A': 1 of 40 rows holds")
    assert faults[1].reason == "rows of 12 numbers, where 3 of 4 videos have 6"
    assert "leave it out" in faults[0].fix and "leave it out" in faults[1].fix
    lines = faults_error(faults, 4).message.splitlines()
    assert lines[1].strip().startswith("video_feature.npz, key 'vid0000000A': 1 of 40 rows holds")


@pytest.mark.parametrize("content", [b"\x89HDF\r\n\x1a\n", b"", b"<html>"])
def test_what_cannot_be_opened_is_a_fault_and_stops_nobody_else(content: bytes, tmp_path: Path) -> None:
    root = clocked(tmp_path)
    path = moved(root, "hdf5")
    path.write_bytes(content)
    split = open_split(root, "train")
    assert len(split.features) == 0 and len(split.videos) == 4
    report = check(split)
    [fault] = report.faults
    assert (fault.video_id, fault.path, fault.kind) == ("", path, "unusable") and not report.features_usable
    assert fault.message.startswith(f"{path}: ")


def test_features_that_are_named(tmp_path: Path) -> None:
    root = clocked(tmp_path)
    rows = arrays(root)
    clip = write_store("hdf5", tmp_path / "clip", {name: array[:, :2] for name, array in rows.items()}, 1.0)
    some = {name: array for name, array in rows.items() if name != VIDEO}
    slow = write_store("bigfile", tmp_path / "slow", some)
    alone = open_split(root, "train", features=clip).features
    assert alone.width == 2 and alone.stated == 1.0 and alone.given is None
    features = open_split(root, "train", features={"clip": clip, "slowfast": slow}).features
    assert list(features) == sorted(some) and features.width == WIDTH + 2 and features.seconds_per_row == 1.0
    assert np.array_equal(np.asarray(features.get("vid0000000B"))[:, 2:], rows["vid0000000B"])
    assert [(note.subject, note.why) for note in feature_notes(features)] == [
        (VIDEO, "not in slowfast, so it has no features")
    ]
    two = open_split(root, "train", features={"slowfast": slow, "again": slow}, seconds_per_row=1).features
    assert two.width == 2 * WIDTH
    with pytest.raises(UserError, match=r"nowhere\.npz: no such file or folder"):
        catalogue(root, features={"": tmp_path / "nowhere.npz"})


def test_what_the_file_says_of_its_rows_against_what_the_user_says(tmp_path: Path) -> None:
    root = clocked(tmp_path, lambda rows: rows[::2])
    store = write_store("hdf5", tmp_path / "two", arrays(root), 2.0)
    said = open_split(root, "train", features=store).features
    assert (said.stated, said.seconds_per_row, said.settled) == (2.0, 2.0, True)
    other = open_split(root, "train", features=store, seconds_per_row=4).features
    notes = [note.why for note in feature_notes(other)]
    assert "stated is one row per 4 s, but the file says one row per 2 s" in notes


def test_a_store_without_videos_of_the_split_says_nothing_of_the_rows(tmp_path: Path) -> None:
    root = clocked(tmp_path)
    unused = write_store("hdf5", tmp_path / "x", {"nobody": np.ones((2, WIDTH), np.float32)}, 2.0)
    features = SplitFeatures([root / "video_feature", unused], dict.fromkeys(SECONDS))
    assert features.stated is None and len(features) == 4
