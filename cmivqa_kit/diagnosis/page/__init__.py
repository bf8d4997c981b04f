"""The pages of `cmivqa diagnose --html`, of one system and of two: HTML that needs nothing else.

Their parts lie beside this module, joined in the order below (`cmivqa_kit.static_page`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cmivqa_kit import static_page
from cmivqa_kit.static_page import PageParts, save

_STYLES = ("overview.css", "browser.css")
_BROWSER = ("timeline.js", "entries.js", "list.js", "browse.js")
PARTS = PageParts(
    package=__name__,
    styles=_STYLES,
    scripts=("overview.js", *_BROWSER, "question.js", "main.js"),
)
PAIR_PARTS = PageParts(package=__name__, styles=(*_STYLES, "pair.css"), scripts=(*_BROWSER, "pair.js"))


def write_page(path: Path, payload: Mapping[str, Any], force: bool = False) -> Path:
    """Write the page, whole or not at all; the same payload gives the same bytes.

    Args:
        payload: as `cmivqa_kit.diagnosis.payload` describes it.
        force: whether another file at ``path`` may be replaced.

    Raises:
        UserError: ``path`` holds something else and ``force`` is not given, or is a directory.
        RunFailed: the disk is full, or the folder cannot be written.
    """
    return save(path, render(payload), force)


def render(payload: Mapping[str, Any]) -> str:
    """The text of the page."""
    return static_page.render(PARTS, payload, f"{payload['submission']} – cmivqa diagnose")


def write_pair_page(path: Path, payload: Mapping[str, Any], force: bool = False) -> Path:
    """The same for two systems; ``payload`` is as `cmivqa_kit.diagnosis.pair_payload` describes it."""
    return save(path, render_pair(payload), force)


def render_pair(payload: Mapping[str, Any]) -> str:
    """The text of the page of two systems."""
    return static_page.render(PAIR_PARTS, payload, f"{payload['title']} – cmivqa diagnose")
