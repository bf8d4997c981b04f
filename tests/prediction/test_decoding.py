"""Temperatures fitted, kept and read; lists by expected overlap of BM25, of a pass, and behind a retriever."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.data.span import Span
from cmivqa_kit.errors import UserError
from cmivqa_kit.prediction.decoding import DecodingSettings, KnownAnswers, ScoredSpans, Temperatures, candidates
from cmivqa_kit.prediction.pairs.expected import behind_retriever, of_corpus
from cmivqa_kit.prediction.pairs.ranking import Ranked
from tests.cli.running import cmivqa_here
from tests.data.corpora import smaller

SCORES = st.lists(st.floats(-20, 20), min_size=2, max_size=8)


def spans(scores: list[float]) -> ScoredSpans:
    start = np.arange(len(scores)) * 10.0
    return ScoredSpans(start, start + 10, np.array(scores))


@given(SCORES, st.integers(0, 7), st.floats(0.1, 10))
@settings(max_examples=40)
def test_scores_on_another_scale_are_fitted_by_another_temperature(scores: list[float], at: int, scale: float) -> None:
    answer = Span(at % len(scores) * 10.0, at % len(scores) * 10.0 + 10)
    first, second = KnownAnswers(), KnownAnswers()
    for known, factor in ((first, 1.0), (second, scale)):
        known.add_span(answer, spans([factor * score for score in scores]))
        known.add_span(Span(0, 10), spans([factor * score for score in reversed(scores)]))
    before, after = first.fitted(Temperatures()).spans, second.fitted(Temperatures()).spans
    if 0.2 < before < 5:  # else it is one of the bounds between which the likeliest is looked for
        likelihoods = [loss(scores, answer, temperature) for temperature in (before, after / scale)]
        assert likelihoods[1] == pytest.approx(likelihoods[0], abs=1e-2)


def loss(scores: list[float], answer: Span, temperature: float) -> float:
    total = 0.0
    for some, right in ((scores, int(answer.start // 10)), (scores[::-1], 0)):
        raised = np.exp((np.array(some) - max(some)) / temperature)
        total -= float(np.log(raised[right] / raised.sum() + 1e-6))
    return total


def test_nothing_known_leaves_the_default() -> None:
    assert KnownAnswers().fitted(Temperatures(1.2, 3.0)) == Temperatures(1.2, 3.0)
    assert DecodingSettings(temperature=2.0).over(Temperatures(1.2, 3.0)) == Temperatures(2.0, 3.0)


@pytest.mark.parametrize(("key", "value"), [("lists", "iou"), ("temperature", -1.0), ("video_temperature", 1e9)])
def test_settings_out_of_range_are_refused(key: str, value: object) -> None:
    with pytest.raises(UserError, match=f"decode.{key}"):
        DecodingSettings.of({"decode": {key: value}})


def ranked(scores: list[list[float]]) -> Ranked:
    score = np.array([scores], np.float32)
    start = np.broadcast_to(np.arange(score.shape[2]) * 10.0, score.shape)
    nothing = np.zeros((1, 0))
    return Ranked(score[:, 0, :0], nothing.astype(np.int32), nothing, nothing, score, start, start + 10)


@given(st.lists(st.lists(st.floats(-5, 5), min_size=3, max_size=3), min_size=1, max_size=5))
def test_one_softmax_over_all_spans_of_a_corpus(scores: list[list[float]]) -> None:
    ids = [f"v{number}" for number in range(len(scores))]
    lists = of_corpus(ranked(scores), 0, ids, Temperatures(), 2, 50)
    assert sorted(answer.video_id for answer in lists) == ids
    raised = np.exp(np.float32(scores).astype(float))
    share = raised.sum(axis=1) / raised.sum()
    assert [answer.score for answer in lists] == pytest.approx(sorted(share.tolist(), reverse=True), abs=2e-6)
    for answer in lists:  # spans that do not meet: what is expected of one is its own probability
        number = ids.index(answer.video_id)
        assert answer.confidence == pytest.approx((raised / raised.sum())[number].max(), abs=2e-6)


def test_videos_without_spans_are_left_out_and_a_retriever_alone_ranks_videos() -> None:
    none = [-np.inf] * 3
    lists = of_corpus(ranked([none, [1.0, 0, 0]]), 0, ["a", "b"], Temperatures(), 3, 9)
    assert [answer.video_id for answer in lists] == ["b"] * 3
    assert of_corpus(ranked([none]), 0, ["a"], Temperatures(), 3, 9) == ()
    sure, unsure = [(0.0, Span(0, 5))], [(-9.0, Span(0, 5)), (-9.0, Span(5, 9))]
    both = behind_retriever((("a", 2.0), ("b", 1.0)), {"a": unsure, "b": sure}, Temperatures(), 2, 50)
    assert [answer.video_id for answer in both] == ["a", "b"]
    assert sum(answer.score for answer in both) == pytest.approx(1, abs=1e-5)


def test_track_1_gives_the_span_that_most_is_expected_of() -> None:
    start, end = np.array([0.0, 0, 2, 50]), np.array([10.0, 12, 12, 60])
    lists = Temperatures().lists_of(np.ones(1), lambda video: ScoredSpans(start, end, np.array([0.0, 0, 0, 0.5])))
    (answer,) = candidates(lists, ["v"], 1, 1)
    assert answer.span == Span(0, 12)  # the likeliest one overlaps no other
    assert answer.confidence is not None
    assert 0.5 < answer.confidence < 0.8


def run(folder: Path, *words: str) -> str:
    done = cmivqa_here(*words, "--data", folder / "data", cwd=folder)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_bm25_fits_keeps_what_it_expects_and_diagnose_shows_it(tmp_path: Path) -> None:
    smaller(demo_corpus(), tmp_path / "data")
    overlap = ("--set", "decode.lists=expected-overlap")
    run(tmp_path, "train", "-m", "bm25", *overlap)
    fitted = json.loads((tmp_path / "runs/bm25-1/decoding.json").read_text())
    assert set(fitted) == {"spans", "videos"}
    assert all(0.01 <= value <= 100 for value in fitted.values())
    asked = ("predict", "-m", "bm25", "--split", "testA", "--track", "3")
    run(tmp_path, *asked, "--out", "a.json")
    run(tmp_path, *asked, "--out", "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    (document,) = (tmp_path / "runs/bm25-1/predictions").glob("a-*.confidence.json")
    rows = json.loads(document.read_text())["questions"]
    assert all(0 <= value <= 1 for row in rows for value in row["confidence"])
    lists = json.loads((tmp_path / "a.json").read_text())
    assert [len(row["confidence"]) for row in rows] == [len(row["output"]) for row in lists]
    calibration = json.loads(run(tmp_path, "diagnose", "a.json", "--format", "json"))["calibration"]
    assert calibration["questions"] == len(rows)
    assert sum(group["n"] for group in calibration["groups"]) == len(rows)
    assert "expected IoU" in run(tmp_path, "diagnose", "a.json")
    run(tmp_path, *asked, "--set", "decode.lists=score", "--out", "c.json")
    assert json.loads(run(tmp_path, "diagnose", "c.json", "--format", "json"))["calibration"] is None
    (tmp_path / "runs/bm25-1/decoding.json").write_text('{"spans": 0, "videos": 1}')
    broken = cmivqa_here(*asked, "--out", "d.json", "--data", tmp_path / "data", cwd=tmp_path)
    assert broken.returncode == 2
    assert "decoding.json" in broken.stderr.decode()
