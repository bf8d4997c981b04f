"""Frames of videos by the second, and videos that cannot be decoded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cmivqa_kit.data.decoded_video import sampled_frames
from cmivqa_kit.errors import UserError
from tests.tiny_videos import make_turned_video, make_video


def seen(path: Path, fps: float, by_stride: bool = False) -> list[tuple[float, int]]:
    """The second and the brightness, to the next 20, of every frame."""
    return [
        (round(frame.second, 3), round(float(frame.picture.mean()) / 20) * 20)
        for frame in sampled_frames(path, fps, by_stride)
    ]


@pytest.mark.parametrize("rate", [10, 25])
def test_the_frame_on_the_screen_at_each_second(tmp_path: Path, rate: int) -> None:
    path = make_video(tmp_path / "a.mp4", rate=rate)
    assert seen(path, 1) == [(0.0, 20), (1.0, 60), (2.0, 100)]
    assert seen(path, 2) == [(0.0, 20), (0.5, 20), (1.0, 60), (1.5, 60), (2.0, 100), (2.5, 100)]
    assert seen(path, 0.5) == [(0.0, 20), (2.0, 100)]


def test_more_frames_than_the_video_has(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", seconds=1, rate=2)
    assert seen(path, 4) == [(0.0, 20), (0.25, 20), (0.5, 20), (0.75, 20)]


def test_the_published_stride_is_rounded_down(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", seconds=2, rate=5)
    assert [second for second, _ in seen(path, 2, by_stride=True)] == [0.0, 0.4, 0.8, 1.2, 1.6]


@pytest.mark.parametrize(
    ("degrees", "side"), [(0, np.s_[:4, :]), (-90, np.s_[:, -4:]), (90, np.s_[:, :4]), (180, np.s_[-4:, :])]
)
def test_a_video_of_a_phone_comes_upright(tmp_path: Path, degrees: int, side: Any) -> None:
    """A stripe at the top of what is stored lies where the phone showed it; the published reader does not turn."""
    path = make_turned_video(tmp_path / "a.mp4", degrees)
    (frame,) = sampled_frames(path, 1)
    assert frame.picture.shape == ((32, 48, 3) if degrees % 180 == 0 else (48, 32, 3))
    assert frame.picture[side].mean() > 230
    assert frame.picture.mean() < 100
    stored = next(iter(sampled_frames(path, 1, by_stride=True))).picture
    assert stored.shape == (32, 48, 3)
    assert stored[:4].mean() > 230


@pytest.mark.parametrize("content", [b"", b"no video" * 40, b"\0" * 2000])
def test_damage_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"a\.mp4: cannot be decoded"):
        list(sampled_frames(path, 1))


def test_a_video_that_breaks_off_is_damage(tmp_path: Path) -> None:
    whole = make_video(tmp_path / "a.mp4", seconds=60, rate=2).read_bytes()
    path = tmp_path / "b.mp4"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"b\.mp4"):
        list(sampled_frames(path, 1))


def test_without_pyav_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cmivqa_kit.data.decoded_video.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"PyAV[^\n]*not installed here\npip install av"):
        list(sampled_frames(tmp_path / "a.mp4", 1))
