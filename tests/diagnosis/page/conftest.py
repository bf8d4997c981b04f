"""Chromium for the tests of the page: one per worker; without it they skip, but never where CI runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cmivqa_kit.diagnosis.page import write_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

INSTALL = "apt-get install -y chromium; pip install playwright"


def missing(what: str) -> None:
    """Skip with the line that installs ``what``; in CI its absence is a failure."""
    said = f"needs {what}: {INSTALL}"
    if os.environ.get("CI"):
        pytest.fail(said)
    pytest.skip(said)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing("Chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=program, args=arguments)
        yield started
        started.close()


@dataclass
class Opened:
    """A page, and whatever it should not have done."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)  # console messages, errors, dialogs

    @property
    def shown(self) -> str:
        return self.page.inner_text("#shown")

    @property
    def heading(self) -> str:
        return self.page.inner_text("#question-title")

    @property
    def focused(self) -> str:
        """The focused element: its id, else its class, else its tag."""
        found = self.page.evaluate(
            "(({id, className, tagName}) => id || className || tagName.toLowerCase())(document.activeElement)"
        )
        return str(found)

    def next(self) -> None:
        """The next question, without the pointer, which would wait for the page to stand still."""
        self.page.evaluate("document.getElementById('next').click()")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """`visit(payload, width=..., color_scheme=...)` writes the page and opens it from its file."""
    contexts = []

    def opens(payload: Any, width: int = 1280, height: int = 900, **options: Any) -> Opened:
        path = write_page(tmp_path / "page.html", payload, force=True)
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        found = Opened(context.new_page())
        found.page.set_default_timeout(10_000)
        found.page.on("request", lambda request: found.requests.append(request.url))
        found.page.on("console", lambda message: found.complaints.append(message.text))
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.page.on("dialog", lambda dialog: (found.complaints.append(dialog.message), dialog.dismiss()))
        found.page.goto(path.as_uri())
        return found

    yield opens
    for context in contexts:
        context.close()
