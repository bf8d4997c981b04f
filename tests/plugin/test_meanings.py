"""What settings mean, read from the comments of their config files."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.plugin.meanings import comments, meanings
from cmivqa_kit.plugin.registry import find_declaration
from cmivqa_kit.plugin.settings import settings

TEXT = """# The head of the file.
[default.a]   # of a section
name = "x # y"            # a text, "quoted"; and this
                          # goes on
path = 'C:\\\\#'            # a # in a literal text
bare = 3
# Said above,
# on two lines.
above = [1, 2]

list = [                  # opens
  1,
]
[default.b]
name = "tiny"             # another
[preset.tiny.a]
name = "z"                # not of the default
"""


def test_a_comment_belongs_to_the_setting_before_it_or_below_it() -> None:
    assert dict(comments(TEXT)) == {
        "a.name": 'a text, "quoted"; and this goes on',
        "a.path": "a # in a literal text",
        "a.above": "Said above, on two lines.",
        "a.list": "opens",
        "b.name": "another",
    }
    assert set(dict(comments(TEXT))) < {f"{s}.{k}" for s, t in tomllib.loads(TEXT)["default"].items() for k in t}


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    for name, said in comments(f"[default.a]\n{text}\nlast = 1  # ends"):
        assert name.startswith("a") or "." in name
        assert said == said.strip()


@pytest.mark.parametrize("name", ["bm25", "ccgs", "mutualsl"])
def test_every_setting_of_a_baseline_says_what_it_means(name: str) -> None:
    declaration = find_declaration(name)
    said = meanings(declaration)
    assert set(said) == {f"{section}.{key}" for section, table in settings(declaration).items() for key in table}
    assert [key for key, text in said.items() if not text] == []
