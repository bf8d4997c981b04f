import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.types import Subtitle, Video
from cmivqa_kit.data.usual_span import UsualSpan
from cmivqa_kit.prediction.lexical.index import Index
from cmivqa_kit.prediction.lexical.postings import Postings
from cmivqa_kit.prediction.lexical.scorer import Scorer
from cmivqa_kit.prediction.lexical.settings import IndexSettings
from cmivqa_kit.prediction.lexical.windows import windows
from tests.baselines.corpora import lines, video

SETTINGS = IndexSettings(k1=2.0, b=0.5, window_seconds=(), window_quantiles=(), window_step=0.0)


def built(*videos: Video, lengths: tuple[float, ...] = (10.0, 20.0)) -> Index:
    return Index.build(videos, None, str.split, lengths, SETTINGS, UsualSpan(0.25, 0.5, 20.0))


def scorer(documents: list[list[str]], k1: float, b: float) -> Scorer:
    """Of documents of one line each."""
    line = np.arange(len(documents))
    return Scorer(Postings.of(documents), line, line + 1, k1, b)


def test_window_lengths_snap_to_lines() -> None:
    spoken = lines(["a"] * 6)  # 5 s each
    assert windows(spoken, [10.0], 0.0) == [(0, 2), (1, 3), (2, 4), (3, 5), (4, 6)]
    assert windows(spoken, [11.0], 0.0)[0] == (0, 2)  # 10 s is nearer to 11 than 15 is
    assert windows(spoken, [14.0], 0.0)[0] == (0, 3)
    assert windows(spoken, [1.0], 0.0) == [(i, i + 1) for i in range(6)]
    assert windows(spoken, [1000.0], 0.0) == [(0, 6)]
    assert windows((), [10.0], 0.0) == []


def test_windows_start_a_step_apart() -> None:
    assert windows(lines(["a"] * 12), [20.0], 0.5) == [(0, 4), (2, 6), (4, 8), (6, 10), (8, 12)]


@given(
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 20)), max_size=30),
    st.lists(st.floats(0.5, 90), min_size=1, max_size=4),
    st.floats(0, 1),
)
def test_windows_cover_every_line(gaps: list[tuple[float, float]], lengths: list[float], step: float) -> None:
    spoken, clock = [], 0.0
    for gap, duration in gaps:
        spoken.append(Subtitle("a", clock + gap, duration))
        clock += gap + duration
    found = windows(spoken, lengths, step)
    assert found == sorted(set(found))
    assert all(0 <= i < j <= len(spoken) for i, j in found)
    if step == 0:
        assert {k for i, j in found for k in range(i, j)} == set(range(len(spoken)))


def test_every_video_has_valid_windows() -> None:
    index = built(
        video("a", ["x", "y"], duration=7.0, source="given"),
        video("b", []),
        video("c", [], duration=40.0, source="features"),
        Video("d", (Subtitle("late", 50.0, 5.0),), 40.0, "container"),  # its only line lies beyond the exact end
        Video("e", (Subtitle("flash", 3.0, 0.0),), 3.0, "subtitles"),
    )
    assert all(span.valid for span in index.spans)
    assert (np.diff(index.first) >= 1).all()
    per_video = {index.video_ids[v]: [] for v in range(5)}
    for span, v in zip(index.spans, index.video_of, strict=True):
        per_video[index.video_ids[v]].append((span.start, span.end))
    assert per_video["a"] == [(0.0, 7.0)]
    assert per_video["b"] == [(0.0, 20.0)]
    assert per_video["c"] == [(10.0, 20.0)]
    assert per_video["d"] == [(10.0, 20.0)]
    assert index.windows.scores(["late"]).argmax() == index.first[3]


def test_scores_by_hand() -> None:
    scores = scorer([["a", "b"], ["b", "b"], ["c"]], k1=1.0, b=0.0).scores(["a", "unknown"])
    idf = np.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    assert scores == pytest.approx([idf * 1 / (1 + 1), 0, 0], rel=1e-6)


def test_nothing_to_score() -> None:
    assert scorer([[], []], 2.0, 0.5).scores(["a"]).tolist() == [0, 0]
    assert scorer([["a"], []], 2.0, 0.5).scores([]).tolist() == [0, 0]
