"""Chromium for the tests of pages: one per worker; without it they skip, but never where CI runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# s. Every look at a page waits for what it looks for, and this decides nothing: it ends a test whose page is wrong.
HANG = 600
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
        started = playwright.chromium.launch(executable_path=program, args=arguments, timeout=HANG * 1000)
        yield started
        started.close()
