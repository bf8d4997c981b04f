"""The whole diagnosis: it agrees with its score card, on any documents, and its JSON is JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.diagnosis import diagnose
from cmivqa_kit.diagnosis.context import NOTHING
from cmivqa_kit.diagnosis.payload import payload
from cmivqa_kit.editions import Combination, MetricRules
from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring.scorer import score_documents
from tests.diagnosis.made import EDITION, answer, diagnosed, target
from tests.scoring.documents import Documents, dirty_cases, json_values, valid_cases

KEYS = {
    "track", "split", "edition", "headline", "signature", "cutoffs", "counts", "unanswered", "score", "official",
    "loss", "classes", "labels", "oracles", "prior", "prior_span", "groups", "warnings", "remarks", "next", "questions",
    "corpus_videos", "calibration",
}  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(dirty_cases() | valid_cases())
def test_any_submission_is_diagnosed(case: Documents) -> None:
    predictions, targets, track = case
    if track == 2:
        return
    found = diagnosed(track, predictions, targets)
    document = found.to_dict()
    assert set(document) == KEYS
    json.dumps(document, allow_nan=False)
    json.dumps(payload(found, "x.json"), allow_nan=False)
    assert document["score"] == found.card.strict.metrics[found.card.headline]
    assert abs(sum(one["share"] for one in document["classes"]) - document["loss"]) < 1e-12
    assert sum(one["questions"] for one in document["labels"]) == len(targets)
    for grouping in document["groups"]:
        assert sum(row["n"] for row in grouping["rows"]) == len(targets)
        for row in grouping["rows"]:
            assert sum(row["shares"]) == pytest.approx(1 - row["score"], abs=1e-12)
        # Groups put together are the whole.
        whole = sum(row["n"] * row["score"] for row in grouping["rows"]) / len(targets)
        assert whole == pytest.approx(document["score"], abs=1e-12)
    assert sum(one["score"] for one in document["questions"]) / len(targets) == pytest.approx(document["score"])
    assert document["next"]


@settings(max_examples=150, deadline=None)
@given(json_values, st.sampled_from([1, 3]))
def test_any_document_is_diagnosed_or_refused(predictions: object, track: int) -> None:
    targets = [target(0, "A"), target("1", "B", 2, 4)]
    card = score_documents(predictions, targets, 1 if track == 1 else 3, EDITION)
    if card.strict.error:
        with pytest.raises(UserError, match="cannot be diagnosed"):
            diagnose(card, predictions, targets)
    else:
        json.dumps(diagnose(card, predictions, targets).to_dict(), allow_nan=False)


def test_by_hand() -> None:
    targets = [target(0), target(1, "B", 0, 20, question="why?", language_type="English")]
    document = diagnosed(3, [answer(0, ["A", 0, 5])], targets).to_dict()
    assert (document["score"], document["official"], document["unanswered"]) == (0.25, 0.25, 1)
    assert [one["share"] for one in document["classes"]] == [0.5, 0, 0, 0.25]
    assert [one["questions"] for one in document["labels"]] == [1, 1, 0, 0, 0]
    assert document["questions"][0] == {
        "id": 0, "label": "hit", "score": 0.5, "m": [0.5, 0.5, 0.5], "position": 1, "answer": "given",
    }  # fmt: skip
    assert [one["title"] for one in document["groups"]] == [
        "question length, characters", "answer length, s", "language",
    ]  # fmt: skip
    assert document["prior"] == [] and document["prior_span"] is None
    assert document["remarks"] == list(NOTHING.remarks)


def test_what_official_says_is_a_remark_where_it_differs() -> None:
    # Officially a negative time scores as it stands; to strict it is no span.
    negative = diagnosed(3, [answer(0, ["A", -1, 10])], [target(0)])
    assert negative.remarks[0].startswith("official Average is 0.9091, strict 0.0000: the diagnosis is of the strict")
    crashing = diagnosed(3, [answer(0, ["A", 0, 10]), {"output": []}], [target(0)])
    assert crashing.official is None and crashing.to_dict()["official"] is None
    assert crashing.remarks[0].startswith("the official program would crash on this file")


def test_a_part_of_the_questions() -> None:
    targets = [target(i, "A" if i else "B") for i in range(3)]
    predictions = [answer(i, ["A", 0, 10]) for i in range(3)]
    card = score_documents(predictions, targets, 3, EDITION, only=[2, 1])
    found = diagnose(card, predictions, targets)
    assert [one.id for one in found.outcomes] == [1, 2] and found.score == 1


def test_other_cutoffs() -> None:
    predictions = [answer(0, *[["B", 0, 1]] * 60, ["A", 0, 10])]
    card = score_documents(predictions, [target(0)], 3, EDITION, cutoffs=(5, 100))
    found = diagnose(card, predictions, [target(0)])
    assert found.cutoffs == (5, 100)
    assert [share.by_cutoff for share in found.shares] == [(0, 0), (1, 0), (0, 0), (0, 0)]


def test_refused() -> None:
    predictions, targets = [answer(0, ["A", 0, 10])], [target(0)]
    with pytest.raises(UserError, match="Track 2 has no spans to judge"):
        diagnosed(2, predictions, targets)
    with pytest.raises(UserError, match="cannot be diagnosed: answer 1"):
        diagnosed(3, predictions, [*targets, *targets])
    rules = MetricRules(combined={"Average": Combination(("R@{n}", "R@{n}|mIoU"), mean=True)})
    card = score_documents([answer(0, ["A", 0, 5])], targets, 3, replace(EDITION, metrics=rules))
    with pytest.raises(UserError, match="Average is not the mean overlap"):
        diagnose(card, [answer(0, ["A", 0, 5])], targets)
