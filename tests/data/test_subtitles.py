"""`subtitle.json` is read as the reference reads it, and every mistake in it is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.subtitles import parse_lines, read_subtitles
from cmivqa_kit.data.types import Note, Subtitle
from cmivqa_kit.errors import UserError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["text", "start", "duration", "end", "a"]), inner, max_size=5)
    ),
    max_leaves=12,
)


def line(text: str = "a", start: Any = 0, duration: Any = 1) -> dict[str, Any]:
    return {"text": text, "start": start, "duration": duration}


def write(folder: Path, document: Any) -> Path:
    path = folder / "subtitle.json"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def findings(folder: Path, document: Any) -> str:
    with pytest.raises(UserError) as caught:
        read_subtitles(write(folder, document))
    return caught.value.message


def test_lines_are_read_unrounded_in_file_order_of_videos(tmp_path: Path) -> None:
    document = {"b": [line("先洗手", 17.52, 2.28), line("", 20, 0)], "a": []}
    videos, notes = read_subtitles(write(tmp_path, document))
    assert list(videos) == ["b", "a"]
    assert videos["b"] == (Subtitle("先洗手", 17.52, 2.28), Subtitle("", 20.0, 0.0))
    assert isinstance(videos["b"][1].start, float)
    assert videos["a"] == ()
    assert notes == ()


def test_double_transcripts_are_left_out_with_a_note(tmp_path: Path) -> None:
    path = write(tmp_path, {"abc": [line()], "abcsr": "whatever", "xyzsr": [line()], "sr": [line()]})
    videos, notes = read_subtitles(path)
    assert list(videos) == ["abc", "xyzsr", "sr"]
    assert [note.subject for note in notes] == ["abcsr"]
    videos, notes = read_subtitles(path, {"xyz"})
    assert list(videos) == ["abc", "sr"]
    assert [note.subject for note in notes] == ["abcsr", "xyzsr"]


def test_lines_out_of_order_are_sorted_with_a_note(tmp_path: Path) -> None:
    videos, notes = read_subtitles(write(tmp_path, {"a": [line("x", 5), line("y", 1), line("z", 1)]}))
    assert [found.text for found in videos["a"]] == ["y", "z", "x"]
    assert notes == (Note("a", "1 line starts before the one above; sorted by start"),)


@pytest.mark.parametrize(
    ("item", "where", "what"),
    [
        (7, "/a/0", "is a number, expected an object"),
        ({"start": 1, "duration": 1}, "/a/0/text", "missing"),
        ({"text": None, "start": 1, "duration": 1}, "/a/0/text", "is null, expected a string"),
        ({"text": "t", "duration": 1}, "/a/0/start", "missing"),
        ({"text": "t", "start": 1}, "/a/0/duration", "missing"),
        (line(start=True), "/a/0/start", "is true, expected a number"),
        (line(start=-0.5), "/a/0/start", "-0.5 is negative"),
        (line(duration=-1), "/a/0/duration", "-1.0 is negative"),
        (line(start=float("nan")), "/a/0/start", "not a finite number"),
        (line(duration=float("inf")), "/a/0/duration", "not a finite number"),
        (line(duration=10**400), "/a/0/duration", "not a finite number"),
        (line(start="12.5"), "/a/0/start", '"12.5" is text: write 12.5 without quotes'),
        (line(start="soon"), "/a/0/start", "is a string, expected a number"),
        (line(start=[1]), "/a/0/start", "is an array, expected a number"),
        ({"text": "t", "start": 5, "end": 3}, "/a/0/end", "3.0 is before the start 5.0"),
    ],
)
def test_each_fault_of_a_line_is_named(tmp_path: Path, item: Any, where: str, what: str) -> None:
    message = findings(tmp_path, {"a": [item]})
    assert "1 problem\n" in message
    assert f"  {where}: " in message
    assert what in message


def test_all_faults_are_listed_at_once(tmp_path: Path) -> None:
    message = findings(tmp_path, {"a": [line(), line(start="1", duration=None)], "b": {}, "x/~y": ["no"]})
    for where in ("/a/1/start", "/a/1/duration", "/b: is an object, expected an array", "/x~1~0y/0"):
        assert where in message
    assert "4 problems" in message


@pytest.mark.parametrize("document", [[], None, "text", 3])
def test_the_top_level_must_be_an_object(tmp_path: Path, document: Any) -> None:
    assert "top level: is" in findings(tmp_path, document)


def test_keys_a_person_cannot_tell_apart(tmp_path: Path) -> None:
    message = findings(tmp_path, {"aB": [], "ab": [], "aB ": [], "  ": []})
    assert "/ab: differs from the key 'aB' only by case or surrounding blanks" in message
    assert "/aB : differs" in message
    assert "empty video id" in message


def test_missing_and_broken_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such subtitle file"):
        read_subtitles(tmp_path / "none.json")
    (tmp_path / "broken.json").write_text('{"a": [', encoding="utf-8")
    with pytest.raises(UserError, match="not JSON"):
        read_subtitles(tmp_path / "broken.json")


def test_inline_lines_with_another_text_key_and_an_end() -> None:
    lines, problems = parse_lines(
        [{"Ch_caption": "后", "start": 3, "end": 4.5}, {"Ch_caption": "先", "start": 1, "end": 9, "duration": 2}],
        "/0/video_captions",
        "Ch_caption",
    )
    assert lines == (Subtitle("先", 1.0, 2.0), Subtitle("后", 3.0, 1.5))
    assert problems == []
    assert parse_lines([{}], "/0", "Ch_caption")[1][0].location == "/0/0/Ch_caption"


@given(JSON)
def test_parse_lines_never_raises_and_only_returns_sound_lines(items: Any) -> None:
    lines, problems = parse_lines(items, "/a")
    assert all(found.start >= 0 and 0 <= found.duration < float("inf") for found in lines)
    assert [found.start for found in lines] == sorted(found.start for found in lines)
    if isinstance(items, list):
        assert bool(problems) == (len(lines) < len(items))
    else:
        assert problems


@given(
    st.lists(
        st.builds(Subtitle, st.text(), st.floats(0, 1e6), st.floats(0, 1e6)),
        max_size=20,
    )
)
def test_written_lines_come_back(lines: list[Subtitle]) -> None:
    items = [line(one.text, one.start, one.duration) for one in lines]
    found, problems = parse_lines(json.loads(json.dumps(items)), "")
    assert problems == []
    assert found == tuple(sorted(lines, key=lambda line: line.start))
