"""A whole data root is looked over: every file read once, every split as its tracks use it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cmivqa_kit import files
from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.check_root import check_root
from cmivqa_kit.data.opened import OpenRoot
from cmivqa_kit.data.root_remarks import root_remarks
from cmivqa_kit.data.srt import convert_folder
from tests.data.clocked import SECONDS, clocked
from tests.data.corpora import TEST_A_VIDEOS, TEST_B_VIDEOS, TRAIN_VIDEOS, cmivqa_2023, features, subtitles, write


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """The 2023 tree with one subtitle file and one feature folder for all splits."""
    root = cmivqa_2023(tmp_path)
    for path in [*root.rglob("subtitle.json"), *root.rglob("*.npy")]:
        path.unlink()
    for folder in [*root.rglob("video_feature")]:
        folder.rmdir()
    videos = [*TRAIN_VIDEOS, *TEST_A_VIDEOS, *TEST_B_VIDEOS]
    write(root / "subtitle.json", {**subtitles(videos), f"{TRAIN_VIDEOS[0]}sr": []})
    features(root / "video_feature", videos)
    return root


def test_every_file_is_read_once(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: Counter[str] = Counter()
    plain = files.read_bytes

    def counted(path: Path, noun: str = "file") -> bytes:
        if noun != "file":  # of the catalogue, which tells the edition by the smallest file
            read[path.name] += 1
        return plain(path, noun)

    monkeypatch.setattr(files, "read_bytes", counted)
    reports, broken = check_root(catalogue(shared))
    assert not broken
    assert [(report.split.name, len(report.rows)) for report in reports] == [
        ("train", 12), ("testA", 6), ("testA", 6), ("testB", 6), ("testB", 6)
    ]  # fmt: skip
    assert read["subtitle.json"] == 1 and max(read.values()) == 1 and len(read) == 6


def test_it_says_what_each_split_alone_would_say(shared: Path) -> None:
    alone = [check_root(catalogue(shared), name)[0] for name in ("train", "testA", "testB")]
    together, _ = check_root(catalogue(shared))
    assert [r.summary() for r in together] == [report.summary() for reports in alone for report in reports]
    assert not [note for report in together for note in report.notes if "named as" in note.why]  # of other splits


def test_what_cannot_be_read_stands_beside(shared: Path) -> None:
    path = next(shared.rglob("CMIVQA_Train_Dev.json"))
    path.write_text(path.read_text()[:-4], encoding="utf-8")
    reports, broken = check_root(catalogue(shared))
    assert [report.split.name for report in reports] == ["testA", "testA", "testB", "testB"]
    assert list(broken) == ["train"] and "CMIVQA_Train_Dev.json" in broken["train"].message


def test_a_second_transcript_known_to_one_split_only(shared: Path) -> None:
    """An id that only the questions of test A name makes ``IDsr`` a double there, and a video elsewhere."""
    write(shared / "subtitle.json", {**subtitles([*TRAIN_VIDEOS, *TEST_B_VIDEOS]), f"{TEST_A_VIDEOS[0]}sr": []})
    (shared / "video_feature" / f"{TEST_A_VIDEOS[0]}.npy").unlink()
    root = OpenRoot(catalogue(shared))
    double = f"{TEST_A_VIDEOS[0]}sr"
    known = [double in root.split(name, 1 if name != "train" else None).videos for name in ("train", "testA", "testB")]
    assert known == [True, False, True]


def test_faults_are_those_of_all_videos_asked_about_or_not(tmp_path: Path) -> None:
    root = clocked(tmp_path, vid0000000D=lambda rows: rows * np.nan)
    questions = json.loads((root / "train.json").read_text(encoding="utf-8"))
    write(root / "train.json", [record for record in questions if record["video_id"] != "vid0000000D"])
    [report], _ = check_root(catalogue(root))
    assert [fault.video_id for fault in report.faults] == ["vid0000000D"]
    assert not report.features_usable and report.counts == {}
    facts = report.summary()["features"]
    assert (facts["files"], facts["bad"], facts["width"], facts["settled"]) == (4, 1, 6, True)
    assert facts["measured"] == {"seconds_per_row": 1.0, "videos": 4, "alike": 4}


def test_init_says_the_same(tmp_path: Path) -> None:
    root = clocked(tmp_path / "a", lambda rows: rows[::2])
    assert [text[:50] for text in root_remarks(catalogue(root))] == [
        "train: features: 4 of 4 videos have half as many r"
    ]
    root = clocked(tmp_path / "b", lambda rows: rows.T)
    assert root_remarks(catalogue(root)) == (
        "train: 4 of 4 feature files look transposed: (dimensions, time) instead of (seconds, dimensions)",
    )
    root = clocked(tmp_path / "c", name="clip-9{}.npy")
    [remark] = root_remarks(catalogue(root))
    assert "video_feature: 4 files, none named as a video; e.g. clip-9vid0000000A.npy (wanted: VIDEO_ID.npy)" in remark
    root = clocked(tmp_path / "d")
    assert root_remarks(catalogue(root)) == ()
    (tmp_path / "srt").mkdir()
    for video in SECONDS:
        text = "1\n00:00:01,000 --> 00:00:03,000\na\n\n2\n00:00:03,000 --> 99:59:59,000\nb\n"
        (tmp_path / "srt" / f"{video}.srt").write_text(text, encoding="utf-8")
    convert_folder(tmp_path / "srt", root / "subtitle.json")
    remarks = root_remarks(catalogue(root))
    assert any(text.startswith("train: subtitles of vid0000000A: 1 line from 00:00:03 to 99:59:59") for text in remarks)
    assert any(text.endswith("(and so in 3 more)") for text in remarks)
    (root / "train.json").write_text("[", encoding="utf-8")
    assert root_remarks(catalogue(root)) == ()  # data check says what is wrong with it
