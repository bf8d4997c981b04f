"""Candidate spans: against the definition, on videos of every kind."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Subtitle, Video
from cmivqa_kit.data.usual_span import UsualSpan
from cmivqa_kit.prediction.spans import candidates
from cmivqa_kit.prediction.spans.candidates import SpanBlock, SpanCorpus, SpanLimits, usable_lines

USUAL = UsualSpan(0.25, 0.5, 9.0)
LINES = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=9)


def video(name: str, lines: list[tuple[float, float]], duration: float | None = None) -> Video:
    said = tuple(Subtitle(f"line {number}", start, length) for number, (start, length) in enumerate(lines))
    return Video(name, said, duration, "given" if duration else None)


def by_definition(one: Video, limits: SpanLimits) -> list[tuple[float, float]]:
    lines = usable_lines(one.subtitles)
    spans = []
    for first in range(len(lines)):
        for stop in range(first + 1, min(len(lines), first + limits.lines) + 1):
            end = max(line.end for line in lines[first:stop])
            if one.duration is not None:
                end = min(end, one.duration)
            length = end - lines[first].start
            single = stop == first + 1
            if length <= 0 or (length > limits.seconds and not single):
                continue
            if single and length < limits.shortest and stop < len(lines):
                continue
            spans.append((lines[first].start, end))
    return spans or [(lambda span: (span.start, span.end))(USUAL.span(one.duration))]


def spans_of(block: SpanBlock, number: int) -> list[tuple[float, float]]:
    inside = slice(*block.offset[number : number + 2].tolist())
    return list(zip(block.start[inside].tolist(), block.end[inside].tolist(), strict=True))


@given(st.lists(LINES, min_size=1, max_size=4), st.integers(1, 4), st.integers(5, 40), st.integers(0, 8))
def test_spans_are_all_runs_within_the_limits(
    corpus: list[list[tuple[int, int]]], lines: int, seconds: int, shortest: int
) -> None:
    limits = SpanLimits(lines, seconds, shortest)
    videos = [video(str(number), [(float(a), float(b)) for a, b in some]) for number, some in enumerate(corpus)]
    spans = SpanCorpus.of(videos, None, limits, USUAL)
    (block,) = spans.blocks()
    for number, one in enumerate(videos):
        assert spans_of(block, number) == by_definition(one, limits)
        begin, stop = spans.first_line[number : number + 2]
        inside = slice(*block.offset[number : number + 2].tolist())
        assert ((begin <= block.first[inside]) & (block.stop[inside] <= stop)).all()


def test_spans_end_with_a_video_whose_duration_is_known() -> None:
    (block,) = SpanCorpus.of([video("a", [(0, 10), (10, 10)], 15)], None, SpanLimits(), USUAL).blocks()
    assert spans_of(block, 0) == [(0, 10), (0, 15), (10, 15)]


def test_a_video_without_lines_has_its_usual_span() -> None:
    videos = [video("a", [(0, 9)]), video("b", [], 40), video("c", []), video("d", [(0, 9)])]
    (block,) = SpanCorpus.of(videos, None, SpanLimits(), USUAL).blocks()
    assert [spans_of(block, number) for number in range(4)] == [[(0, 9)], [(10, 20)], [(0, 9)], [(0, 9)]]
    assert block.first.tolist() == [0, 1, 1, 1]
    assert block.stop.tolist() == [1, 1, 1, 2]
    assert block.video.tolist() == [0, 1, 2, 3]


def test_lines_at_impossible_times_or_without_text_are_none() -> None:
    lines = (Subtitle("b", 5, 1), Subtitle("a", 1, 2), Subtitle(" ", 0, 9), Subtitle("x", math.nan, 1),
             Subtitle("x", 0, math.inf), Subtitle("x", 3, 0), Subtitle("x", -5, 2))  # fmt: skip
    assert [line.text for line in usable_lines(lines)] == ["a", "b"]


def test_starts_of_a_video_with_too_many_spans_are_snapped_to_a_grid() -> None:
    lines = [(2.0 * n, 2.0) for n in range(300)]
    limits = SpanLimits(65, 130, 6, per_video=4000)
    (block,) = SpanCorpus.of([video("a", lines), video("b", [(0, 9)])], None, limits, USUAL).blocks()
    first = np.unique(block.first[: block.offset[1]])
    assert block.offset[1] <= 4000 + 65
    assert (np.diff(first)[:-1] == 5).all()
    assert block.first[block.offset[1] - 1] == 299  # the last line stays
    assert block.offset[2] - block.offset[1] == 1


def test_blocks_hold_whole_videos_and_are_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    videos = [video(f"{n:02}", [(8.0 * k, 8.0) for k in range(n % 5)]) for n in range(20)]
    whole = SpanCorpus.of(videos, None, SpanLimits(), USUAL)
    (block,) = whole.blocks()
    monkeypatch.setattr(candidates, "BLOCK", 60)
    for kept in (10**6, 30):
        monkeypatch.setattr(candidates, "KEPT", kept)
        parts = SpanCorpus.of(videos, None, SpanLimits(), USUAL)
        for _ in range(2):
            blocks = list(parts.blocks())
            assert len(blocks) > 3
            assert [part.begin for part in blocks] == sorted({part.begin for part in blocks})
            for name in ("first", "stop", "start", "end"):
                joined = np.concatenate([getattr(part, name) for part in blocks])
                assert joined.tolist() == getattr(block, name).tolist()
        assert parts.kept == (kept > 30)


def test_limits_are_learnt_from_training_answers() -> None:
    lines = [(5.0 * n, 5.0) for n in range(40)]
    questions = [Question(n, "q", None, "a", Span(10, 10 + length)) for n, length in enumerate((6, 20, 44.2))]
    split = Split("train", tuple(questions), {"a": video("a", lines)}, SplitFeatures.of({}))
    assert SpanLimits.learnt(split, 1.0, 500) == SpanLimits(9, 50, 6, 500)
    assert SpanLimits.learnt(split, 0.5, 500) == SpanLimits(4, 20, 20, 500)
    assert SpanLimits.learnt(Split("train", (), {}, SplitFeatures.of({})), 1.0, 500) == SpanLimits(per_video=500)
