"""Times that cannot be meant make no duration, window or answer; everything that people do write stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.corpus import open_split
from cmivqa_kit.data.line_times import FAR_BEHIND, NO_LENGTH, TOGETHER, TOO_LONG, UNIT, ZERO, clock, plausible
from cmivqa_kit.data.srt import convert_folder
from cmivqa_kit.data.types import Subtitle
from cmivqa_kit.data.usual_span import usual_span
from tests.data.corpora import TRAIN_VIDEOS, Record, annotated, lines, m4ivqa_record, write

PLAIN = tuple(Subtitle(f"line {n}", 2.0 * n, 2.0) for n in range(10))
DAYS = 99 * 3600 + 59 * 60 + 59.0


def to_the_end(start: float) -> Subtitle:
    return Subtitle("a credit", start, DAYS - start)


@pytest.mark.parametrize(
    ("spoken", "end", "kinds"),
    [
        (PLAIN, 20.0, []),
        ((*PLAIN, to_the_end(20.0)), 22.0, [TOO_LONG]),
        ((*PLAIN, Subtitle("until one o'clock", 20.0, 3580.0)), 22.0, [TOO_LONG]),
        ((to_the_end(0.0), *PLAIN), 20.0, [TOO_LONG]),
        ((*PLAIN, Subtitle("a credit", DAYS - 9, 9.0)), 20.0, [FAR_BEHIND]),
        ((*PLAIN, to_the_end(DAYS - 900)), 20.0, [TOO_LONG, FAR_BEHIND]),
        ((Subtitle("a title", 0.0, 20.0), *PLAIN), 20.0, []),
        ((Subtitle("a title", 0.0, 900.0), *PLAIN, Subtitle("end", 890.0, 5.0)), 900.0, []),
        ((*PLAIN, Subtitle("music", 20.0, 400.0), Subtitle("end", 420.0, 5.0)), 425.0, []),
        ((Subtitle("a", 0.0, 0.0), Subtitle("b", 0.0, 0.0)), None, [ZERO]),
        ((Subtitle("a", 0.0, 0.0),), None, [ZERO]),
        (tuple(Subtitle("a", 3.0, 1.0) for _ in range(5)), None, [TOGETHER]),
        (tuple(Subtitle("a", 2.0 * n, 0.0) for n in range(5)), 8.0, [NO_LENGTH]),
        (tuple(Subtitle("a", 2000.0 * n, 1900.0) for n in range(5)), None, [UNIT]),
        (tuple(Subtitle("a", 36000.0 + n, 1.0) for n in range(5)), None, [FAR_BEHIND]),
        ((), None, []),
    ],
)  # fmt: skip
def test_the_end(spoken: tuple[Subtitle, ...], end: float | None, kinds: list[str]) -> None:
    found = plausible(spoken, "video")
    assert (found.end, [note.kind for note in found.notes]) == (end, kinds)
    assert [(line.text, line.start) for line in found.lines] == [(line.text, line.start) for line in spoken]
    assert all(line.end <= DAYS - 800 for line in found.lines) or FAR_BEHIND in kinds
    if TOO_LONG not in kinds:
        assert found.lines == spoken


def test_it_is_said_when() -> None:
    [note] = plausible((*PLAIN, to_the_end(20.0)), "abc").notes
    assert (note.subject, note.why) == (
        "abc", "1 line from 00:00:20 to 99:59:59 outlasts the others by minutes: such an end is not used"
    )  # fmt: skip
    assert clock(3723.6) == "01:02:04"


times = st.floats(0, 1e6)


@given(st.lists(st.builds(Subtitle, st.just("x"), times, times), max_size=12))
def test_whatever_the_times_are(spoken: list[Subtitle]) -> None:
    ordered = sorted(spoken, key=lambda line: line.start)
    found = plausible(ordered, "video")
    assert len(found.lines) == len(ordered)
    assert all(short.duration <= line.duration for short, line in zip(found.lines, ordered, strict=True)) or found.notes
    assert found.end is None or 0 <= found.end <= max(line.end for line in found.lines)
    if not found.notes:
        assert found.lines == tuple(ordered)


def corpus(root: Path, change: Record, count: int = 4) -> Path:
    write(root / "train.json", annotated(TRAIN_VIDEOS))
    write(root / "subtitle.json", {video: [*lines(count), change] for video in TRAIN_VIDEOS})
    return root


def test_no_duration_is_made_of_them_anywhere(tmp_path: Path) -> None:
    credit = {"text": "credit", "start": 10.0, "duration": DAYS - 10}
    split = open_split(corpus(tmp_path / "days", credit), "train")
    assert {video.duration for video in split.videos.values()} == {12.5}
    assert max(line.end for video in split.videos.values() for line in video.subtitles) == 12.5  # windows, answers
    usual = usual_span(split)
    assert usual is not None and 0 < usual.start < 0.2 and 0.4 <= usual.end <= 0.5
    assert [note.kind for note in split.notes] == [TOO_LONG] * len(TRAIN_VIDEOS)
    zero = open_split(corpus(tmp_path / "zero", {"text": "x", "start": 0, "duration": 0}, 0), "train")
    assert {(video.duration, video.duration_source) for video in zero.videos.values()} == {(None, None)}
    assert usual_span(zero) is None and [note.kind for note in zero.notes] == [ZERO] * len(TRAIN_VIDEOS)


def test_captions_in_several_languages(tmp_path: Path) -> None:
    record = m4ivqa_record(1, TRAIN_VIDEOS[0])
    record["video_captions"][-1].update(end=DAYS, duration=DAYS - record["video_captions"][-1]["start"])
    write(tmp_path / "train.json", [record])
    split = open_split(tmp_path, "train")
    [video] = split.videos.values()
    assert video.duration == 8.0 and {len(spoken) for spoken in video.translations.values()} == {4}
    assert [note.kind for note in split.notes if note.kind] == [TOO_LONG]


def test_a_converted_file_keeps_its_times_with_a_note(tmp_path: Path) -> None:
    cue = "1\n00:00:01,000 --> 00:00:03,000\nwash\n\n2\n00:00:03,000 --> {}\ngloves\n"
    for name, last in (("days", "99:59:59,000"), ("fine", "00:00:05,000")):
        (tmp_path / f"{name}.srt").write_text(cue.format(last), encoding="utf-8")
    (tmp_path / "zero.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:00.000\nwash\n", encoding="utf-8")
    done = convert_folder(tmp_path, tmp_path / "subtitle.json")
    assert [(note.subject, note.kind) for note in done.notes] == [("days.srt", TOO_LONG), ("zero.vtt", ZERO)]
    assert done.lines == 5
