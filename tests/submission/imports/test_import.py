"""Answers of others become a submission; what cannot be read is named with its line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Question, Split, Track, Video
from cmivqa_kit.errors import ExitCode, UserError
from cmivqa_kit.submission.imports import Imported, import_answers

KNEE, HAND = "Ar-iCq292_m", "4chGHzgBji-"
QUESTIONS = (
    Question(0, "怎样包扎 膝盖？", video_id=KNEE),
    Question(1, "How is a hand washed?", video_id=HAND),
    Question(2, "Twice", video_id=KNEE),
    Question("3", "Twice", video_id=HAND),
)
VIDEOS = {name: Video(name, duration=100.0, duration_source="given") for name in (HAND, KNEE)}
WHOLE = {"video": KNEE, "start": 1, "end": 2}


def split() -> Split:
    return Split("testA", QUESTIONS, MappingProxyType(VIDEOS), SplitFeatures(()))


def taken(
    tmp_path: Path, text: str | bytes, track: Track | None = None, **more: Any
) -> tuple[Imported, dict[Any, Any]]:
    """What became of a file, and the entries of each question."""
    source = tmp_path / "answers"
    source.write_bytes(text.encode() if isinstance(text, str) else text)
    imported = import_answers(source, split(), tmp_path / "out.json", track, **more)
    rows = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    return imported, {row["id"]: row.get("output", [row.get("video_id"), row.get("start_second")]) for row in rows}


def lines(*rows: dict[str, Any]) -> str:
    return "\n".join(map(json.dumps, rows))


def said(imported: Imported) -> list[str]:
    return [f"{problem.location}: {problem.message}" for problem in imported.problems[:-1]]  # the last: what is missing


def test_everything_right_is_a_valid_file(tmp_path: Path) -> None:
    rows = [{"id": question.id, **WHOLE} for question in QUESTIONS]
    imported, answers = taken(tmp_path, lines(*rows))
    assert (imported.problems, imported.report.ok, imported.entries) == ((), True, 4)
    assert answers["3"] == [[KNEE, 1.0, 2.0]]


@pytest.mark.parametrize(
    "video",
    [KNEE, f"https://www.youtube.com/watch?v={KNEE}&t=3s", f"youtu.be/{KNEE}", f"How to wrap [{KNEE}].mp4",
     f" {KNEE.lower()} ", f"Video: {KNEE}, from 0:10"],
)  # fmt: skip
def test_a_video_is_named_in_many_ways(tmp_path: Path, video: str) -> None:
    _, answers = taken(tmp_path, lines({"id": 0, "video": video, "span": "1-2"}))
    assert answers == {0: [[KNEE, 1.0, 2.0]]}


@pytest.mark.parametrize("video", ["", "nope", f"{KNEE} or {HAND}", "x" * 10_000, ["a"], {}, None, 5, True])
def test_a_video_that_is_none_is_named(tmp_path: Path, video: object) -> None:
    imported, _ = taken(tmp_path, lines({"id": 1, **WHOLE}, {"id": 0, **WHOLE, "video": video}))
    (problem,) = said(imported)
    assert problem.startswith("line 2: ")
    assert len(problem) < 200


@pytest.mark.parametrize(
    ("row", "identity"),
    [({"question": "怎样包扎 膝盖？"}, 0), ({"question": "怎样包扎  膝盖?"}, 0), ({"id": "1"}, 1), ({"id": 1.0}, 1),
     ({"id": 3}, "3"), ({"id": 0, "question": "reworded"}, 0), ({"ID": 1}, 1)],
)  # fmt: skip
def test_a_question_by_id_or_text(tmp_path: Path, row: dict[str, Any], identity: object) -> None:
    _, answers = taken(tmp_path, lines({**row, **WHOLE}))
    assert list(answers) == [identity]


@pytest.mark.parametrize(
    ("row", "words"),
    [({"question": "Twice"}, "asked 2 times"), ({"question": "no such"}, "none of this split"), ({"id": 9}, "id 9"),
     ({"id": 0, "question": "How is a hand washed?"}, "has id 1"), ({"id": "x" * 10_000}, "none"), ({}, "neither"),
     ({"id": [1]}, "none"), ({"id": True, "rank": 1}, "none"), ({"id": 1.5}, "none"),
     ({"id": 0, "rank": "nan"}, "rank"),
     ({"id": 0, "score": "high"}, "score"), ({"id": 0, "end": 1e999}, "no time"), ({"id": 0, "end": 0.5}, "no span")],
)  # fmt: skip
def test_what_cannot_be_read_is_named(tmp_path: Path, row: dict[str, Any], words: str) -> None:
    imported, answers = taken(tmp_path, lines({"id": 1, **WHOLE}, {**WHOLE, **row}))
    (problem,) = said(imported)
    assert problem.startswith("line 2: ")
    assert words in problem
    assert list(answers) == [1]


def test_order_by_rank_by_score_or_as_they_stand(tmp_path: Path) -> None:
    rows = [{"id": 0, "video": KNEE, "start": at, "end": 50, **more} for at, more in
            enumerate(({"rank": "2"}, {"rank": 1}, {}))]  # fmt: skip
    rows += [{"id": 1, "video": KNEE, "start": at, "end": 50, "score": score} for at, score in enumerate((0.1, "0.9"))]
    rows += [{"id": 2, "video": KNEE, "start": at, "end": 50} for at in (5, 3)]
    _, answers = taken(tmp_path, lines(*rows))
    assert [[entry[1] for entry in answers[number]] for number in (0, 1, 2)] == [[1, 0, 2], [1, 0], [5, 3]]


def test_entries_past_those_that_are_read_are_named(tmp_path: Path) -> None:
    rows = [{"id": 0, "video": KNEE, "start": at, "end": 99} for at in range(52)]
    imported, answers = taken(tmp_path, lines(*rows))
    assert len(answers[0]) == 50
    assert [problem.partition(":")[0] for problem in said(imported)] == ["line 51", "line 52"]


def test_track_1_needs_no_video_and_takes_the_best(tmp_path: Path) -> None:
    rows = [{"id": 0, "span": "5-9", "rank": 2}, {"id": 0, "span": "7-9", "rank": 1}, {"id": 1, **WHOLE}]
    imported, answers = taken(tmp_path, lines(*rows), track=1)
    assert answers == {0: [KNEE, 7.0]}
    assert "asked of" in said(imported)[1]


def test_track_2_needs_no_times(tmp_path: Path) -> None:
    _, answers = taken(tmp_path, lines({"id": 0, "video": KNEE}), track=2)
    assert answers == {0: [[KNEE, 0.0, 100.0]]}


def test_csv_with_quotes_line_ends_a_mark_and_another_encoding(tmp_path: Path) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["question", "note", "video", "span"],
                               ["怎样包扎 膝盖？", 'a "b",\nc', KNEE, "0:01-0:02"],
                               ["no", "", KNEE, "1-2"]])  # fmt: skip
    for data, encoding in (
        (b"\xef\xbb\xbf" + out.getvalue().encode(), None),
        (out.getvalue().encode("gb18030"), "gbk"),
    ):
        imported, answers = taken(tmp_path, data, encoding=encoding)
        assert answers == {0: [[KNEE, 1.0, 2.0]]}
        assert said(imported)[0].startswith("line 4: ")


def test_csv_that_is_broken_is_named(tmp_path: Path) -> None:
    text = f'id;video;span\n0;{KNEE};1-2\n1;"{KNEE}"x;1-2\n1;a;b;c\n\n2;"{KNEE};1-2\n'
    imported, answers = taken(tmp_path, text)
    assert list(answers) == [0]
    assert [problem.partition(":")[0] for problem in said(imported)] == ["line 3", "line 4", "line 6"]


def test_an_array_of_json(tmp_path: Path) -> None:
    imported, answers = taken(tmp_path, json.dumps([{"id": 0, **WHOLE}, 5, {"id": 9, **WHOLE}]))
    assert list(answers) == [0]
    assert [problem.partition(":")[0] for problem in said(imported)] == ["item 2", "item 3"]


@pytest.mark.parametrize("text", ["", " \n", "[]", "a,b\n1,2\n", "[" * 5000, "id\n", "[1"])
def test_a_file_without_answers(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError) as raised:
        taken(tmp_path, text)
    assert raised.value.code == ExitCode.USAGE
    assert not (tmp_path / "out.json").exists()


def test_nothing_that_could_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="line 1: id 9") as raised:
        taken(tmp_path, lines({"id": 9, **WHOLE}))
    assert raised.value.code == ExitCode.FINDINGS
    assert not (tmp_path / "out.json").exists()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=5,
)  # fmt: skip
NAMES = st.sampled_from(["id", "question", "video", "start", "end", "span", "rank", "score"])


@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=8), max_size=4))
def test_whatever_stands_in_it_the_rest_is_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    imported, answers = taken(tmp_path_factory.mktemp("any"), lines({"id": 0, **WHOLE}, *rows))
    assert [KNEE, 1.0, 2.0] in answers[0]
    assert imported.entries + len(imported.problems) >= imported.rows
