"""The score card: both scores, counts, rows, its machine-readable twin."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.editions import load_edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.crashes import Crash
from cmivqa_kit.scoring.scorer import score_documents
from tests.scoring.documents import Documents, dirty_cases
from tests.submission.small import lists, records, spans

EDITION = load_edition("cmivqa-2023")
TRUTH = records("testA")
OFFICIAL: dict[Track, list[str]] = {
    1: ["R@1,IoU=0.3", "R@1,IoU=0.5", "R@1,IoU=0.7", "mIoU"],
    2: ["R@1", "R@10", "R@50", "MRR", "Overall"],
    3: ["R@1|mIoU", "R@10|mIoU", "R@50|mIoU", "Average"],
}


def card_of(track: Track, rows: Any = None, truth: Any = TRUTH, **options: Any) -> ScoreCard:
    rows = rows if rows is not None else spans(truth) if track == 1 else lists(truth)
    return score_documents(rows, truth, track, EDITION, "testA", **options)


@pytest.mark.parametrize("track", TRACKS)
def test_a_right_submission(track: Track) -> None:
    card = card_of(track)
    assert list(card.metrics) == OFFICIAL[track]
    assert card.headline == OFFICIAL[track][-1] == next(iter(card.strict.metrics))
    assert card.counts == {
        "questions": 4, "answered": 4, "missing": 0, "duplicated": 0, "extra": 0, "malformed": 0, "invalid_entries": 0,
    }  # fmt: skip
    assert card.metrics[card.headline] == card.strict.metrics[card.headline] == (4.0 if track == 2 else 1.0)
    assert card.question_ids == (0, 1, 2, 3)
    assert card.clusters == ("vidA_______", "vidB_______", "vidC_______", "vidA_______")
    assert card.answers == ("given",) * 4
    assert card.languages == (None,) * 4
    assert (card.crash, card.differences, card.official.status) == ("", (), "ok")
    assert card.per_question is card.strict.per_question
    assert list(card.per_question) == list(card.strict.metrics)
    assert all(values.shape == (4,) for values in card.per_question.values())


def test_fractions_beside_the_programs_own_units() -> None:
    half = [{**row, "end_second": row["start_second"] + 2.5} for row in TRUTH]
    card = card_of(1, half)
    assert card.raw == {"R@1,IoU=0.3": 100.0, "R@1,IoU=0.5": 100.0, "R@1,IoU=0.7": 0.0, "mIoU": 50.0}
    assert card.metrics == {"R@1,IoU=0.3": 1.0, "R@1,IoU=0.5": 1.0, "R@1,IoU=0.7": 0.0, "mIoU": 0.5}
    assert card.strict.per_question["mIoU"].tolist() == [0.5] * 4
    lower = card_of(2, lists(TRUTH)[:2])
    assert lower.metrics == lower.raw


def test_the_twin_of_a_card() -> None:
    truth = [{**row, "language_type": "Chinese"} for row in TRUTH]
    rows = [*lists(TRUTH)[:2], {"id": 2, "output": [["v", 0, 1], ["v", 0, 1], [truth[2]["video_id"], 25, 30]]}]
    card = card_of(2, rows, truth)
    document = json.loads(json.dumps(card.to_dict(), allow_nan=False))
    assert list(document) == ["track", "split", "edition", "headline", "cutoffs", "entries", "official", "strict",
                              "counts", "differences", "signature"]  # fmt: skip
    assert document["official"] == {
        "status": "ok", "metrics": card.metrics, "raw": card.raw, "crash": None, "repaired": None,
    }  # fmt: skip
    assert document["strict"] == {
        "status": "ok", "error": None, "message": None, "metrics": card.strict.metrics,
        "by_language": {"Chinese": card.strict.metrics},
        "scales": {
            name: {"unit": "fraction", "higher_is_better": True, "bounds": [0.0, 4.0 if name == "Overall" else 1.0]}
            for name in card.strict.metrics
        },
    }  # fmt: skip
    assert [(one["code"], one["ids"]) for one in document["differences"]] == [("Q12", [3]), ("Q61", [2])]
    assert document["counts"]["missing"] == 1
    assert card.to_dict(per_question=True)["per_question"] == list(card.rows())


def test_rows_per_question() -> None:
    truth = [{**row, "language_type": "English"} if row["id"] else row for row in TRUTH]
    card = card_of(2, [*lists(TRUTH)[:2], *lists(TRUTH)[1:3]], truth)
    rows = list(card.rows())
    assert [row["answer"] for row in rows] == ["given", "duplicated", "given", "missing"]
    assert [row["language"] for row in rows] == [None, "English", "English", "English"]
    assert rows[3] == {
        "id": 3, "video": "vidA_______", "language": "English", "answer": "missing", "strict:Overall": 0.0,
        "strict:R@1": 0.0, "strict:R@10": 0.0, "strict:R@50": 0.0, "strict:MRR": 0.0, "official:R@1": 0.0,
        "official:R@10": 0.0, "official:R@50": 0.0, "official:MRR": None,
    }  # fmt: skip
    assert np.isnan(card.official.per_question["MRR"][3])
    assert json.dumps(rows, allow_nan=False)


def test_a_truth_without_videos() -> None:
    truth = [{key: value for key, value in row.items() if key != "video_id"} for row in TRUTH]
    card = card_of(1, None, truth)
    assert len(set(card.clusters)) == 4
    assert [row["video"] for row in card.rows()] == [None] * 4


def test_a_crash_is_said_and_repaired() -> None:
    rows = lists(TRUTH)
    rows[2]["output"] = []
    card = card_of(3, rows)
    assert card.crash == "ValueError at question 2: output is empty (Q70)"
    assert card.metrics == card.raw == card.official.per_question == {}
    assert card.official.repaired == card.official.repaired_raw
    assert card.official.repaired["Average"] == 0.75  # type: ignore[index]
    assert card.strict.metrics["Average"] == 0.75
    assert card.differences == ()
    document = card.to_dict()["official"]
    assert (document["status"], document["metrics"]) == ("official_crash", None)
    assert document["crash"]["quirk"] == "Q70"
    assert document["repaired"]["dropped_questions"] == 1
    nothing = card_of(2, [])
    assert nothing.crash == "ZeroDivisionError: no question is answered, so the MRR divides by 0 (Q13)"
    assert nothing.official.repaired == dict.fromkeys(OFFICIAL[2], 0.0)


def test_a_refusal_is_said() -> None:
    truth = [*TRUTH[:3], {**TRUTH[3], "end_second": 0.0}]
    card = card_of(3, lists(TRUTH), truth)
    assert card.strict.error == "ground_truth_bad_span"
    assert card.strict.message == "answer 3 (id 3): 30.0 to 0.0 s is no span (0 <= start < end)"
    assert card.to_dict()["strict"]["status"] == "refused"
    assert card.metrics["Average"] == 0.75
    assert card.per_question == {}
    assert card.counts["answered"] == 4
    assert len(list(card.rows())) == 4


def test_an_unreadable_submission() -> None:
    card = card_of(3, None, unreadable=Crash("JSONDecodeError", "load", quirk="Q6"))
    assert card.official.status == "unreadable"
    assert card.strict.error == "submission_unreadable"
    assert card.counts["missing"] == 4
    assert card.crash == "JSONDecodeError: the file is not JSON (Q6)"
    assert card.official.repaired is None


def test_infinite_official_numbers_fit_into_json() -> None:
    """Only a degenerate ground truth makes them (Q36)."""
    truth = [{"id": 1, "video_id": "A", "start_second": 5e307, "end_second": -5e307}]
    card = card_of(1, [{"id": 1, "start_second": 0.0, "end_second": -5e-324}], truth)
    assert card.metrics["mIoU"] == float("inf")
    assert json.loads(json.dumps(card.to_dict(True), allow_nan=False))["official"]["raw"]["mIoU"] == "Infinity"


def test_pandas_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UserError, match="pandas is not installed") as caught:
        card_of(1).to_pandas()
    assert "pip install pandas" in caught.value.fix
    fake: Any = ModuleType("pandas")
    fake.DataFrame = lambda rows: ("table", rows)
    monkeypatch.setitem(sys.modules, "pandas", fake)
    assert card_of(1).to_pandas() == ("table", list(card_of(1).rows()))


@settings(max_examples=300, deadline=None)
@given(dirty_cases())
def test_any_submission_gives_a_whole_card(case: Documents) -> None:
    predictions, targets, track = case
    card = score_documents(predictions, targets, track, EDITION)
    document = card.to_dict(per_question=True)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert (card.official.status == "ok") == bool(card.metrics) == (not card.crash)
    assert (card.official.repaired is not None) == (card.official.status == "official_crash")
    assert card.counts["answered"] + card.counts["missing"] + card.counts["duplicated"] == len(targets)
    assert len(document["per_question"]) == len(targets)
