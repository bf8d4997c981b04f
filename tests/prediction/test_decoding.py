"""Calibration fitted, kept and read; lists by expected overlap of BM25, of a pass, and behind a retriever."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.usual_span import UsualLength
from cmivqa_kit.errors import UserError
from cmivqa_kit.prediction.decoding import Calibration, DecodingSettings, KnownAnswers, ScoredSpans, candidates
from cmivqa_kit.prediction.pairs.expected import behind_retriever, of_corpus
from cmivqa_kit.prediction.pairs.ranking import Ranked
from cmivqa_kit.prediction.settings import require_same
from cmivqa_kit.runs.directory import start_run
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
    first, second = KnownAnswers(Calibration()), KnownAnswers(Calibration())
    for known, factor in ((first, 1.0), (second, scale)):
        known.add_span(answer, spans([factor * score for score in scores]))
        known.add_span(Span(0, 10), spans([factor * score for score in reversed(scores)]))
    before, after = first.fitted().spans, second.fitted().spans
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
    assert KnownAnswers(Calibration(1.2, 3.0)).fitted() == Calibration(1.2, 3.0)
    assert DecodingSettings(temperature=2.0).over(Calibration(1.2, 3.0)) == Calibration(2.0, 3.0)


@pytest.mark.parametrize(
    ("key", "value"), [("lists", "iou"), ("temperature", -1.0), ("video_temperature", 1e9), ("length_weight", -0.5)]
)
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
    lists = of_corpus(ranked(scores), 0, ids, Calibration(), 2, 50)
    assert sorted(answer.video_id for answer in lists) == ids
    raised = np.exp(np.float32(scores).astype(float))
    share = raised.sum(axis=1) / raised.sum()
    assert [answer.score for answer in lists] == pytest.approx(sorted(share.tolist(), reverse=True), abs=2e-6)
    for answer in lists:  # spans that do not meet: what is expected of one is its own probability
        number = ids.index(answer.video_id)
        assert answer.confidence == pytest.approx((raised / raised.sum())[number].max(), abs=2e-6)


def test_videos_without_spans_are_left_out_and_a_retriever_alone_ranks_videos() -> None:
    none = [-np.inf] * 3
    lists = of_corpus(ranked([none, [1.0, 0, 0]]), 0, ["a", "b"], Calibration(), 3, 9)
    assert [answer.video_id for answer in lists] == ["b"] * 3
    assert of_corpus(ranked([none]), 0, ["a"], Calibration(), 3, 9) == ()
    sure, unsure = [(0.0, Span(0, 5))], [(-9.0, Span(0, 5)), (-9.0, Span(5, 9))]
    both = behind_retriever((("a", 2.0), ("b", 1.0)), {"a": unsure, "b": sure}, Calibration(), 2, 50)
    assert [answer.video_id for answer in both] == ["a", "b"]
    assert sum(answer.score for answer in both) == pytest.approx(1, abs=1e-5)


def test_track_1_gives_the_span_that_most_is_expected_of() -> None:
    start, end = np.array([0.0, 0, 2, 50]), np.array([10.0, 12, 12, 60])
    lists = Calibration().lists_of(np.ones(1), lambda video: ScoredSpans(start, end, np.array([0.0, 0, 0, 0.5])))
    (answer,) = candidates(lists, ["v"], 1, 1)
    assert answer.span == Span(0, 12)  # the likeliest one overlaps no other
    assert answer.confidence is not None
    assert 0.5 < answer.confidence < 0.8


def test_a_kept_pass_serves_every_way_of_making_lists() -> None:
    names = DecodingSettings.__dataclass_fields__
    require_same({"decode": {"overlap": 0.5}}, {"decode": {"overlap": 0.5, **dict.fromkeys(names, "other")}}, "pass")
    with pytest.raises(UserError, match=r"decode\.overlap was 0\.5"):
        require_same({"decode": {"overlap": 0.5}}, {"decode": {"overlap": 0.6}}, "pass")


def test_of_spans_that_score_alike_the_one_of_the_usual_length_is_given() -> None:
    start, end = np.array([0.0, 40, 80]), np.array([5.0, 60, 170])  # 5, 20 and 90 seconds
    settings = DecodingSettings()
    answers = []
    for seconds in (4.0, 20.0, 100.0):
        fitted = Calibration(length=UsualLength(math.log(seconds), 0.5))
        lists = settings.over(fitted).lists_of(np.ones(1), lambda video: ScoredSpans(start, end, np.zeros(3)))
        answers.append(candidates(lists, ["v"], 1, 1)[0])
    assert [answer.span for answer in answers] == [Span(0, 5), Span(40, 60), Span(80, 170)]
    likely = norm.pdf(np.log(end - start), math.log(20.0), 0.5)  # no two meet: what is expected is a probability
    assert answers[1].confidence == pytest.approx(likely[1] / likely.sum(), abs=1e-6)
    no_lengths = DecodingSettings(length_weight=0.0).over(Calibration(length=UsualLength(math.log(4.0), 0.5)))
    lists = no_lengths.lists_of(np.ones(1), lambda video: ScoredSpans(start, end, np.array([0.0, 0, 1])))
    assert candidates(lists, ["v"], 1, 1)[0].span == Span(80, 170)


@pytest.mark.parametrize("length", [None, UsualLength(3.2, 0.5)])
def test_a_calibration_is_read_as_it_was_written(length: UsualLength | None, tmp_path: Path) -> None:
    begun = start_run(tmp_path, "bm25", {}, 0)
    assert Calibration.read(begun, Calibration(7.0)) == Calibration(7.0)
    Calibration(1.5, 2.5, length, 0.3).write(begun)
    assert Calibration.read(begun) == Calibration(1.5, 2.5, length)  # its weight is a setting


def test_a_run_of_an_earlier_kit_has_temperatures_alone(tmp_path: Path) -> None:
    begun = start_run(tmp_path, "bm25", {}, 0)
    (begun.path / "decoding.json").write_text('{"spans": 2.0, "videos": 3.0}')
    assert Calibration.read(begun) == Calibration(2.0, 3.0)


@pytest.mark.parametrize(
    "document",
    [
        {"spans": 0, "videos": 1},
        {"spans": 1},
        {"spans": 1, "videos": 1, "length": 3},
        {"spans": 1, "videos": 1, "length": {"log_mean": 3.0}},
        {"spans": 1, "videos": 1, "length": {"log_mean": "3", "log_spread": 1.0}},
        {"spans": 1, "videos": 1, "length": {"log_mean": 3.0, "log_spread": 0.0}},
        {"spans": 1, "videos": 1, "length": {"log_mean": 1e300, "log_spread": 1.0}},
    ],
)
def test_a_damaged_calibration_is_refused(document: dict[str, Any], tmp_path: Path) -> None:
    begun = start_run(tmp_path, "bm25", {}, 0)
    (begun.path / "decoding.json").write_text(json.dumps(document))
    with pytest.raises(UserError, match=r"decoding\.json: no calibration"):
        Calibration.read(begun)


def run(folder: Path, *words: str) -> str:
    done = cmivqa_here(*words, "--data", folder / "data", cwd=folder)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_bm25_fits_keeps_what_it_expects_and_diagnose_shows_it(tmp_path: Path) -> None:
    smaller(demo_corpus(), tmp_path / "data")
    overlap = ("--set", "decode.lists=expected-overlap")
    run(tmp_path, "train", "-m", "bm25", *overlap)
    fitted = json.loads((tmp_path / "runs/bm25-1/decoding.json").read_text())
    assert set(fitted) == {"spans", "videos", "length"}
    assert all(0.01 <= fitted[name] <= 100 for name in ("spans", "videos"))
    assert set(fitted["length"]) == {"log_mean", "log_spread"}
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
