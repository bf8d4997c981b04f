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


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """So small a network gains nothing from threads, and on busy cores they wait for each other for minutes."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
