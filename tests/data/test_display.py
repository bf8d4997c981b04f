"""What messages short_repr of a file: short, safe, and pointers as RFC 6901 has them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.display import cut, cut_at_difference, escape_pointer, short_repr
from cmivqa_kit.submission.match import fold


@given(st.text(max_size=80), st.integers(3, 70))
def test_a_text_is_cut_only_where_it_is_too_long(text: str, length: int) -> None:
    shown = cut(text, length)
    assert len(shown) <= length or shown == text
    assert (shown == text) == (len(text) <= length or text == text[: length - 3] + "...")
    assert text.startswith(shown.removesuffix("..."))


def test_a_value_is_shown_as_python_writes_it() -> None:
    assert short_repr("x" * 100) == "'" + "x" * 56 + "..."
    assert short_repr([1, "a"]) == "[1, 'a']"
    assert short_repr("x" * 100, 10) == "'" + "x" * 6 + "..."


def test_what_cannot_be_written_is_named_by_its_type() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert short_repr(deep) == "<list>"
    while deep:  # taken apart by hand: Python would do it recursively
        deep = deep.pop()
    assert short_repr(10**5000) == "<int>"


def test_pointers_are_escaped_as_rfc_6901_says() -> None:
    assert escape_pointer("a/b~c~1") == "a~1b~0c~01"


@given(st.text(max_size=20))
def test_an_escaped_key_reads_as_itself_again(key: str) -> None:
    token = escape_pointer(key)
    assert "/" not in token
    assert token.replace("~1", "/").replace("~0", "~") == key


LONG = "How to relieve a stiff neck by pressing the hand against the "


@given(st.text("ab ", max_size=60), st.text("ab ", max_size=60), st.text("ab ", max_size=60), st.integers(20, 50))
def test_two_texts_are_cut_to_where_they_differ(start: str, first: str, second: str, length: int) -> None:
    texts = start + first, start + second
    shown = cut_at_difference(*texts, length)
    assert (shown[0] == shown[1]) == (texts[0] == texts[1])
    for part, text in zip(shown, texts, strict=True):
        assert len(part) <= length
        assert part == text or part.removeprefix("...").removesuffix("...") in text


def test_what_is_alike_is_left_out_on_both_sides() -> None:
    first, second = cut_at_difference(f"{LONG}left ear, part 1?", f"{LONG}left ear, part 3?", 40)
    assert (first, second) == ("...he hand against the left ear, part 1?", "...he hand against the left ear, part 3?")
    first, second = cut_at_difference(LONG + "wall" + " again" * 9, LONG + "door" + " again" * 9, 40)
    assert (first, second) == ("... against the wall again again agai...", "... against the door again again agai...")
    first, second = cut_at_difference(LONG, LONG + "wall", 40)
    assert (first, second) == ("...by pressing the hand against the ", "...by pressing the hand against the wall")


def test_differences_that_do_not_matter_are_passed_over() -> None:
    wide = LONG.replace("H", "\uff28", 1).replace(" a ", "  a ", 1)
    first, second = cut_at_difference(wide + "wall", LONG + "door", 40, fold)
    assert first.endswith("against the wall") and second.endswith("against the door")
