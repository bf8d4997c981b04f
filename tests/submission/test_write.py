"""The writer: exactly the organizers' format, whole or not at all, every finding in one error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cmivqa_kit.data.types import Question
from cmivqa_kit.errors import UserError
from cmivqa_kit.submission import write
from cmivqa_kit.submission.sample import write_sample
from cmivqa_kit.submission.schema import structural_findings
from tests.submission.small import VIDEOS, split_of

A, B, C = VIDEOS
SPAN_2023 = """[
    {
        "id": 0,
        "video_id": "vidA_______",
        "question": "如何固定夹板？",
        "start_second": 16.6,
        "end_second": 111.03999999999999
    },
"""
LIST_2024 = """[
    {
        "id": "NLPCC2024_Task1_1",
        "question": "如何固定夹板？",
        "output": [
            [
                "vidB_______",
                62.6,
                111.03999999999999
            ],
            [
                "vidA_______",
                1.0,
                2.0
            ]
        ],
        "language_type": "Chinese"
    },
"""


def rows_for(split: Any, *entries: Any) -> list[Any]:
    return [(question.id, list(entries)) for question in split.questions]


def test_track_1_is_byte_for_byte_the_form_of_the_sample(tmp_path: Path) -> None:
    split = split_of()
    rows = [(0, [(A, 16.6, 38.6 + 72.44)]), (2, [(C, 1, 2)]), (1, [(B, 1, 2), (A, 5, 6)])]
    text = write(rows, split, 1, tmp_path / "out.json").read_text(encoding="utf-8")
    assert text.startswith(SPAN_2023.replace("111.03999999999999", repr(38.6 + 72.44)))
    document = json.loads(text)
    assert [row["id"] for row in document] == [0, 1, 2]  # the questions file's order, whatever the rows' order
    assert text == json.dumps(document, ensure_ascii=False, indent=4) + "\n"


def test_lists_are_byte_for_byte_the_form_of_the_sample(tmp_path: Path) -> None:
    split = split_of("mmivqa-2024", "Chinese")
    text = write(rows_for(split, (B, 62.6, 111.03999999999999), (A, 1, 2)), split, 2, tmp_path / "o").read_text("utf-8")
    assert text.startswith(LIST_2024)


@pytest.mark.parametrize(
    ("edition", "language", "column"),
    [("cmivqa-2023", "Chinese", False), ("mmivqa-2024", "English", True), ("m4ivqa-2025", "English", True),
     ("mmivqa-2024", None, False)],
)  # fmt: skip
@pytest.mark.parametrize("track", [1, 2, 3, "corpus"])
def test_every_edition_and_track(tmp_path: Path, edition: str, language: str | None, column: bool, track: int) -> None:
    split = split_of(edition, language)
    rows = [(q.id, [(q.video_id or A, 1.5, 2)]) for q in split.questions]
    document = json.loads(write(rows, split, track, tmp_path / "o.json").read_text(encoding="utf-8"))
    middle = ["video_id", "question", "start_second", "end_second"] if track == 1 else ["question", "output"]
    assert list(document[0]) == ["id", *middle, *(["language_type"] if column else [])]
    checked = 3 if track == "corpus" else track
    assert edition == "mmivqa-2024" or not list(structural_findings(document, edition, checked))  # type: ignore[arg-type]


def test_numpy_values_are_written_as_plain_ones(tmp_path: Path) -> None:
    split = split_of()
    rows = [
        (np.int64(question.id), np.array([(np.str_(A), 0.1, 111.03999999999999)], dtype=object))
        for question in split.questions
    ]
    written = write(iter(rows), split, 3, tmp_path / "o.json")  # type: ignore[arg-type]
    entry = json.loads(written.read_text(encoding="utf-8"))[0]["output"][0]
    assert entry == [A, 0.1, 111.03999999999999]
    single = [(np.int32(q.id), [(A, np.float32(0.1), np.float64(7.3))]) for q in split.questions]
    written = write(single, split, 3, tmp_path / "o.json")  # type: ignore[arg-type]
    assert json.loads(written.read_text("utf-8"))[0]["output"][0] == [A, float(np.float32(0.1)), 7.3]


def test_a_lone_surrogate_in_a_question_gives_a_readable_file(tmp_path: Path) -> None:
    split = replace(split_of(), questions=(Question(0, "a\ud800b", None, A),))
    document = json.loads(write([(0, [(A, 1, 2)])], split, 3, tmp_path / "o.json").read_text(encoding="utf-8"))
    assert document[0]["question"] == "a\ud800b"


def refused(rows: Any, track: int | str, folder: Path) -> str:
    """The message of a refusal that leaves the older file as it was."""
    out = folder / "out.json"
    out.write_text("old", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        write(rows, split_of(), track, out)
    assert [p.name for p in folder.iterdir()] == ["out.json"]
    assert out.read_text(encoding="utf-8") == "old"
    return str(caught.value)


def test_all_findings_in_one_error(tmp_path: Path) -> None:
    rows = [
        (0, [(A, 5, 5), (A, -1, 2), (A, 1, float("nan")), (A, "x", 2), ("", 1, 2), (7, 1, 2), (A, 1), {"a": 1}, None,
             (A, 0, 10**400), "A"]),
        (0, [(A, 1, 2)]),
        (2, []),
        (99, [(A, 1, 2)]),
        ("1", [(A, 1, 2)]),
        (True, [(A, 1, 2)]),
        (1.0, [(A, 1, 2)]),
        ([1], [(A, 1, 2)]),
        (None, [(A, 1, 2)]),
        (1, None),
        1,
        (1, [], 3),
    ]  # fmt: skip
    text = refused(rows, 3, tmp_path)
    assert "submission for dev, Track 3: 23 problems" in text
    assert "... and 3 more" in text
    assert f"Nothing was written to {tmp_path / 'out.json'}" in text
    for part in (
        "question 99: is not a question of dev",
        "question '1': is not",
        "question True: is not",
        "question 1.0: is not",
        "question [1]: is not",
        "question None: is not",
        "question 0: is answered twice",
        "row 10: (1, None) is not (question id, list of entries)",
        "row 11: 1 is not",
        "question 0, entry 1: span 5.0 to 5.0: 0 <= start < end is needed",
        "entry 3: span 1.0 to nan",
        "entry 5: video id '' is not a text",
    ):
        assert part in text, part


@pytest.mark.parametrize("entry", [(A, 1), {"a": 1}, None, (A, 0, 10**400), "A", (A, "x", 2), 5, [A, [1], 2]])
def test_an_entry_of_another_shape(tmp_path: Path, entry: Any) -> None:
    rows = [(0, [entry]), (1, [(B, 1, 2)]), (2, [(C, 1, 2)])]
    assert "question 0, entry 1: " in refused(rows, 3, tmp_path)


def test_unanswered_and_empty(tmp_path: Path) -> None:
    text = refused([(0, [])], 2, tmp_path)
    assert "question 0: has an empty list of entries" in text
    assert "question 1: has no answer" in text
    assert "question 2: has no answer" in text


def test_longer_lists_than_are_read(tmp_path: Path) -> None:
    entries = [(A, i, i + 1) for i in range(51)]
    assert "has 51 entries; 50 are read" in refused([(i, entries) for i in range(3)], 3, tmp_path)
    split = replace(split_of(), questions=(Question(0, "x", None, A),))
    assert write([(0, entries)], split, 1, tmp_path / "one.json")  # Track 1 takes the first


def test_another_video_than_asked(tmp_path: Path) -> None:
    assert f"question 1: is asked of video {B!r}, answered in {A!r}" in refused(
        [(i, [(A, 1, 2)]) for i in range(3)], 1, tmp_path
    )


@pytest.mark.parametrize("track", [0, 4, 12, "1"])
def test_an_unknown_track(tmp_path: Path, track: Any) -> None:
    assert "Tracks are 1, 2, 3, and 'corpus'" in refused([], track, tmp_path)


def test_nothing_is_written_when_the_rows_stop_in_the_middle(tmp_path: Path) -> None:
    def rows() -> Iterator[Any]:
        yield 0, [(A, 1, 2)]
        raise RuntimeError("the model died")

    with pytest.raises(RuntimeError):
        write(rows(), split_of(), 3, tmp_path / "out.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("track", [1, 2, 3])
@pytest.mark.parametrize(("edition", "language"), [("cmivqa-2023", None), ("m4ivqa-2025", "Chinese")])
def test_a_sample_is_valid(tmp_path: Path, track: Any, edition: str, language: str | None) -> None:
    path = write_sample(split_of(edition, language), track, tmp_path / "sample.json")
    assert not list(structural_findings(json.loads(path.read_text(encoding="utf-8")), edition, track))


def test_a_sample_needs_a_corpus(tmp_path: Path) -> None:
    bare = replace(split_of(), videos={})
    with pytest.raises(UserError, match="the corpus has no videos"):
        write_sample(bare, 2, tmp_path / "sample.json")
    assert write_sample(bare, 1, tmp_path / "sample.json")


def test_videos_outside_the_corpus_are_all_named(tmp_path: Path) -> None:
    rows = rows_for(split_of(), (f"{A}.mp4", 1, 2), (B, 1, 2), ("elsewhere", 1, 2), (f"{A}.mp4", 3, 4))
    text = refused(rows, 3, tmp_path)
    number = len(rows)
    assert "submission for dev, Track 3; 2 videos outside the corpus: 2 problems" in text
    message = f"is not in the corpus ({2 * number} entries, first of question 0); the corpus has '{A}'"
    assert f"video '{A}.mp4': {message}" in text
    assert f"video 'elsewhere': is not in the corpus ({number} entries, first of question 0)\n" in text
    many = rows_for(split_of(), *((f"video {n}", 1, 2) for n in range(30)))
    assert "30 videos outside the corpus: 30 problems" in (listed := refused(many, "corpus", tmp_path))
    assert "submission for dev, Tracks 2 and 3; " in listed
    assert "... and 10 more" in listed


def test_what_is_not_known_is_not_checked(tmp_path: Path) -> None:
    split = replace(split_of(), videos={})
    assert write(rows_for(split, ("elsewhere", 1, 2)), split, 2, tmp_path / "o.json").is_file()
