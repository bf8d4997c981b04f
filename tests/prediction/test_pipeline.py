"""One list from a retriever's videos and a localizer's spans."""

from __future__ import annotations

import math
import sys
import warnings
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Subtitle
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate
from cmivqa_kit.prediction.pairs.line_times import LineTimes
from cmivqa_kit.prediction.pairs.ranking import Ranked, RankedCells
from cmivqa_kit.prediction.pipeline import (
    UNFOUND,
    PipelineSettings,
    combine,
    complete,
    defaults,
    spans_in,
    with_fallback,
)
from cmivqa_kit.prediction.types import Ranking, Times
from tests.prediction.pairs.scorers import split_of, video
from tests.prediction.plain_pipeline import plainly

Found = dict[str, list[tuple[float, Span]]]
HOW = PipelineSettings()
RANKING: Ranking = (("b", 3.0), ("a", 1.0), ("c", 1.0))
SPANS: Found = {
    "a": [(-0.5, Span(0, 5)), (-1.0, Span(5, 9))],
    "b": [(-4.0, Span(2, 3)), (-4.0, Span(4, 5))],
    "c": [(-0.5, Span(1, 5))],
}


def shown(candidates: tuple[Candidate, ...]) -> list[tuple[str, float]]:
    return [(one.video_id, one.span.start) for one in candidates]


@st.composite
def found(draw: st.DrawFn) -> tuple[Ranking, Found]:
    """Few different scores, confidences and times, so that nearly everything ties with something."""
    ids = draw(st.lists(st.sampled_from("abcdefg"), min_size=1, unique=True))
    scores = sorted(draw(st.lists(st.integers(-2, 2), min_size=len(ids), max_size=len(ids))), reverse=True)
    logs, times = st.sampled_from([0.0, -0.5, -1.0, -2.0, -3.0]), st.integers(0, 3)
    spans: Found = {}
    for name in ids:
        pairs = draw(st.lists(st.tuples(times, times), min_size=1, max_size=4, unique=True))
        given = sorted(((draw(logs), Span(float(a), float(a + b + 1))) for a, b in pairs), key=lambda span: -span[0])
        spans[name] = given
    return tuple(zip(ids, map(float, scores), strict=True)), spans


@given(
    found(), st.sampled_from([2, 3, "corpus"]), st.integers(1, 8), st.sampled_from([0.25, 1.0, 4.0]), st.integers(1, 4),
    st.sampled_from(["score", "retriever"]), st.integers(1, 6),
)  # fmt: skip
def test_the_list_is_the_specification_s(
    made: tuple[Ranking, Found], target: int, top: int, temperature: float, per_video: int, order: str, limit: int
) -> None:
    ranking, spans = made
    how = PipelineSettings(top, temperature, per_video, "lines", order)
    expected = plainly(ranking, spans, target, top, temperature, per_video, order, limit)
    listed = combine(ranking, spans, how, target, limit)  # type: ignore[arg-type]
    assert [(one.video_id, one.span) for one in listed] == [entry[:2] for entry in expected]
    assert [one.score for one in listed] == pytest.approx([entry[2] for entry in expected], abs=2e-6)
    assert listed  # never empty: the official program would fail on it
    # Fewer videos afterwards is what asking for fewer gives.
    assert combine(ranking[:top], spans, replace(how, retrieve_top=50), target, limit) == listed  # type: ignore[arg-type]


def test_scores_are_logs_of_both_probabilities() -> None:
    whole = math.exp(3) + 2 * math.exp(1)
    listed = combine(RANKING, SPANS, HOW, 3, 50)
    assert shown(listed) == [("a", 0), ("c", 1), ("b", 2)]
    by_video = {one.video_id: one.score for one in listed}
    assert by_video["a"] == pytest.approx(math.log(math.exp(1) / whole * math.exp(-0.5)), abs=1e-6)
    assert by_video["b"] == pytest.approx(math.log(math.exp(3) / whole * math.exp(-4.0)), abs=1e-6)


