"""``from cmivqa_kit.scoring import score``: paths and plain objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cmivqa_kit.scoring
from cmivqa_kit.editions import load_edition
from cmivqa_kit.errors import ExitCode, UserError
from cmivqa_kit.scoring import ScoreCard, score
from tests.submission.small import lists, put, records, spans, without

TRUTH = records("testA")


def refusal(*arguments: Any, **options: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        score(*arguments, **options)
    return caught.value


def test_plain_objects() -> None:
    card = score(lists(TRUTH), TRUTH, track=2)
    assert isinstance(card, ScoreCard)
    assert card.strict.metrics["Overall"] == 4.0
    assert (card.split, card.edition) == ("unnamed", "cmivqa-2023")
    assert score(spans(TRUTH), TRUTH).track == 1


def test_what_models_give_is_taken_too() -> None:
    """Tuples and NumPy numbers are no JSON, but a list of predictions in memory often has them."""
    rows = [{"id": t["id"], "output": [(t["video_id"], np.float32(t["start_second"]), np.float64(t["end_second"]))]}
            for t in TRUTH]  # fmt: skip
    card = score(rows, TRUTH, track=3)
    assert card.strict.metrics["Average"] == card.metrics["Average"] == 1.0
    assert card.differences == ()


def test_paths(tmp_path: Path) -> None:
    truth = put(tmp_path / "dev_answers.json", TRUTH)
    entry = put(tmp_path / "entry.json", lists(TRUTH))
    card = score(entry, str(truth), track=3, split="dev")
    assert (card.metrics["Average"], card.split) == (1.0, "dev")
    assert score(entry, truth, track=3).signature == card.signature  # the file's name says the split
    assert score(entry, put(tmp_path / "mine.json", TRUTH), track=3).split == "mine"
    assert score(str(entry), TRUTH, track=3).signature.endswith(card.signature[-12:])


def test_the_track_is_worked_out_where_it_can_be(tmp_path: Path) -> None:
    videos = without(TRUTH, "start_second", "end_second")
    assert score(lists(TRUTH), videos).track == 2
    rows = [{**row, "id": f"NLPCC2024_Task3_{row['id']}"} for row in TRUTH]
    assert score(lists(rows), rows, edition="mmivqa-2024").track == 3
    assert score(lists(rows), rows, edition=load_edition("m4ivqa-2025")).track == 3
    error = refusal(lists(TRUTH), TRUTH)
    assert "it is for Tracks 2 and 3" in error.message
    assert error.fix == "Give track=2 or track=3."
    entry = put(tmp_path / "entry.json", [{"id": 1}])
    error = refusal(entry, TRUTH)
    assert error.message == f"{entry}: cannot tell which track it is for"
    assert error.fix == "Give track=1 or track=2 or track=3."
    assert "track 4 does not exist" in refusal(lists(TRUTH), TRUTH, track=4).message


@pytest.mark.parametrize("content", [b"\xff", b"[", b"", b"\xef\xbb\xbf[]", None])
def test_an_unreadable_submission_gives_a_card_if_the_track_is_named(tmp_path: Path, content: bytes | None) -> None:
    entry = tmp_path / "entry.json"
    if content is not None:
        entry.write_bytes(content)
    assert refusal(entry, TRUTH).code == ExitCode.USAGE
    card = score(entry, TRUTH, track=3)
    assert card.official.status == "unreadable"
    assert card.official.crash is not None
    assert card.official.crash.stage == "load"
    assert card.strict.error == "submission_unreadable"


@pytest.mark.parametrize("truth", [[], {}, None, [1], [{"video_id": "v"}], [{"id": 1, "video_id": "v"}],
                                   [{"id": True, "video_id": "v", "start_second": 0, "end_second": 1}]])  # fmt: skip
def test_unusable_answers(truth: Any) -> None:
    assert refusal(lists(TRUTH), truth, track=3).code == ExitCode.USAGE


def test_options() -> None:
    card = score(lists(TRUTH), TRUTH, track=2, cutoffs=(1, 10, 100), only=[3], entries=200)
    assert list(card.strict.metrics) == ["Overall", "R@1", "R@10", "R@100", "MRR"]
    assert (card.question_ids, card.entries) == ((3,), 200)
    assert "no question has the id 77" in refusal(lists(TRUTH), TRUTH, track=2, only=[77]).message
    assert "unknown edition" in refusal(lists(TRUTH), TRUTH, track=2, edition="cmivqa").message


def test_only_the_two_names_are_public() -> None:
    assert cmivqa_kit.scoring.__all__ == ["ScoreCard", "score"]
    with pytest.raises(AttributeError, match="no attribute 'scores'"):
        cmivqa_kit.scoring.scores  # noqa: B018
