"""The files of a folder of entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from cmivqa_kit.errors import UserError


def expand(paths: Iterable[Path]) -> Iterator[Path]:
    """Files as given; of a folder, its .json files by name.

    Raises:
        UserError: there are none.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(p for p in path.rglob("*.json") if p.is_file())
        if not inside:
            raise UserError(f"{path}: no .json file in this folder", "Name a file, or the folder that holds entries.")
        yield from inside
