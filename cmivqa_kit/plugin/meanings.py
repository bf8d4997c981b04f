"""What each setting of a baseline means: the comments of its ``config.toml``.

A comment behind a value is its meaning, with the comment lines below it that stand further in than the keys; else the
comment lines straight above it are. `tomllib` drops comments, so they are read from the text here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import Declaration

_TABLE = re.compile(r"\[default\.([\w-]+)\]\s*(?:#.*)?$")
_KEY = re.compile(r"([\w-]+)\s*=\s*(?=\S)")
# Texts first, so that a # within one is none.
_COMMENT = re.compile(r"""(?:"(?:\\.|[^"\\])*"|'[^']*'|[^"'#])*#\s*(.*?)\s*$""")


def meanings(declaration: Declaration) -> dict[str, str]:
    """By ``section.key`` what its config file says of a setting; "" where it says nothing.

    Raises:
        UserError: the file cannot be read.
    """
    known = {f"{section}.{key}": "" for section, table in settings(declaration).items() for key in table}
    package, _, name = declaration.config.partition(":")
    text = (resources.files(package) / name).read_text(encoding="utf-8")
    return {**known, **{name: said for name, said in comments(text) if name in known}}


def comments(text: str) -> Iterator[tuple[str, str]]:
    """The settings of all ``[default.SECTION]`` tables with their comments, each where it has one."""
    section = key = ""
    above: list[str] = []
    said: list[str] = []
    for line in [*text.splitlines(), ""]:
        stripped = line.strip()
        if stripped.startswith("#") and line[0].isspace() and said:  # goes on from the line before
            said.append(stripped.lstrip("# "))
            continue
        if key and said:
            yield f"{section}.{key}", " ".join(said)
        said = []
        if stripped.startswith("#"):
            above.append(stripped.lstrip("# "))
            continue
        table, assigned = _TABLE.match(stripped), _KEY.match(stripped)
        if table or stripped.startswith("["):
            section, key = table[1] if table else "", ""
        elif assigned and section:
            key = assigned[1]
            comment = _COMMENT.match(stripped)
            said = [comment[1]] if comment and comment[1] else above
        above = []
