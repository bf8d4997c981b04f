"""video2frames.txt is read as Python would read a literal, as JSON is read, and never evaluated."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.stores.video_frames import parse_video_frames, video_frames_text
from cmivqa_kit.errors import UserError

PATH = Path("video2frames.txt")
NAMES = st.text(st.characters(exclude_categories=["Cs"]))
VIDEOS = st.dictionaries(NAMES, st.lists(NAMES, max_size=4), max_size=5)


@given(VIDEOS)
def test_python_and_json_and_what_the_kit_writes(videos: dict[str, list[str]]) -> None:
    for text in (repr(videos), json.dumps(videos), json.dumps(videos, ensure_ascii=False, indent=1),
                 video_frames_text(videos)):  # fmt: skip
        assert parse_video_frames(text, PATH) == videos
    assert ast.literal_eval(video_frames_text({"a": ["a_0"]})) == {"a": ["a_0"]}


@given(st.text("{}[](),:'\"\\ua \n#", max_size=40))
def test_what_is_read_is_what_a_literal_is(text: str) -> None:
    try:
        videos = parse_video_frames(text, PATH)
    except UserError as error:
        assert error.message.startswith("video2frames.txt:")
        return
    assert {video: list(frames) for video, frames in ast.literal_eval(text.strip()).items()} == videos


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("", "1:1", "expected '{', not 'the end of the file'"),
        ("{'a': ['a_0'],\n 'b': ['b_0'", "2:13", "expected ',', not 'the end of the file'"),
        ("{'a': ['a_0'],\n 'a': []}", "2:2", "video 'a' stands twice"),
        ("{'a': 3}", "1:7", "not '3}'"),
        ("{'a': 'a_0'}", "1:7", "expected a list of frames"),
        ("{'a': [1]}", "1:8", "expected a name in quotes"),
        ("{a: []}", "1:2", "not 'a: []}'"),
        ("['a']", "1:1", "expected '{'"),
        ("{'a': []} x", "1:11", "not 'x'"),
        ("{'a': []}, 'b'", "1:10", "expected the end of the file, not"),
        ("{'a': ['x' 'y']}", "1:12", "expected ','"),
        (r"{'\N{NO SUCH LETTER}': []}", "1:2", "without unknown escapes"),
        ("__import__('os').abort()", "1:1", "not \"__import__("),
        ("{'a': [__import__('os').abort()]}", "1:8", "not \"__import__("),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_its_place(text: str, place: str, reason: str) -> None:
    with pytest.raises(UserError) as error:
        parse_video_frames(text, PATH)
    assert error.value.message.startswith(f"video2frames.txt:{place}: ") and reason in error.value.message


@pytest.mark.parametrize(
    ("text", "videos"),
    [
        ("{}", {}),
        ("\ufeff{ u'a' : ( \"a_0\" , ) , }\n", {"a": ["a_0"]}),
        (r"{'it\'s': ['\x41', '\u00e9']}", {"it's": ["A", "é"]}),
        (r'{"a\/b": ["\ud83d\ude00"]}', {"a/b": ["😀"]}),
    ],
)
def test_spellings(text: str, videos: dict[str, list[str]]) -> None:
    assert parse_video_frames(text, PATH) == videos
