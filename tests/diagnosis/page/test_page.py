"""The file: what it allows, what it escapes, when it is written. No browser needed."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit import static_page as shared
from cmivqa_kit.diagnosis import page as package
from cmivqa_kit.diagnosis.page import PAIR_PARTS, PARTS, render, render_pair, write_page
from cmivqa_kit.errors import UserError
from cmivqa_kit.static_page import SHARED_SCRIPTS, SHARED_STYLES, SHELL, embed, part, shared_part
from tests.diagnosis.page.made import EVIL, hostile, pair_payload, payload

ELEMENT = re.compile(r"<(script|style)[^>]*>(.*?)</\1>", re.DOTALL)


def elements(text: str) -> tuple[str, str, str]:
    """What the browser takes for style, data and script."""
    found = ELEMENT.findall(text)
    assert [name for name, _ in found] == ["style", "script", "script"]
    return found[0][1], found[1][1], found[2][1]


@pytest.mark.parametrize(
    "text",
    [render(payload()), render(hostile()), render_pair(pair_payload(hostile()))],
    ids=["plain", "hostile", "pair"],
)
def test_the_policy_names_the_script_and_the_styles_and_nothing_else(text: str) -> None:
    style, _, script = elements(text)
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert found is not None
    policy = dict(part.strip().split(" ", 1) for part in found[1].split(";"))
    assert policy == {
        "default-src": "'none'",
        "script-src": f"'{hash_of(script)}'",
        "style-src": f"'{hash_of(style)}'",
        "img-src": "data:",
        "connect-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def hash_of(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_the_scripts_never_read_text_as_html_or_code() -> None:
    for name in (*SHARED_SCRIPTS, *PARTS.scripts, *PAIR_PARTS.scripts):
        text = shared_part(name) if name in SHARED_SCRIPTS else part(PARTS.package, name)
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|createContextualFragment"
            r"|DOMParser|srcdoc|setHTML|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|import\(",
            text,
        ), name
        assert not re.search(r"""set(Timeout|Interval)\(\s*["'`]""", text), name


def test_no_part_names_an_address() -> None:
    text = render(payload()) + render_pair(pair_payload(payload(4)))
    # The name of a namespace, and what a link to a video of YouTube begins with: nothing asks for it.
    addresses = {"http://www.w3.org/2000/svg", "https://www.youtube.com/watch?v="}
    assert set(re.findall(r"https?://[^'\"\s>]+", text)) == addresses
    assert not re.search(r"@import|url\(|<link(?! rel=\"icon\" href=\"data:)", text)


def test_hostile_text_leaves_its_element_nowhere() -> None:
    text = render(hostile())
    _, data, _ = elements(text)
    assert not set(data) & set("<>&\u2028\u2029")
    outside = ELEMENT.sub("", text)
    assert EVIL not in text
    assert html.escape(EVIL) in outside  # the title
    assert "<img" not in outside
    assert "{{script}} {{payload}}" in outside  # a text that looks like a place is none


def test_the_data_are_the_payload() -> None:
    made = payload()
    assert json.loads(embed(made)) == made


TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_any_payload_is_embedded_without_loss(made: dict[str, object]) -> None:
    text = embed(made)
    assert json.loads(text) == made
    assert not set(text) & set("<>&\u2028\u2029")
    # As bytes too: a lone surrogate is written as its escape.
    assert json.loads(text.encode("utf-8", "backslashreplace")) == made


def test_numbers_that_json_or_javascript_cannot_hold_are_texts() -> None:
    made = {"a": [float("nan"), float("inf"), -float("inf")], "id": 2**53 + 1, "b": -(2**70), "c": True, "d": 2**53}
    assert json.loads(embed(made)) == {
        "a": ["NaN", "Infinity", "-Infinity"],
        "id": "9007199254740993",
        "b": "-1180591620717411303424",
        "c": True,
        "d": 2**53,
    }


def test_the_same_payload_gives_the_same_bytes(tmp_path: Path) -> None:
    one = write_page(tmp_path / "one.html", payload())
    assert one == tmp_path / "one.html"
    assert one.read_bytes() == write_page(tmp_path / "deep" / "two.html", payload()).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "one.html"]


def test_another_file_is_replaced_with_force_only(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=r"exists already\n.*--force"):
        write_page(path, payload())
    assert path.read_text(encoding="utf-8") == "mine"
    write_page(path, payload(), force=True)
    before = path.read_bytes()
    write_page(path, payload())  # the same page again is no loss
    assert path.read_bytes() == before
    with pytest.raises(UserError, match="exists already"):
        write_page(path, payload(3))
    with pytest.raises(UserError, match="directory"):
        write_page(tmp_path, payload(), force=True)


def test_lone_surrogates_are_written(tmp_path: Path) -> None:
    path = write_page(tmp_path / "page.html", hostile())
    _, data, _ = elements(path.read_text(encoding="utf-8"))
    assert json.loads(data)["questions"][2]["text"].startswith("\ud800")
    write_page(path, hostile())


def test_every_part_is_used() -> None:
    own = {name for parts in (PARTS, PAIR_PARTS) for name in (*parts.scripts, *parts.styles, parts.body)}
    for folder, used in (
        (package, own),
        (shared, {SHELL, *SHARED_SCRIPTS, *SHARED_STYLES}),
    ):
        parts = {path.name for path in files(folder).iterdir() if path.name.endswith((".js", ".css", ".html"))}
        assert parts == used
    assert "{{" not in ELEMENT.sub("", render(payload()))
