"""Encodings told from bytes: what is read without asking, what is only named, what is damage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.text_encoding import candidates, codec_of, damage, guess, titles, wide

SIMPLIFIED = "请先用肥皂洗手，然后按住伤口止血"
TRADITIONAL = "請先用肥皂洗手，然後戴上手套，壓住傷口止血"
JAPANESE = "傷口をきれいな水で洗ってください"
KOREAN = "상처를 깨끗한 물로 씻으세요"
FRENCH = "Lavez la plaie à l'eau, puis répétez après une journée"


@pytest.mark.parametrize(
    ("text", "encoding", "first", "read"),
    [
        (SIMPLIFIED, "gbk", "gb18030", "gb18030"),
        (SIMPLIFIED, "gb18030", "gb18030", "gb18030"),
        (TRADITIONAL, "gbk", "gb18030", "gb18030"),
        (SIMPLIFIED[:6], "gbk", "gb18030", "gb18030"),
        ("“press” … here", "gbk", "gb18030", None),
        (TRADITIONAL, "big5", "big5", None),
        (TRADITIONAL[:7], "big5", "big5", None),
        (JAPANESE, "shift_jis", "shift_jis", None),
        (JAPANESE, "euc_jp", "euc_jp", None),
        (KOREAN, "euc_kr", "euc_kr", None),
        (FRENCH, "latin-1", "cp1252", None),
        ("Größe prüfen", "cp1252", "cp1252", None),
    ],
)
def test_only_plausible_gb18030_is_read_and_others_are_named(
    text: str, encoding: str, first: str, read: str | None
) -> None:
    data = f"1\n00:00:01,000 --> 00:00:03,000\n{text}\n".encode(encoding)
    assert candidates(data)[:1] == (first,)
    if read is not None or first != "gb18030":
        assert guess(data) == read
    assert text in data.decode(codec_of(first))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize(
    "text", ["1\n00:00:01,000 --> 00:00:03,000\n" + TRADITIONAL, '[{"id": 1}]', SIMPLIFIED + " a b"]
)
def test_wide_encodings_are_recognised_without_a_mark(encoding: str, text: str) -> None:
    assert wide(text.encode(encoding)) == guess(text.encode(encoding)) == encoding
    assert wide(text.encode()) is None


def test_damage_is_counted_and_placed() -> None:
    data = f"1\n{SIMPLIFIED}".encode()
    assert damage(data) is None
    broken = damage(data[:8] + b"\xff" + data[8:])
    assert broken is not None
    assert (broken.count, broken.line, broken.column, broken.byte, broken.at_end) == (1, 2, 3, 0xFF, False)
    cut = damage(data[:-1])
    assert cut is not None
    assert cut.at_end
    assert guess(data[:-1]) is None
    assert damage(SIMPLIFIED.encode("gbk")) is None


def test_names_of_families() -> None:
    assert (codec_of("GBK"), codec_of("gb2312"), codec_of("Latin-1")) == ("gb18030", "gb18030", "cp1252")
    assert titles(("big5", "shift_jis")) == "Big5 or Shift-JIS"
    for name in ("no-such", "base64", "rot13"):
        with pytest.raises(LookupError):
            codec_of(name)


@given(st.text(st.sampled_from(SIMPLIFIED + "。 \n"), min_size=8, max_size=200), st.sampled_from(["gbk", "utf-16-le"]))
def test_what_is_guessed_reads_as_it_was_written(text: str, encoding: str) -> None:
    data = f"1\n{text}".encode(encoding)
    name = guess(data)
    assert name is None or data.decode(name) == f"1\n{text}"


@given(st.binary(max_size=200))
def test_any_bytes_can_be_asked_about(data: bytes) -> None:
    assert guess(data) in (None, *candidates(data))
