"""HTML pages that need nothing else, neither network nor server: one file each, made of hand-written parts and JSON.

Beside this module lie the parts that all pages share: ``shell.html`` with a ``{{name}}`` for each part, ``base.css``
and ``text.js``. The others lie in the package whose page it is: the body, style sheets and scripts, joined in their
order. The numbers stand in the page as JSON; the script makes every element itself and sets text as text, so that
nothing of a submission, a question or a team's name is ever read as HTML. A Content-Security-Policy allows exactly this
script and these styles, by their hashes, and no request at all.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from cmivqa_kit.errors import UserError
from cmivqa_kit.files import write_text
from cmivqa_kit.output_paths import is_taken, regular_target

SHELL = "shell.html"
SHARED_STYLES = ("base.css",)
SHARED_SCRIPTS = ("text.js",)
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath fill='%23b57f00' d='M2 3h9v3H2z'/%3E%3Cpath fill='%233f6ea8' d='M5 10h9v3H5z'/%3E%3C/svg%3E"
)
_EXACT = 2**53  # beyond it JavaScript would round an integer, and an id would be another one
# What could end the element that the JSON stands in, and the two line ends that old scripts stumble over.
_RISKY = "<>&\u2028\u2029"
_PLACE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class PageParts:
    """The hand-written parts of a page beside those that all share: file names in ``package``."""

    package: str
    styles: tuple[str, ...]
    scripts: tuple[str, ...]
    body: str = "page.html"


def render(parts: PageParts, payload: Mapping[str, Any], title: str) -> str:
    """The text of a page; the same payload gives the same text."""
    style = "\n".join([*map(shared_part, SHARED_STYLES), *(part(parts.package, name) for name in parts.styles)])
    scripts = [*map(shared_part, SHARED_SCRIPTS), *(part(parts.package, name) for name in parts.scripts)]
    script = "\n".join(["(() => {", '"use strict";', *scripts, "})();"])
    values = {
        "policy": (
            f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; "
            "connect-src 'none'; base-uri 'none'; form-action 'none'"
        ),
        "title": html.escape(title),
        "icon": ICON,
        "style": style,
        "script": script,
        "body": part(parts.package, parts.body),
        "payload": embed(payload),
    }
    # One pass: what a part holds is not looked at again, whatever it looks like.
    return _PLACE.sub(lambda match: values[match[1]], shared_part(SHELL))


def save(path: Path, page: str, force: bool = False) -> Path:
    """Write a page, whole or not at all.

    Args:
        force: whether another file at ``path`` may be replaced.

    Raises:
        UserError: ``path`` holds something else and ``force`` is not given, or is a directory.
        RunFailed: the disk is full, or the folder cannot be written.
    """
    target = regular_target(path)
    if is_taken(path) and not force and not _holds(target, page):
        raise UserError(f"{path}: exists already", "Give another name, or --force to replace it.")
    write_text(path, page)
    return path


def embed(payload: Mapping[str, Any]) -> str:
    """The payload as JSON that can stand inside a ``script`` element and that a browser reads without loss.

    NaN, infinities and integers beyond 2^53 become texts: JSON has no word for the first, JavaScript rounds the last.
    """
    text = json.dumps(_exact(payload), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in _RISKY:
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def part(package: str, name: str) -> str:
    """A hand-written part; LF line ends whatever the checkout made of them, so that bytes and hashes stay."""
    return files(package).joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")


def shared_part(name: str) -> str:
    """One of the parts that all pages share."""
    return part(__name__, name)


def _exact(value: Any) -> Any:
    if isinstance(value, float):  # numbers first: a page has a hundred thousand of them
        return value if math.isfinite(value) else "NaN" if value != value else f"{'-' * (value < 0)}Infinity"
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, int):
        return value if -_EXACT <= value <= _EXACT else str(value)
    if isinstance(value, Mapping):
        return {str(name): _exact(member) for name, member in value.items()}
    return [_exact(member) for member in value]


def _holds(path: Path, page: str) -> bool:
    return path.is_file() and path.read_bytes() == page.encode("utf-8", "backslashreplace")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
