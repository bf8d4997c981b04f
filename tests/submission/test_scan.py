"""The outline of a text is that of the whole, however it is cut into parts."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.submission import scan
from cmivqa_kit.submission.scan import Limits, may_be_infinite, outline

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet='a\\"[{}]eN1 手\ud83d', max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('\\"e[', max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(DOCUMENTS, st.booleans(), st.integers(1, 7), st.integers(1, 6))
def test_any_cut_gives_the_same_outline(document: object, ascii_only: bool, size: int, number: int) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only)
    limits = Limits(number=number)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(scan, "_PART", size)
        parts = outline(text, limits)
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    assert parts == outline(text, limits)
    assert parts.brackets.decode() == re.sub(r"[^\[\]]", "", bare.replace("{", "[").replace("}", "]"))
    assert parts.letters.decode() == re.sub("[^A-Za-z]", "", bare)
    assert parts.long_number or not re.search(rf"[-+.0-9eE]{{{number + 1},}}", bare)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1e5]", True),
        ("[1E5]", True),
        ("[NaN, true]", True),
        ("[-Infinity]", True),
        ('["NaN", true, null]', False),
    ],
)
def test_what_may_be_infinite(text: str, expected: bool) -> None:
    assert may_be_infinite(outline(text, Limits())) is expected
