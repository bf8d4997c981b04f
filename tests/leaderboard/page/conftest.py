"""The board's pages in Chromium: written to a folder and opened from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cmivqa_kit.leaderboard.page import write_pages
from tests.chromium import HANG
from tests.diagnosis.page.conftest import Opened
from tests.leaderboard.page.made import entry, payload

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """`visit(payload, entry=..., name=..., width=...)` writes a board with one entry's page and opens ``name``."""
    contexts = []

    def opens(
        board: Any = None, of_entry: Any = None, name: str = "index.html", width: int = 1280, **options: Any
    ) -> Opened:
        pages = {"entries/team-000.html": of_entry or entry()}
        write_pages(tmp_path / "site", board or payload(), pages, force=True)
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-US", **options)
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.set_default_timeout(HANG * 1000)
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.on("console", lambda message: opened.complaints.append(message.text))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("dialog", lambda dialog: (opened.complaints.append(dialog.message), dialog.dismiss()))
        opened.page.goto(f"{(tmp_path / 'site').as_uri()}/{name}")
        return opened

    yield opens
    for context in contexts:
        context.close()
