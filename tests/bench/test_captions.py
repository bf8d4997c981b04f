"""Caption files: what a line is, and every line that is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.bench.tasks.captions import Caption, read_captions
from cmivqa_kit.errors import UserError

NAMES = st.text(st.sampled_from("abz019_-."), min_size=1, max_size=12)
TEXTS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)


@given(st.dictionaries(NAMES, TEXTS, min_size=1, max_size=6))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str]) -> None:
    path = tmp_path_factory.mktemp("captions") / "x.caption.txt"
    lines = [f"{video}#zh#0 {text}" for video, text in texts.items()]
    path.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    read = read_captions(path)
    assert [(caption.id, caption.text) for caption in read.captions] == [
        (f"{video}#zh#0", text) for video, text in texts.items()
    ]


def test_parts_of_an_id() -> None:
    caption = Caption("1000092795.jpg#enc2de#4", "zwei Männer")
    assert (caption.video, caption.tag, caption.number) == ("1000092795", "enc2de", "4")


def test_of_an_id_given_twice_the_last_text_counts(tmp_path: Path) -> None:
    path = tmp_path / "x.caption.txt"
    path.write_text("a#zh#0 one\nb#zh#0 two\na#zh#0  three four\n", encoding="utf-8")
    read = read_captions(path)
    assert [caption.text for caption in read.captions] == [" three four", "two"]
    assert read.repeated == ("a#zh#0",)
    assert read.videos == ("a", "b")


def test_every_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.caption.txt"
    path.write_text("a#zh#0 one\nno id here\nb#zh#1\n#zh#0 x\n", encoding="utf-8")
    with pytest.raises(UserError) as raised:
        read_captions(path)
    assert "3 problems" in str(raised.value)
    for line in ("line 2: 'no'", "line 3: b#zh#1: no caption", "line 4: '#zh#0'"):
        assert line in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe", b"a#zh#0 \xc0"])
def test_what_is_no_caption_file_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.caption.txt"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"x\.caption\.txt"):
        read_captions(path)
