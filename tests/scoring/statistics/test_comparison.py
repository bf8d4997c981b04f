"""Comparing score cards: what is compared, what is refused, and what is concluded."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cmivqa_kit.data.types import Track
from cmivqa_kit.editions import load_edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.scorer import score_documents
from cmivqa_kit.scoring.statistics.bootstrap import bootstrap
from cmivqa_kit.scoring.statistics.comparison import compare, p_text
from cmivqa_kit.scoring.statistics.holm import holm
from cmivqa_kit.scoring.statistics.paired import Settings
from cmivqa_kit.scoring.statistics.power import detectable, standard_errors
from cmivqa_kit.scoring.statistics.randomization import randomization_test
from tests.metrics.boundary_error import NAME, boundary_error

EDITION = load_edition("cmivqa-2023")
VIDEOS, PER_VIDEO = 40, 3
QUICK = Settings(resamples=400)


def truth(videos: int = VIDEOS) -> list[dict[str, Any]]:
    return [
        {"id": v * PER_VIDEO + i, "video_id": f"v{v:03}", "start_second": 10.0, "end_second": 30.0}
        for v in range(videos)
        for i in range(PER_VIDEO)
    ]


def entry(targets: list[dict[str, Any]], skill: float, seed: int) -> list[dict[str, Any]]:
    """Lists that have the right video first with the chance ``skill``, else later or never, and a shifted span."""
    made = np.random.default_rng(seed)
    rows = []
    for target in targets:
        rank = 0 if made.random() < skill else int(made.integers(1, 80))
        output: list[list[Any]] = [[f"x{i}", 0.0, 5.0] for i in range(50)]
        if rank < 50:
            output[rank] = [target["video_id"], 10.0 + float(made.uniform(0, 20 * (1 - skill))), 30.0]
        rows.append({"id": target["id"], "output": output})
    return rows


def card(rows: Any, track: Track = 2, targets: Any = None, split: str = "dev", **options: Any) -> ScoreCard:
    return score_documents(rows, truth() if targets is None else targets, track, EDITION, split, **options)


@pytest.fixture(scope="module")
def cards() -> dict[str, ScoreCard]:
    targets = truth()
    return {
        name: card(entry(targets, skill, seed))
        for name, skill, seed in (("low", 0.2, 1), ("like", 0.2, 2), ("high", 0.7, 3))
    }


def test_every_number_is_that_of_the_library_it_comes_from(cards: dict[str, ScoreCard]) -> None:
    low, high = cards["low"], cards["high"]
    found = compare([low, high], ["low", "high"])
    (pair,) = found.pairs
    names = ["Overall", "R@1", "R@10", "R@50", "MRR"]
    assert sorted(one.metric for one in pair.differences) == sorted(names)
    assert pair.differences[0].metric == found.headline == "Overall"
    names = [one.metric for one in pair.differences]
    gaps = {name: high.strict.per_question[name] - low.strict.per_question[name] for name in names}
    intervals = bootstrap(gaps, low.clusters)
    tests = randomization_test(gaps, low.clusters)
    errors = standard_errors(gaps, low.clusters)
    adjusted = holm([tests[name].p for name in names])
    for one, p_holm in zip(pair.differences, adjusted, strict=True):
        assert one.a == pytest.approx(low.strict.metrics[one.metric], abs=1e-12)
        assert one.b == pytest.approx(high.strict.metrics[one.metric], abs=1e-12)
        assert one.difference == pytest.approx(one.b - one.a, abs=1e-12)
        assert one.interval == intervals[one.metric]
        assert (one.p, one.p_holm) == (tests[one.metric].p, p_holm)
        assert one.detectable == detectable(errors[one.metric])
        assert one.wins == (gaps[one.metric] > 0).sum()
        assert one.losses == (gaps[one.metric] < 0).sum()
        assert one.wins + one.ties + one.losses == len(truth())
    assert (found.questions, found.videos, found.tests) == (VIDEOS * PER_VIDEO, VIDEOS, 5)


def test_the_better_is_called_better_whichever_comes_first(cards: dict[str, ScoreCard]) -> None:
    better = compare([cards["low"], cards["high"]], ["low", "high"], settings=QUICK)
    assert better.conclusion(better.pairs[0]).startswith("high is better than low on Overall by ")
    assert "(95% " in better.conclusion(better.pairs[0]) and "after Holm" in better.conclusion(better.pairs[0])
    assert not better.worse
    worse = compare([cards["high"], cards["low"]], ["high", "low"], settings=QUICK)
    assert worse.conclusion(worse.pairs[0]).startswith("low is worse than high on Overall by ")
    assert worse.worse == worse.pairs
    there, back = better.pairs[0].differences[0], worse.pairs[0].differences[0]
    assert (there.wins, there.losses, there.p) == (back.losses, back.wins, back.p)
    assert there.interval.low == pytest.approx(-(back.interval.high or 0), abs=1e-12)


def test_where_nothing_can_be_told_the_limit_of_the_split_is(cards: dict[str, ScoreCard]) -> None:
    found = compare([cards["low"], cards["like"]], ["low", "like"], settings=QUICK)
    one = found.pairs[0].differences[0]
    assert one.verdict == "open" and one.detectable
    assert found.conclusion(found.pairs[0]).endswith(f"the smallest this split could show is {one.detectable:.4f}.")


def test_a_system_against_itself(cards: dict[str, ScoreCard]) -> None:
    found = compare([cards["low"], cards["low"]], ["a", "b"], settings=QUICK)
    for one in found.pairs[0].differences:
        assert (one.p, one.p_holm, one.difference, one.wins, one.losses) == (1.0, 1.0, 0.0, 0, 0)
        assert (one.interval.low, one.interval.high, one.detectable) == (0.0, 0.0, None)
    assert "the same value on every question" in found.conclusion(found.pairs[0])


def test_the_first_is_the_baseline_unless_all_pairs_are_wanted(cards: dict[str, ScoreCard]) -> None:
    three = list(cards.values())
    found = compare(three, settings=QUICK)
    assert [(pair.a, pair.b) for pair in found.pairs] == [(0, 1), (0, 2)]
    assert found.names == ("system 1", "system 2", "system 3")
    every = compare(three, settings=QUICK, all_pairs=True)
    assert [(pair.a, pair.b) for pair in every.pairs] == [(0, 1), (0, 2), (1, 2)]
    assert every.tests == 15 and "|holm:15" in every.signature


def test_one_family_of_all_metrics_and_pairs(cards: dict[str, ScoreCard]) -> None:
    found = compare(list(cards.values()), settings=QUICK)
    flat = [one for pair in found.pairs for one in pair.differences]
    assert [one.p_holm for one in flat] == holm([one.p for one in flat])
    alone = compare(list(cards.values())[:2], metrics=["MRR"], settings=QUICK).pairs[0].differences
    assert [one.metric for one in alone] == ["MRR"]
    assert alone[0].p_holm == alone[0].p


def test_what_boards_show_is_compared_by_default() -> None:
    targets = truth()
    spans = [{"id": t["id"], "start_second": 12.0, "end_second": 30.0} for t in targets]
    first = compare([card(spans, 1), card(spans, 1)], settings=QUICK)
    assert first.headline == "mIoU"
    assert {one.metric for one in first.pairs[0].differences} == {"mIoU", *(f"R@1,IoU={mu}" for mu in (0.3, 0.5, 0.7))}
    rows = entry(targets, 0.5, 1)
    third = compare([card(rows, 3), card(rows, 3)], settings=QUICK)
    assert third.pairs[0].differences[0].metric == third.headline == "Average"
    assert {one.metric for one in third.pairs[0].differences} == {"Average", "R@1|mIoU", "R@10|mIoU", "R@50|mIoU"}
    other = compare([card(rows, 3), card(rows, 3)], metrics=["R@10,IoU=0.5"], settings=QUICK)
    assert other.conclusion(other.pairs[0]) == "" and not other.worse


def test_an_unknown_metric_offers_the_nearest(cards: dict[str, ScoreCard]) -> None:
    with pytest.raises(UserError, match=r"no metric 'Overal' on Track 2. Did you mean 'Overall'\?"):
        compare([cards["low"], cards["high"]], metrics=["Overal"])


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"track": 3}, "track is 2 for a and 3 for b"),
        ({"cutoffs": [1, 10, 100]}, "cutoffs is 1,10,50 for a and 1,10,100 for b"),
        ({"targets": truth(20)}, "truth is "),
        ({"only": [0, 1, 2]}, "only is not stated for a and 3of120 for b"),
    ],
)
def test_scores_that_are_not_comparable(change: dict[str, Any], what: str) -> None:
    rows = entry(truth(), 0.5, 1)
    with pytest.raises(UserError, match="the scores cannot be compared: ") as refused:
        compare([card(rows), card(rows, **change)], ["a", "b"])
    assert what in refused.value.message


def test_another_version_of_the_kit_is_a_remark_and_another_python_nothing(cards: dict[str, ScoreCard]) -> None:
    low, high = cards["low"], cards["high"]
    parts = [part for part in high.signature.split("|") if not part.startswith(("cmivqa-kit:", "python:"))]
    old = replace(high, signature="|".join(["cmivqa-kit:0.0.1", *parts, "python:3.99"]))
    found = compare([low, old], ["a", "b"], settings=QUICK)
    assert len(found.remarks) == 1 and "cmivqa-kit is " in found.remarks[0] and "0.0.1 for b" in found.remarks[0]
    assert "cmivqa-kit" not in found.signature and "python" not in found.signature
    assert "cmivqa-kit" in compare([low, high], settings=QUICK).signature
    assert "|mode:strict|" in found.signature
    assert found.signature.endswith("|by:video|resamples:400|seed:2023|alpha:0.05|holm:5")


def test_what_the_official_program_crashes_on_is_compared_with_a_remark() -> None:
    rows = entry(truth(), 0.5, 1)
    crashing = card([*rows, {"output": []}])
    assert crashing.crash
    found = compare([card(rows), crashing], ["a", "b"], settings=QUICK)
    assert found.remarks[0].startswith("b: the official program crashes on it (KeyError")
    assert found.pairs[0].differences[0].difference == 0


def test_what_strict_refuses_cannot_be_compared() -> None:
    rows = entry(truth(), 0.5, 1)
    with pytest.raises(UserError, match="b: cannot be compared: the submission is not an array"):
        compare([card(rows), card({"id": 1, "output": []})], ["a", "b"])


def test_one_card_is_no_comparison(cards: dict[str, ScoreCard]) -> None:
    with pytest.raises(UserError, match="1 score cards"):
        compare([cards["low"]])


def test_by_question_ignores_videos(cards: dict[str, ScoreCard]) -> None:
    pair = [cards["low"], cards["high"]]
    by_question = compare(pair, settings=replace(QUICK, by="question"))
    gap = {"m": pair[1].strict.per_question["Overall"] - pair[0].strict.per_question["Overall"]}
    names = [f"{i:x}" for i in range(VIDEOS * PER_VIDEO)]
    error = standard_errors(gap, names)["m"]
    assert by_question.pairs[0].differences[0].detectable == detectable(error)
    assert "|by:question|" in by_question.signature


def test_the_order_of_the_questions_does_not_matter(cards: dict[str, ScoreCard]) -> None:
    targets = truth()
    rows = [entry(targets, skill, seed) for skill, seed in ((0.2, 1), (0.4, 2))]
    for by in ("video", "question"):
        settings = Settings(by=by, resamples=300)  # type: ignore[arg-type]
        first = compare([card(one) for one in rows], settings=settings)
        # Another order is another ground truth by its hash: only systems scored on the same file are compared.
        second = compare([card(one, targets=targets[::-1]) for one in rows], settings=settings)
        for one, other in zip(first.pairs[0].differences, second.pairs[0].differences, strict=True):
            assert one.p == other.p
            bounds = (other.interval.low, other.interval.high)
            assert (one.interval.low, one.interval.high) == pytest.approx(bounds, abs=1e-12)


def test_few_videos_and_no_videos_are_remarked() -> None:
    few = truth(5)
    rows = entry(few, 0.5, 1)
    found = compare([card(rows, targets=few)] * 2, settings=QUICK)
    assert found.remarks == ("only 5 videos: intervals are likely too narrow",)
    spans = [{"id": t["id"], "start_second": 12.0, "end_second": 30.0} for t in truth()]
    nameless = [{k: v for k, v in t.items() if k != "video_id"} for t in truth()]
    found = compare([card(spans, 1, nameless)] * 2, settings=QUICK)
    assert found.remarks[0].startswith("the answers name no video for 120 questions")
    one_video = truth(1)
    spans = [{"id": t["id"], "start_second": 12.0 + i, "end_second": 30.0} for i, t in enumerate(one_video)]
    found = compare([card(spans, 1, one_video), card(spans[:1], 1, one_video)], settings=QUICK)
    assert found.pairs[0].differences[0].p == 1.0
    assert "(no interval, p=1.0000 after Holm): all questions are of one video." in found.conclusion(found.pairs[0])


def test_the_twin_for_machines_is_plain_json(cards: dict[str, ScoreCard]) -> None:
    found = compare(list(cards.values()), list(cards), settings=QUICK)
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert document["systems"] == ["low", "like", "high"]
    assert document["settings"] == {
        "by": "video", "resamples": 400, "seed": 2023, "alpha": 0.05, "correction": "holm", "tests": 10,
    }  # fmt: skip
    one = document["pairs"][1]["metrics"][0]
    assert one["verdict"] == "better" and one["interval"]["level"] == 0.95 and one["wins"] > one["losses"]
    assert document["pairs"][1]["conclusion"].startswith("high is better than low")


def test_huge_ids_are_no_trouble() -> None:
    targets = [{**t, "id": 10**4000 + t["id"]} for t in truth(4)]
    rows = entry(targets, 0.5, 1)
    found = compare([card(rows, targets=targets)] * 2, settings=replace(QUICK, by="question"))
    assert found.pairs[0].differences[0].p == 1.0


def test_p_is_never_shown_as_zero() -> None:
    assert (p_text(0.00005), p_text(0.0001), p_text(1.0)) == ("p<0.0001", "p=0.0001", "p=1.0000")


def spans(targets: list[dict[str, Any]], off: float, seed: int) -> list[dict[str, Any]]:
    """Track 1 answers that start late by about ``off`` seconds."""
    made = np.random.default_rng(seed)
    return [
        {"id": target["id"], "start_second": 10.0 + float(made.uniform(0, 2 * off)), "end_second": 30.0}
        for target in targets
    ]


def test_where_lower_is_better_the_higher_is_worse() -> None:
    targets = truth()
    with boundary_error():
        rules = replace(EDITION.metrics, ranks=(NAME, "Overall", "Average"))
        edition = replace(EDITION, metrics=rules)
        near, far = (
            score_documents(spans(targets, off, seed), targets, 1, edition, "dev") for off, seed in ((1, 1), (6, 2))
        )
    found = compare([near, far], ["near", "far"], [NAME, "mIoU"], QUICK)
    (pair,) = found.pairs
    error, overlap = (pair.on(name) for name in (NAME, "mIoU"))
    assert error is not None and overlap is not None
    assert error.difference > 3  # seconds: no bound of 1
    assert error.interval.low is not None and error.interval.high is not None
    assert 3 < error.interval.low < error.difference < error.interval.high
    assert overlap.difference < 0
    assert (error.verdict, overlap.verdict) == ("worse", "worse")
    assert (error.wins, error.ties, error.losses) == (overlap.wins, overlap.ties, overlap.losses)
    assert error.losses > error.wins
    assert found.worse == found.pairs  # what --fail-if-worse asks
    sentence = found.conclusion(pair)
    assert sentence.startswith(f"far is worse than near on {NAME} by {error.difference:.4f} s (95% ")
    assert f" to {error.interval.high:.4f} s, p" in sentence
    better = compare([far, near], ["far", "near"], [NAME], QUICK)
    assert better.pairs[0].differences[0].verdict == "better" and not better.worse
    assert better.conclusion(better.pairs[0]).startswith("near is better than far")
    document = json.loads(json.dumps(found.to_dict()))["pairs"][0]["metrics"]
    assert [one["scale"] for one in document] == [
        {"unit": "seconds", "higher_is_better": False, "bounds": [0.0, None]},
        {"unit": "fraction", "higher_is_better": True, "bounds": [0.0, 1.0]},
    ]
    like = compare([near, near], ["a", "b"], [NAME], QUICK)
    assert like.pairs[0].differences[0].verdict == "open"
