"""The page of a diagnosis in Chromium: written to a file and opened from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cmivqa_kit.diagnosis.page import write_page, write_pair_page
from tests.chromium import HANG

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, LocatorAssertions, Page

# The focused element: its id, else its class, else its tag.
FOCUSED = (
    "(({id, className, tagName}) => id || className || tagName.toLowerCase())(document.activeElement || document.body)"
)


def expect(shown: Locator) -> LocatorAssertions:
    """Assertions on a part of the page that wait for it to become so."""
    from playwright.sync_api import expect

    expect.set_options(timeout=HANG * 1000)
    return expect(shown)


def starting(text: str) -> re.Pattern[str]:
    """Matches what starts with ``text``, however its words are spaced."""
    return re.compile(r"^\s*" + r"\s+".join(map(re.escape, text.split())))


@dataclass
class Opened:
    """A page, and whatever it should not have done."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)  # console messages, errors, dialogs

    def shows(self, text: str) -> None:
        """Wait until the page says how many questions are shown."""
        expect(self.page.locator("#shown")).to_have_text(text)

    def heads(self, start: str) -> None:
        """Wait until the question whose text starts so is the one in view."""
        expect(self.page.locator("#question-title")).to_have_text(starting(start))

    def focuses(self, name: str) -> None:
        """Wait until this element has the focus."""
        self.page.wait_for_function(f"(name) => ({FOCUSED}) === name", arg=name)

    def unfold(self) -> None:
        """Open whatever can be opened, and wait for what is drawn only then, in an event that comes later."""
        self.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        drawn = "[...document.querySelectorAll('.wrong details > div')].every((one) => one.firstChild)"
        self.page.wait_for_function(drawn)

    @property
    def focused(self) -> str:
        """The element that has the focus now."""
        return str(self.page.evaluate(FOCUSED))

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
        write = write_pair_page if "systems" in payload else write_page
        path = write(tmp_path / "page.html", payload, force=True)
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        found = Opened(context.new_page())
        found.page.set_default_timeout(HANG * 1000)
        found.page.on("request", lambda request: found.requests.append(request.url))
        found.page.on("console", lambda message: found.complaints.append(message.text))
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.page.on("dialog", lambda dialog: (found.complaints.append(dialog.message), dialog.dismiss()))
        found.page.goto(path.as_uri())
        return found

    yield opens
    for context in contexts:
        context.close()
