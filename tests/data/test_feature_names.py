"""Which feature file is of which video: extractors' names, what is ambiguous, what nobody knows."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cmivqa_kit.data.corpus import open_split
from cmivqa_kit.data.feature_names import feature_files, name_videos
from cmivqa_kit.data.feature_notes import name_notes
from cmivqa_kit.data.video_names import ids_in
from cmivqa_kit.errors import UserError
from tests.data.clocked import SECONDS, clocked

ID, OTHER = "4chGHzgBji-", "_1wibeiDD-j"


@pytest.mark.parametrize(
    "name",
    ["{}.npy", "{}.NPY", "{}_rgb.npy", "{}.mp4.npy", "v_{}.npy", "rgb-{}.npy", "{} (1).npy", "video_{}_i3d.Npy",
     "视频{}.npy"],
)  # fmt: skip
@pytest.mark.parametrize("video", [ID, OTHER])
def test_names_of_extractors(name: str, video: str) -> None:
    path = Path(name.format(video))
    assert name_videos([path], {ID, OTHER, "91wibeiDDfj"}).files == {video: path}


@pytest.mark.parametrize(
    "name", ["clip0001.npy", f"x{ID}.npy", f"{ID}9.npy", f"{ID}_{OTHER}.npy", ".npy", "4chGHzgBji.npy"]
)
def test_nothing_is_guessed(name: str) -> None:
    names = name_videos([Path(name)], {ID, OTHER})
    assert (dict(names.files), names.unnamed) == ({}, (Path(name),))


def test_two_files_of_one_video_are_none_unless_one_has_its_name() -> None:
    rgb, flow, exact = Path(f"{ID}_rgb.npy"), Path(f"{ID}_flow.npy"), Path(f"{ID}.npy")
    names = name_videos([rgb, flow], {ID})
    assert (names.files, names.several) == ({}, {ID: (flow, rgb)})
    names = name_videos([rgb, exact], {ID})
    assert (names.files, names.unnamed, names.several) == ({ID: exact}, (rgb,), {})
    capital = Path(f"{ID}.NPY")
    assert name_videos([capital, exact], {ID}).files == {ID: exact}


def test_without_known_videos_every_file_is_called_by_its_video() -> None:
    assert name_videos([Path("a_rgb.npy"), Path("b.NPY")]).files == {"a_rgb": Path("a_rgb.npy"), "b": Path("b.NPY")}


IDS = st.text(string.ascii_letters + string.digits + "-_", min_size=11, max_size=11)
AROUND = st.text(string.ascii_letters + "._- ", max_size=8)


@given(IDS, AROUND, AROUND)
def test_an_id_set_off_from_the_rest_is_seen(video: str, before: str, behind: str) -> None:
    assume(not before or not before[-1].isalnum())
    assume(not behind or not behind[0].isalnum())
    assert ids_in(before + video + behind, {video}) == {video}
    assert ids_in(before + behind, {video}) <= {video} and not ids_in(before + video + behind, set())


def test_what_is_no_feature_is_not_listed(tmp_path: Path) -> None:
    for name in ("a.npy", "._a.npy", ".b.npy", "c.npz", "d.NPY"):
        (tmp_path / name).touch()
    assert [path.name for path in feature_files(tmp_path)] == ["a.npy", "d.NPY"]
    assert feature_files(tmp_path / "none") == []


def test_a_folder_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(UserError, match="cannot be read"):
        feature_files(tmp_path)


@pytest.mark.parametrize("name", ["{}_rgb.npy", "{}.mp4.npy", "v_{}.npy", "{}.NPY"])
def test_a_split_has_them(tmp_path: Path, name: str) -> None:
    features = open_split(clocked(tmp_path, name=name), "train").features
    assert list(features) == list(SECONDS) and not list(name_notes(features))
    assert [features.rows(video) for video in features] == list(SECONDS.values())


def test_what_is_not_used_is_said(tmp_path: Path) -> None:
    root = clocked(tmp_path / "none", name="clip{}9.npy")
    folder = root / "video_feature"
    features = open_split(root, "train").features
    assert len(features) == 0
    why = f"4 files, none named as a video; e.g. clip{next(iter(SECONDS))}9.npy (wanted: VIDEO_ID.npy)"
    assert [(note.subject, note.why) for note in name_notes(features)] == [(str(folder), why)]
    (folder / "x.npz").touch()
    (folder / "y.pt").touch()
    (folder / "i3d").mkdir()
    (folder / "i3d" / "a.npy").touch()
    (folder / "pictures").mkdir()
    (folder / "readme").touch()
    said = [(Path(note.subject).name, note.why.partition(":")[0]) for note in name_notes(features)][1:]
    assert said == [
        ("i3d", "1 .npy file in a folder of their own"),
        ("video_feature", "1 file not read (no suffix)"),
        ("video_feature", "1 file not read (.npz)"),
        ("video_feature", "1 file not read (.pt)"),
    ]


def test_features_of_other_splits_are_not_strange(tmp_path: Path) -> None:
    root = clocked(tmp_path)
    (root / "video_feature" / "other_rgb.npy").touch()
    features = open_split(root, "train").features
    assert list(name_notes(features, {"other"})) == []
    [note] = name_notes(features)
    assert note.why == "1 of 5 files, none named as a video; e.g. other_rgb.npy (wanted: VIDEO_ID.npy)"


def test_features_where_none_are_looked_for(tmp_path: Path) -> None:
    root = clocked(tmp_path)
    (root / "video_feature").rename(root / "rgb")
    notes = [(note.subject, note.why) for note in open_split(root, "train").notes]
    assert ("rgb", "4 .npy files not used: features are looked for in video_feature/") in notes