def test_one_list_serves_both_tracks_unless_there_are_more_spans_of_a_video() -> None:
    assert (
        combine(RANKING, SPANS, HOW, 2, 50)
        == combine(RANKING, SPANS, HOW, 3, 50)
        == combine(RANKING, SPANS, HOW, "corpus", 50)
    )
    two = replace(HOW, spans_per_video=2)
    three = [("a", 0), ("c", 1), ("a", 5), ("b", 2), ("b", 4)]
    assert shown(combine(RANKING, SPANS, two, 3, 50)) == shown(combine(RANKING, SPANS, two, "corpus", 50)) == three
    assert shown(combine(RANKING, SPANS, two, 2, 50)) == [("a", 0), ("c", 1), ("b", 2)]
    assert shown(combine(RANKING, SPANS, two, 3, 3)) == three[:3]
    assert shown(combine(RANKING, SPANS, two, 2, 2)) == [("a", 0), ("c", 1)]


def test_the_retriever_s_order_is_for_track_2_alone() -> None:
    how = replace(HOW, spans_per_video=2, track2_order="retriever")
    assert shown(combine(RANKING, SPANS, how, 2, 50)) == [("b", 2), ("a", 0), ("c", 1)]
    assert combine(RANKING, SPANS, how, 3, 50) == combine(RANKING, SPANS, replace(HOW, spans_per_video=2), 3, 50)


def test_ties_that_only_rounding_could_break_are_ties() -> None:
    """p * c is the same although p and c are not."""
    ranking = (("a", 0.0), ("b", -2.0), ("c", -4.0))
    spans = {"a": [(-5.0, Span(0, 1))], "b": [(-3.0, Span(0, 1))], "c": [(-1.0, Span(0, 1))]}
    for top in range(1, 4):
        assert [one.video_id for one in combine(ranking, spans, replace(HOW, retrieve_top=top), 3, 9)] == list("abc")[
            :top
        ]


@pytest.mark.parametrize("temperature", [5e-324, 1e-300, 1e-3, 1e300, sys.float_info.max])
@pytest.mark.parametrize("scores", [(3.0, 1.0, 1.0), (sys.float_info.max, 0.0, -sys.float_info.max), (0.0, 0.0, 0.0)])
def test_no_temperature_and_no_score_breaks_the_order(temperature: float, scores: tuple[float, ...]) -> None:
    ranking = tuple(zip("bac", scores, strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        listed = combine(ranking, SPANS, replace(HOW, temperature=temperature), 3, 50)
    assert sorted(one.video_id for one in listed) == ["a", "b", "c"]
    assert not any(math.isnan(one.score) for one in listed)
    if len(set(scores)) > 1 and temperature <= 1e-3:
        assert [one.video_id for one in listed] == ["b", "a", "c"]  # the retriever alone
        assert listed[0].score == -4.0  # of which nothing is left to the others
    elif scores[0] < 9:  # the localizer alone; ties by the retriever's order
        assert [one.video_id for one in listed] == ["a", "c", "b"]


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"retrieve_top": 0}, "retrieve_top"),
        ({"retrieve_top": -5}, "retrieve_top"),
        ({"temperature": 0.0}, "temperature"),
        ({"temperature": -1.0}, "temperature"),
        ({"temperature": math.nan}, "temperature"),
        ({"temperature": math.inf}, "temperature"),
        ({"spans_per_video": 0}, "spans_per_video"),
        ({"spans_per_video": 51}, "spans_per_video"),
        ({"span_source": "frames"}, "span_source"),
        ({"track2_order": "id"}, "track2_order"),
    ],
)
def test_settings_out_of_range(changed: dict[str, object], name: str) -> None:
    with pytest.raises(UserError, match=f"^pipeline.{name}: ") as caught:
        PipelineSettings.of({"pipeline": {**asdict(HOW), **changed}})
    assert caught.value.fix == f"Give another value: --set pipeline.{name}=..."


def test_settings_that_are_not_named_have_their_defaults() -> None:
    assert PipelineSettings.of({}) == PipelineSettings.of(defaults()) == HOW
    whole = complete({"decode": {"x": 1}, "pipeline": {"temperature": 2.0, "of_a_later_kit": 1}})
    assert whole == {"decode": {"x": 1}, "pipeline": asdict(replace(HOW, temperature=2.0))}


