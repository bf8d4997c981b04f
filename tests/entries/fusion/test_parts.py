"""Which files can be fused, and what each says."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmivqa_kit.entries.fusion.parts import read_parts
from cmivqa_kit.errors import UserError
from tests.entries.fusion.submissions import corpus_file, entries, ground, span_file, written

ONE = [("v", 1.0, 5.0)]


def test_questions_of_either_file_with_ids_as_they_are(tmp_path: Path) -> None:
    first = corpus_file(tmp_path / "a.json", {2: ONE, 1: ONE})
    second = corpus_file(tmp_path / "b.json", {1: [*ONE, ("w", 0, 2)], 3: ONE, 2: []})
    parts = read_parts(entries(first, second))
    assert [question.id for question in parts.questions] == [2, 1, 3]
    assert parts.tracks == (2, 3)
    assert [[len(own) for own in lists] for lists in parts.lists] == [[1, 0], [1, 2], [0, 1]]


def test_ids_that_carry_the_track_tell_edition_and_track(tmp_path: Path) -> None:
    ids = [f"NLPCC2024_Task2_{number}" for number in (1, 2)]
    answers = dict.fromkeys(ids, ONE)
    files = [corpus_file(tmp_path / f"{name}.json", answers, language_type="Chinese") for name in "ab"]
    parts = read_parts(entries(*files))
    assert (parts.edition.name, parts.tracks) == ("mmivqa-2024", (2,))
    assert {question.language for question in parts.questions} == {"Chinese"}


def test_what_is_answered_twice_or_malformed_is_not_heard(tmp_path: Path) -> None:
    rows = [{"id": 1, "output": [["v", 1, 5]]}, {"id": 1, "output": [["w", 1, 5]]},
            {"id": 2, "output": [["v", 5, 1], ["v"], 7, ["w", 1, 5]]}, "x", {"output": []}]  # fmt: skip
    first = written(tmp_path / "a.json", rows)
    parts = read_parts(entries(first, corpus_file(tmp_path / "b.json", {1: ONE, 2: ONE})))
    assert [lists[0] for lists in parts.lists] == [(), ((4, "w", 1, 5),)]


def refused(*paths: Path, **more: object) -> str:
    with pytest.raises(UserError) as error:
        read_parts(entries(*paths), **more)  # type: ignore[arg-type]
    assert error.value.code == 2
    return str(error.value)


def test_files_that_cannot_be_fused(tmp_path: Path) -> None:
    corpus = corpus_file(tmp_path / "corpus.json", {1: ONE, 2: ONE})
    spans = span_file(tmp_path / "spans.json", {1: (1, 2), 2: (1, 2)})
    texts = corpus_file(tmp_path / "texts.json", {"1": ONE, "2": ONE})
    others = corpus_file(tmp_path / "others.json", {1: ONE, 2: ONE}, question="another")
    assert "fewer than two files" in refused(corpus)
    assert "corpus.json is for Tracks 2 and 3" in refused(corpus, spans)
    assert "no such track in common" in refused(corpus, corpus, track=1)
    assert "in one the ids are texts, in the other integers" in refused(corpus, texts)
    assert "2 of 2 ids in both are others" in refused(corpus, others)
    assert "cannot be fused: E101" in refused(corpus, tmp_path / "missing.json")
    assert "cannot be fused: E111" in refused(written(tmp_path / "empty.json", []), corpus)
    assert "cannot be fused: E110" in refused(corpus, written(tmp_path / "object.json", {"id": 1}))
    assert "cannot tell the track" in refused(corpus, written(tmp_path / "none.json", [{"id": 1}]))


def test_one_question_that_is_asked_differently_is_named(tmp_path: Path) -> None:
    first = corpus_file(tmp_path / "a.json", dict.fromkeys(range(4), ONE))
    rows = [{"id": i, "question": f"question {i}" if i else "?", "output": [["v", 1, 5]]} for i in range(4)]
    assert "question 0" in refused(first, written(tmp_path / "b.json", rows))
    spans = span_file(tmp_path / "s.json", dict.fromkeys(range(4), (1, 2)))
    other = [{"id": i, "video_id": "v" if i else "w", "start_second": 1, "end_second": 2} for i in range(4)]
    assert "answers it in another video" in refused(spans, written(tmp_path / "t.json", other))


def test_the_edition_that_is_named_holds(tmp_path: Path) -> None:
    files = [corpus_file(tmp_path / f"{name}.json", {"q1": ONE}) for name in "ab"]
    assert read_parts(entries(*files, on=ground(edition="m4ivqa-2025"))).edition.name == "m4ivqa-2025"
