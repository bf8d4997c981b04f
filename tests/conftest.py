"""Shared by all tests: the embedded corpus goes to a folder of the test run, not to the user's cache."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("CMIVQA_CACHE")
    os.environ["CMIVQA_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["CMIVQA_CACHE"]
    else:
        os.environ["CMIVQA_CACHE"] = before