NOTHING = -math.inf
TIMES = (
    Times(np.array([0.0, 5, 5]), np.array([5.0, 9, 9])),  # two lines at once
    Times(np.array([0.0, 4, 8]), np.array([4.0, 8, 8])),  # the last one lasts no time
)


def kept(*cells: list[tuple[float, int, int]]) -> Ranked:
    """Of one question, per video its best cells."""
    score = np.array([[[cell[0] for cell in one] for one in cells]], np.float32)
    row, column = (np.array([[[cell[n] for cell in one] for one in cells]], np.int32) for n in (1, 2))
    none = np.zeros((1, 0), np.int32)
    cells_of_all = none.astype(np.float32), none, none, none
    return RankedCells(*cells_of_all, score, row, column).in_seconds(LineTimes.of(TIMES[: len(cells)]))


def test_spans_of_the_retrieved_videos_each_once() -> None:
    ranked = kept(
        [(-1.0, 1, 1), (-2.0, 1, 2), (-3.0, 0, 2), (-4.0, 0, 0)],
        [(-1.0, 2, 2), (-2.0, 1, 0), (NOTHING, -1, -1), (NOTHING, -1, -1)],
    )
    ranking = (("y", 1.0), ("silent", 0.5), ("x", 0.0))
    found = spans_in(ranked, 0, ["x", "y"], ranking, 2)
    assert found == {
        "x": [(-1.0, Span(5, 9)), (-3.0, Span(0, 9))],  # 1 to 2 is the same as 1 to 1
        # Without length: a second. An end before its start is the end of the video (docs/spec/mutualsl.md, 4.1 and
        # 4.3).
        "y": [(-1.0, Span(8, 9)), (-2.0, Span(4, 8))],
    }
    assert [len(one) for one in spans_in(ranked, 0, ["x", "y"], ranking, 1).values()] == [1, 1]
    assert spans_in(ranked, 0, ["x", "y"], (("x", 0.0),), 4)["x"] == [*found["x"], (-4.0, Span(0, 5))]
    with pytest.raises(UserError, match="spans_per_video = 5: the pass kept 4") as caught:
        spans_in(ranked, 0, ["x", "y"], ranking, 5)
    assert "Give 4 or less, or predict again without --from" in caught.value.fix


def test_a_video_in_which_nothing_was_found_is_no_key() -> None:
    assert spans_in(kept([(NOTHING, -1, -1)]), 0, ["x"], (("x", 0.0),), 1) == {}


def test_every_retrieved_video_has_a_span(tmp_path: Path) -> None:
    np.save(tmp_path / "filmed.npy", np.ones((30, 2), np.float32))
    (tmp_path / "damaged.npy").write_bytes(b"no array")
    both = replace(
        video("both", ("one", 1, 2), ("two", 3, 7)),
        translations=MappingProxyType({"English": (Subtitle("only", 4.0, 2.0),)}),
    )
    videos = [both, video("still", ("x", 2, 2)), video("early", ("x", -3, -1)), video("filmed"), video("damaged")]
    question = Question(0, "?", "Chinese")
    split = replace(split_of(videos, [question]), features=SplitFeatures([tmp_path]))
    names = ["both", "still", "early", "filmed", "damaged", "unknown", "sure"]
    sure: Found = {"sure": [(-0.25, Span(7, 8))]}
    whole = with_fallback(sure, [(name, 0.0) for name in names], split, question)  # type: ignore[arg-type]
    expected = [Span(1, 7), Span(2, 3), Span(0, 1), Span(0, 30), Span(0, 1), Span(0, 1)]
    assert whole == {**sure, **{name: [(UNFOUND, one)] for name, one in zip(names, expected, strict=False)}}
    assert math.exp(UNFOUND) == pytest.approx(1e-6)
    assert sure == {"sure": [(-0.25, Span(7, 8))]}
    english = with_fallback({}, (("both", 0.0),), split, replace(question, language="English"))
    assert english == {"both": [(UNFOUND, Span(4, 6))]}


def test_a_question_none_of_whose_videos_can_be_localized_keeps_the_retriever_s_order() -> None:
    spans = {name: [(UNFOUND, Span(0, 1))] for name in "abc"}
    listed = combine(RANKING, spans, HOW, 3, 50)
    assert [one.video_id for one in listed] == ["b", "a", "c"]
