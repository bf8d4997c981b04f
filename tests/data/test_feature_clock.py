"""How long a row is, and which features are turned round: measured on rows and subtitles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cmivqa_kit.data.corpus import open_split
from cmivqa_kit.data.feature_clock import common_width, measure, rate_words, transposed
from cmivqa_kit.data.feature_notes import clock_notes
from cmivqa_kit.data.features import SplitFeatures
from tests.data.clocked import SECONDS, WIDTH, Change, clocked

ENDS = {video: seconds - 0.5 for video, seconds in SECONDS.items()}


def repeated(times: int) -> Change:
    return lambda rows: np.repeat(rows, times, axis=0)


def each(step: int) -> Change:
    return lambda rows: rows[::step]


RATES: list[tuple[Change, float, str]] = [
    (each(1), 1.0, "one row per second"),
    (each(2), 2.0, "4 of 4 videos have half as many rows as seconds of subtitles: one row per 2 s?"),
    (each(4), 4.0, "4 of 4 videos have 0.25 times as many rows as seconds of subtitles: one row per 4 s?"),
    (repeated(2), 0.5, "4 of 4 videos have 2 times as many rows as seconds of subtitles: 2 rows a second?"),
    (repeated(4), 0.25, "4 of 4 videos have 4 times as many rows as seconds of subtitles: 4 rows a second?"),
    (repeated(25), 0.04, "4 of 4 videos have 25 times as many rows as seconds of subtitles: 25 rows a second?"),
]


@pytest.mark.parametrize(("change", "seconds", "said"), RATES)
def test_the_rate_is_measured_and_rows_of_another_one_are_no_duration(
    tmp_path: Path, change: Change, seconds: float, said: str
) -> None:
    root = clocked(tmp_path, change)
    split = open_split(root, "train")
    measured = split.features.measured
    assert measured is not None
    assert (measured.seconds, measured.videos, measured.alike) == (pytest.approx(seconds), 4, 4)
    assert split.features.settled == (seconds == 1)
    sources = {video.duration_source for video in split.videos.values()}
    assert sources == ({"features"} if seconds == 1 else {"subtitles"})
    notes = list(clock_notes(split.features))
    if seconds == 1:
        assert not notes
        return
    assert [note.why.partition(" If so, give ")[0] for note in notes] == [said]
    assert f"--seconds-per-row {seconds:g}," in notes[0].why and f"seconds_per_row = {seconds:g} under" in notes[0].why
    assert [video.duration for video in split.videos.values()] == list(ENDS.values())
    for stated in (seconds, 0.0):
        told = open_split(root, "train", seconds_per_row=stated)
        assert told.features.settled and told.features.seconds_per_row == pytest.approx(seconds)
        lengths = [video.duration for video in told.videos.values()]
        assert lengths == [pytest.approx(length, abs=seconds) for length in SECONDS.values()]
        assert not list(clock_notes(told.features))


def test_a_stated_rate_that_the_videos_speak_against(tmp_path: Path) -> None:
    features = open_split(clocked(tmp_path, each(2)), "train", seconds_per_row=1).features
    assert features.settled and features.seconds("vid0000000A") == 20
    [note] = clock_notes(features)
    assert note.why == (
        "stated is one row per second, but 4 of 4 videos have half as many rows as seconds of subtitles: "
        "one row per 2 s?"
    )


def test_two_extractors(tmp_path: Path) -> None:
    features = open_split(clocked(tmp_path, vid0000000C=each(2), vid0000000D=each(2)), "train").features
    assert not features.settled
    [note] = clock_notes(features)
    assert note.why.startswith("2 of 4 videos have half as many rows as seconds of subtitles: one row per 2 s? The oth")


def test_one_odd_file_among_good_ones(tmp_path: Path) -> None:
    split = open_split(clocked(tmp_path, vid0000000B=each(3)), "train")
    assert split.features.settled
    assert [video.duration for video in split.videos.values()] == [40, 51.5, 64, 90]
    [note] = clock_notes(split.features)
    assert (note.subject, note.why.partition(":")[0]) == (
        "vid0000000B", "its subtitles go on until 51.5 s, its rows end at 18 s"
    )  # fmt: skip


def test_silence_at_the_end_is_no_other_rate() -> None:
    shapes = {video: (seconds, WIDTH) for video, seconds in SECONDS.items()}
    early = {video: 0.8 * seconds for video, seconds in SECONDS.items()}
    measured = measure(shapes, early)
    assert measured is not None and measured.agrees(1.0) and not measured.agrees(2.0)
    alone = measure({"v": (100, WIDTH)}, {"v": 45.0})
    assert alone is not None and alone.agrees(1.0)  # it may be silent for half of its time
    behind = measure({"v": (100, WIDTH)}, {"v": 199.0})
    assert behind is not None and not behind.agrees(1.0)  # but nobody speaks behind the end
    assert measure({"v": (100, WIDTH)}, {}) is None and measure({}, {"v": 3.0}) is None


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [(0.99, 1.0), (1.97, 2.0), (0.245, 0.25), (0.636, 0.64), (0.66, 2 / 3), (1.31, 1.31), (7.0, 7.0)],
)
def test_a_usual_length_a_little_above_is_taken(raw: float, seconds: float) -> None:
    measured = measure(dict.fromkeys("abc", (100, WIDTH)), dict.fromkeys("abc", 100 * raw))
    assert measured is not None and measured.seconds == pytest.approx(seconds)


def test_words() -> None:
    assert [rate_words(n) for n in (1.0, 2.0, 0.25, 1 / 3, 1.31)] == [
        "one row per second", "one row per 2 s", "4 rows a second", "3 rows a second", "one row per 1.31 s"
    ]  # fmt: skip


@pytest.mark.parametrize("change", [lambda rows: rows.T, lambda rows: rows[::2].T])
def test_features_that_are_all_turned_round(tmp_path: Path, change: Change) -> None:
    split = open_split(clocked(tmp_path, change), "train")
    assert split.features.transposed == set(SECONDS)
    assert [video.duration for video in split.videos.values()] == list(ENDS.values())
    state, why = split.features.state("vid0000000A")
    assert state == "bad" and "looks like (dimensions, time), transposed" in why
    assert split.features.measured is None and split.features.width is None


def test_one_that_is_turned_round(tmp_path: Path) -> None:
    features = open_split(clocked(tmp_path, vid0000000B=lambda rows: rows.T), "train").features
    assert features.transposed == {"vid0000000B"} and features.width == WIDTH and features.settled
    assert [fault.kind for fault in features.faults(features)] == ["transposed"]


@pytest.mark.parametrize(
    ("shapes", "ends", "turned"),
    [
        ({"a": (30, 8), "b": (30, 8), "c": (30, 8)}, dict.fromkeys("abc", 29.0), ""),  # videos of one length
        ({"a": (1024, 8), "b": (1024, 20)}, {}, ""),  # two tell little
        ({"a": (1024, 80), "b": (1024, 20)}, {"a": 79.0, "b": 19.5}, "ab"),
        ({"a": (1024, 80), "b": (1024, 20), "c": (1024, 31)}, {}, "abc"),
        ({"a": (1024, 80)}, {"a": 79.0}, "a"),
        ({"a": (500, 260)}, {"a": 255.0}, "a"),  # 500 is a width that extractors use
        ({"a": (263, 1024)}, {"a": 255.0}, ""),
        ({"a": (131, 1024)}, {"a": 255.0}, ""),  # every 2 s
        ({"a": (8, 16), "b": (20, 8), "c": (30, 8)}, {"a": 7.9}, ""),  # a video of 8 s with other rows
        ({"a": (8, 16), "b": (20, 8), "c": (30, 8)}, {"a": 15.9}, "a"),
        ({}, {}, ""),
    ],
)
def test_turned_round(shapes: dict[str, tuple[int, int]], ends: dict[str, float], turned: str) -> None:
    assert transposed(shapes, ends) == set(turned)


def test_widths() -> None:
    assert common_width({"a": (1, 4), "b": (1, 4), "c": (1, 5)}) == 4
    assert common_width({"a": (1, 4), "b": (1, 5)}) is None and common_width({}) is None


def test_what_a_run_assumes(tmp_path: Path) -> None:
    features = open_split(clocked(tmp_path, each(2)), "train").features
    assert features.assuming(1.0) is features
    of_run = features.assuming(2.0)
    assert of_run.settled and of_run.seconds("vid0000000B") == 52
    measured = SplitFeatures(features.folders, features.videos, 0.0)
    assert measured.seconds_per_row == 2 and not measured.assuming(1.0).settled and measured.assuming(2.0).settled


def test_stores_of_several_splits_together(tmp_path: Path) -> None:
    one, two = clocked(tmp_path / "a"), clocked(tmp_path / "b", name="x_{}.npy")
    joined = SplitFeatures.joined([open_split(root, "train", seconds_per_row=0.5).features for root in (one, two)])
    assert (len(joined), joined.stated, joined.folders[1]) == (4, 0.5, two / "video_feature")
    assert joined.files["vid0000000A"] == one / "video_feature" / "vid0000000A.npy"
