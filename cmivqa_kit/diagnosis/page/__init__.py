"""The page of `cmivqa diagnose --html`: one HTML file that needs nothing else (`cmivqa_kit.static_page`).

Its own parts lie beside this module: ``page.html``, two style sheets and five scripts, joined in the order below.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cmivqa_kit import static_page
from cmivqa_kit.static_page import PageParts, save

PARTS = PageParts(
    package=__name__,
    styles=("overview.css", "browser.css"),
    scripts=("overview.js", "timeline.js", "question.js", "list.js", "main.js"),
)


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
