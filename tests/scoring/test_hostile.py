"""Hostile input: whatever bytes a submission or an answer file holds, there is a card or a plain error.

Nothing is timed here; `test_ids` counts comparisons, benchmarks/ measures.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.editions import load_edition
from cmivqa_kit.entries import Ground, open_entry
from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring import score
from cmivqa_kit.scoring.scorer import score_documents
from tests.scoring.documents import dirty_cases, json_values
from tests.submission.small import lists, put, records
from tests.submission.test_schema import mutated_rows

EDITION = load_edition("cmivqa-2023")
TRUTH = records("testA")
TEXT = json.dumps(lists(TRUTH)[:2], ensure_ascii=False)
# Pieces that break JSON, or what is read from it.
PIECES = ["NaN", "Infinity", "-Infinity", "1e999", "-1", "1" * 400, "null", "true", "{}", "[]", '""', '"id":0,', "[",
          "]", "{", "}", ",", ":", '"', "\\", "\\ud800", "\x00", "//", "1.5", '{"id":0}', "[[", "\r\n"]  # fmt: skip


def check(card: Any) -> None:
    assert json.dumps(card.to_dict(per_question=True), allow_nan=False)
    assert card.crash or card.metrics
    assert card.strict.error or card.strict.metrics


@settings(max_examples=500, deadline=None)
@given(json_values, json_values, st.sampled_from(TRACKS))
def test_any_documents_give_a_card(predictions: Any, targets: Any, track: Track) -> None:
    check(score_documents(predictions, targets, track, EDITION))


@settings(max_examples=300, deadline=None)
@given(st.lists(mutated_rows(), max_size=4), st.lists(mutated_rows(), max_size=3), st.sampled_from(TRACKS))
def test_any_rows_give_a_card(rows: list[Any], targets: list[Any], track: Track) -> None:
    for predictions, answers in ((rows, TRUTH), (lists(TRUTH), targets)):
        try:
            check(score_documents(predictions, answers, track, EDITION))
        except UserError as error:  # the strategy also makes lists that contain themselves
            assert "Circular reference" in error.message


@settings(max_examples=400, deadline=None)
@given(dirty_cases())
def test_answers_and_submission_may_be_swapped(case: Any) -> None:
    predictions, targets, track = case
    check(score_documents(targets, predictions, track, EDITION))
    check(score_documents(predictions, predictions, track, EDITION))


@settings(max_examples=800, deadline=None)
@given(st.integers(0, 2**40), st.sampled_from(TRACKS))
def test_mutated_files(tmp_path_factory: pytest.TempPathFactory, seed: int, track: Track) -> None:
    """A file with pieces cut out, doubled, overwritten or put in: as a submission and as an answer file."""
    chance = random.Random(seed)
    data = bytearray(TEXT.encode() if chance.random() < 0.5 else json.dumps(TRUTH[:2]).encode())
    for _ in range(chance.randint(1, 4)):
        at, to = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
        to = min(to, at + chance.choice([0, 1, 8, 400]))
        piece = chance.choice(
            [chance.choice(PIECES).encode(), b"", bytes([chance.randint(0, 255)]), bytes(data[at:to] * 2)]
        )
        data[at:to] = piece
    path = tmp_path_factory.getbasetemp() / "hostile.json"
    path.write_bytes(data)
    for call in (
        lambda: score(path, TRUTH, track=track),
        lambda: score(path, TRUTH),
        lambda: score(lists(TRUTH), path, track=track),
        lambda: open_entry(path, Ground(truth=path)).score(None).cards[0],
    ):
        try:
            check(call())
        except UserError as error:
            assert error.message


@pytest.mark.parametrize("track", TRACKS)
def test_every_prefix_of_a_file(tmp_path: Path, track: Track) -> None:
    data = TEXT.encode()
    path, truth = tmp_path / "entry.json", put(tmp_path / "truth.json", TRUTH)
    for length in range(len(data) + 1):
        path.write_bytes(data[:length])
        card = score(path, TRUTH, track=track)
        check(card)
        assert (card.official.status == "unreadable") == (length < len(data))
        with pytest.raises(UserError):
            score(TRUTH, path, track=track) if length < len(data) else score(TRUTH, truth, track=4)  # type: ignore


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    "value",
    [
        deep(100_000),
        deep(900),
        '{"a":' * 800 + "1" + "}" * 800,
        "1" * 5000,
        "1" * 4000,
        "-" + "1" * 4000,
        "1e400",
        "-1e400",
        "NaN",
        '"' + "x" * 100_000 + '"',
        '"\\ud800"',
        "[NaN, [NaN]]",
        f"[{','.join(['[' * 90 + ']' * 90] * 50)}]",
    ],
    ids=lambda value: value[:12],
)
@pytest.mark.parametrize("field", ["id", "video_id", "start_second", "end_second", "output", "language_type"])
def test_one_strange_value(tmp_path: Path, value: str, field: str) -> None:
    """In every field, of a submission and of its answers, also as the only answer's id."""
    row = {"id": 0, "video_id": "v", "start_second": 0, "end_second": 9, "output": [["v", 0, 5]]}
    text = json.dumps([{**row, field: "HERE"}, {**row, "id": 1}]).replace('"HERE"', value)
    inside = json.dumps([{**row, "output": [["v", 0, 5], ["v", "HERE", 9], ["HERE", 0, 9]]}]).replace('"HERE"', value)
    strange, listed, plain = (tmp_path / name for name in ("strange.json", "listed.json", "plain.json"))
    strange.write_text(text, encoding="utf-8")
    listed.write_text(inside, encoding="utf-8")
    put(plain, [row, {**row, "id": 1}])
    for track in TRACKS:
        for entry, truth in ((strange, plain), (listed, plain), (plain, strange), (strange, strange)):
            try:
                check(score(entry, truth, track=track))
            except UserError as error:
                assert entry != plain or "answer" in error.message or str(truth) in error.message


def test_duplicate_keys_the_last_counts(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('[{"id":9,"id":0,"start_second":9,"start_second":0.0,"end_second":1,"end_second":2.5}]')
    card = score(path, TRUTH, track=1, only=[0])
    assert card.metrics["mIoU"] == card.strict.metrics["mIoU"] == 0.5
