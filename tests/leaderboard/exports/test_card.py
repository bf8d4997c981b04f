"""Result cards: their schema, that verifying finds every change, and that they tell no answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.entries.entry import open_entry
from cmivqa_kit.entries.ground import Ground
from cmivqa_kit.errors import UserError
from cmivqa_kit.leaderboard.exports import result_card, verify_card
from cmivqa_kit.leaderboard.exports.verification import read_card
from cmivqa_kit.scoring.options import ScoreOptions
from cmivqa_kit.scoring.statistics.bootstrap import Resampling
from tests.declared import conform
from tests.leaderboard.exports.small import answers, lists, spans
from tests.submission.small import put

TARGETS = answers(12)
DRAWN = Resampling(50, 7)


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(truth=put(tmp_path / "answers.json", TARGETS), resampling=DRAWN)


def made(path: Path, ground: Ground, document: Any) -> dict[str, Any]:
    card = result_card(open_entry(put(path, document), ground), {"wall": 0.5, "processor": 0.25})
    return dict(json.loads(json.dumps(card, allow_nan=False)))


@pytest.mark.parametrize(
    "document",
    [spans(TARGETS), lists(TARGETS), lists(TARGETS)[:3], [*lists(TARGETS), {"id": 0, "output": []}]],
    ids=["track 1", "tracks 2 and 3", "some", "crash"],
)
def test_a_card_has_its_schema_and_is_confirmed(tmp_path: Path, ground: Ground, document: Any) -> None:
    card = made(tmp_path / "a.json", ground, document)
    conform("score --card", card)
    verification = verify_card(card, tmp_path / "a.json", ground)
    assert verification.same, verification.deviations
    assert verification.remarks == ()


def test_every_number_and_hash_is_compared(tmp_path: Path, ground: Ground) -> None:
    card = made(tmp_path / "a.json", ground, lists(TARGETS))

    def leaves(value: Any, way: tuple[Any, ...] = ()) -> Any:
        if isinstance(value, dict | list) and value:
            for key, below in value.items() if isinstance(value, dict) else enumerate(value):
                yield from leaves(below, (*way, key))
        else:
            yield way

    free = {"environment", "seconds", "settings", "format"}  # settings decide what is computed
    ways = [way for way in leaves(card) if way[0] not in free and way not in (("file", "name"), ("truth", "name"))]
    changed = json.loads(json.dumps(card))
    for way in ways:
        at = changed
        for key in way[:-1]:
            at = at[key]
        at[way[-1]] = "changed"
    deviations = verify_card(changed, tmp_path / "a.json", ground).deviations
    assert [one.pointer for one in deviations] == [f"/{'/'.join(map(str, way))}" for way in ways]
    assert len(ways) > 100


def test_what_differs_is_named(tmp_path: Path, ground: Ground) -> None:
    card = made(tmp_path / "a.json", ground, lists(TARGETS))
    other = put(tmp_path / "b.json", lists(TARGETS, seed=9))
    verification = verify_card(card, other, ground)
    pointers = {one.pointer for one in verification.deviations}
    assert {"/file/sha256", "/scores/0/official/metrics/Overall", "/scores/0/strict/metrics/MRR"} <= pointers
    assert verification.remarks == ("file: called a.json on the card, b.json here",)
    missing = {**card, "scores": card["scores"][:1]}
    assert [one.pointer for one in verify_card(missing, tmp_path / "a.json", ground).deviations] == ["/scores"]


def test_other_answers_are_seen(tmp_path: Path, ground: Ground) -> None:
    card = made(tmp_path / "a.json", ground, spans(TARGETS))
    moved = [{**TARGETS[0], "video_id": "another"}, *TARGETS[1:]]  # no score of Track 1 depends on it
    changed = Ground(truth=put(tmp_path / "moved.json", moved))
    pointers = [one.pointer for one in verify_card(card, tmp_path / "a.json", changed).deviations]
    assert "/scores/0/signature" in pointers
    assert "/scores/0/truth" in pointers


def test_another_machine_is_a_remark(tmp_path: Path, ground: Ground) -> None:
    card = made(tmp_path / "a.json", ground, lists(TARGETS))
    card["environment"] |= {"python": "3.12.1", "numpy": "9.9", "machine": "pdp11"}
    for score in card["scores"]:
        score["signature"] = score["signature"].replace("python:3.11", "python:3.12")
        score["official"]["metrics"] = {k: v + 2e-16 for k, v in score["official"]["metrics"].items()}
    verification = verify_card(card, tmp_path / "a.json", ground)
    assert verification.same, verification.deviations
    assert len(verification.remarks) == 3


def test_settings_are_those_of_the_card(tmp_path: Path, ground: Ground) -> None:
    options = Ground(truth=ground.truth, options=ScoreOptions((1, 5)), resampling=None, track=2)
    card = made(tmp_path / "a.json", options, lists(TARGETS))
    assert verify_card(card, tmp_path / "a.json", Ground(truth=ground.truth)).same
    assert (card["settings"]["cutoffs"], card["settings"]["resamples"], len(card["scores"])) == ([1, 5], None, 1)


def test_a_card_tells_no_answer(tmp_path: Path, ground: Ground) -> None:
    short = [{"id": row["id"], "output": [[row["video_id"]]]} for row in TARGETS]  # crashes only where it is right
    for document in (lists(TARGETS), short):
        text = json.dumps(made(tmp_path / "a.json", ground, document))
        assert "question_id" not in text
        assert "target_index" not in text
        for row in TARGETS:
            assert row["video_id"] not in text
            assert str(row["start_second"]) not in text


def test_the_digest_of_few_answers_is_withheld(tmp_path: Path) -> None:
    few = answers(9)
    card = made(tmp_path / "a.json", Ground(truth=put(tmp_path / "few.json", few), resampling=None), spans(few))
    (score,) = card["scores"]
    assert score["truth"] is None
    assert score["signature"].endswith("|truth:withheld")
    conform("score --card", card)


def test_no_card_of_some_questions_or_of_nothing(tmp_path: Path, ground: Ground) -> None:
    only = Ground(truth=ground.truth, options=ScoreOptions(only=(1,)))
    with pytest.raises(UserError, match="all questions"):
        made(tmp_path / "a.json", only, spans(TARGETS))
    (tmp_path / "b.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="no card"):
        result_card(open_entry(tmp_path / "b.json", ground))


def test_a_setting_that_is_missing_makes_no_card(tmp_path: Path, ground: Ground) -> None:
    card = made(tmp_path / "a.json", ground, spans(TARGETS))
    del card["settings"]["cutoffs"]
    with pytest.raises(UserError, match="no result card"):
        read_card(put(tmp_path / "card.json", card))


def test_odd_values_on_a_card_are_differences(tmp_path: Path, ground: Ground) -> None:
    card = made(tmp_path / "a.json", ground, spans(TARGETS))
    deep: Any = []
    for _ in range(500):
        deep = [deep]
    card["scores"][0]["counts"] = deep
    card["scores"][0]["official"]["metrics"]["mIoU"] = float("nan")
    card["scores"][0]["strict"]["metrics"] = None
    card["more"] = 1
    pointers = {each.pointer for each in verify_card(card, tmp_path / "a.json", ground).deviations}
    assert pointers >= {"/scores/0/counts", "/scores/0/official/metrics/mIoU", "/scores/0/strict/metrics", "/more"}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "null", '{"format": "other"}', '{"format": "cmivqa-kit result card, version 1"}'],
)
def test_what_is_no_card(tmp_path: Path, text: str) -> None:
    (tmp_path / "card.json").write_text(text, encoding="utf-8")
    with pytest.raises(UserError):
        read_card(tmp_path / "card.json")


@pytest.mark.parametrize(
    ("name", "value"),
    [("track", 4), ("track", "2"), ("edition", 5), ("split", None), ("resamples", -1), ("resamples", 1e9),
     ("resamples", True), ("seed", "x"), ("cutoffs", 5), ("cutoffs", ["1"]), ("resamples", 10**7),
     ("resamples", 0), ("track", True), ("edition", "/etc/secret.toml"), ("other", 1)],
)  # fmt: skip
def test_a_card_with_hostile_settings_is_none(tmp_path: Path, ground: Ground, name: str, value: Any) -> None:
    card = made(tmp_path / "a.json", ground, spans(TARGETS))
    card["settings"][name] = value
    with pytest.raises(UserError, match="no result card"):
        read_card(put(tmp_path / "card.json", card))
