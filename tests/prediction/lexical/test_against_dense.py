"""The index beside the plain one, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.types import Subtitle, Video
from cmivqa_kit.data.usual_span import UsualSpan
from cmivqa_kit.prediction.lexical import scorer
from cmivqa_kit.prediction.lexical.index import Index
from cmivqa_kit.prediction.lexical.settings import IndexSettings
from tests.prediction.lexical import dense

USUAL = UsualSpan(0.25, 0.5, 20.0)
WORDS = st.lists(st.sampled_from("abcdefgh"), max_size=9)
SECONDS = st.floats(0, 60) | st.sampled_from([0.0, 1.0, 2.5, 2.5004, 30.0])
LINES = st.lists(
    st.builds(lambda words, start, length: Subtitle(" ".join(words), start, length), WORDS, SECONDS, SECONDS),
    max_size=12,
)
QUESTIONS = st.lists(st.lists(st.sampled_from("abcdefghxy"), max_size=12), max_size=4)
DURATIONS = st.sampled_from([(None, None), (40.0, "given"), (40.0, "features"), (3.0, "container")])
CORPORA = st.lists(st.tuples(LINES, DURATIONS, st.booleans()), min_size=1, max_size=6)
LENGTHS = st.lists(st.floats(0.5, 90), min_size=1, max_size=3)


def _videos(drawn: list[tuple[list[Subtitle], tuple[float | None, str | None], bool]]) -> list[Video]:
    return [
        Video(f"v{number}", tuple(sorted(lines, key=lambda line: line.start) if in_order else lines), *duration)
        for number, (lines, duration, in_order) in enumerate(drawn)
    ]


@given(
    CORPORA,
    LENGTHS,
    st.sampled_from([0.0, 0.15, 1.0]),
    st.floats(0, 5),
    st.floats(0, 1),
    QUESTIONS,
    st.sampled_from([1, 20, 10_000]),
)
def test_windows_and_scores_equal_the_plain_ones(
    drawn: list[tuple[list[Subtitle], tuple[float | None, str | None], bool]],
    lengths: list[float],
    step: float,
    k1: float,
    b: float,
    questions: list[list[str]],
    cells: int,
) -> None:
    videos = _videos(drawn)
    settings = IndexSettings(k1, b, (), (), step)
    whole, parts, spans, first = dense.documents(videos, str.split, lengths, step, USUAL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scorer, "CELLS", cells)  # however the questions are grouped
        index = Index.build(videos, None, str.split, lengths, settings, USUAL)
        scored = list(index.windows.scores_of_all(questions)), list(index.videos.scores_of_all(questions))
    assert list(index.spans) == spans
    assert index.first.tolist() == first
    assert index.video_of.tolist() == [v for v in range(len(videos)) for _ in range(first[v], first[v + 1])]
    for texts, found in zip((parts, whole), scored, strict=True):
        expected = [dense.scores(texts, question, settings) for question in questions]
        assert [one.tobytes() for one in found] == [one.tobytes() for one in expected]


def test_a_question_alone_has_the_scores_it_has_among_others() -> None:
    videos = [Video(f"v{n}", tuple(Subtitle(f"{'abcd'[n % 4]} {'efg'[n % 3]} a", 5.0 * i, 5.0) for i in range(4)))
              for n in range(9)]  # fmt: skip
    index = Index.build(videos, None, str.split, (10.0,), IndexSettings(2.0, 0.5, (), (), 0.0), USUAL)
    questions = [["a", "b", "a"], [], ["unknown"], ["g"]]
    together = list(index.windows.scores_of_all(questions))
    alone = [index.windows.scores(question) for question in questions]
    assert [one.tobytes() for one in together] == [one.tobytes() for one in alone]
    assert together[0].max() > 0
    assert not together[1].any()
    assert not together[2].any()
    assert all(one.dtype == np.float64 for one in together)
