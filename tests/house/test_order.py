"""The order of the tests: heavy files first, nothing lost, and `make test` asks for it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import HEAVY, TESTS, pytest_collection_modifyitems


@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_file_is_there(name: str) -> None:
    assert (TESTS / name).is_file(), f"{name} is gone: change HEAVY in tests/conftest.py"
    assert HEAVY.count(name) == 1


def test_heavy_files_come_first_and_the_rest_as_it_was() -> None:
    names = ["a.py", HEAVY[2], "b.py", HEAVY[0], "a.py", HEAVY[0]]
    items: list[Any] = [SimpleNamespace(path=TESTS / name, number=at) for at, name in enumerate(names)]
    pytest_collection_modifyitems(items)
    assert [item.number for item in items] == [3, 5, 1, 0, 2, 4]


def test_make_test_keeps_that_order() -> None:
    """By itself xdist starts the files with the most tests first, which are the quickest."""
    text = Path(TESTS.parent / "Makefile").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if "/pytest" in line]
    assert {"--dist", "loadfile", "--no-loadscope-reorder"} <= set(line.split())
