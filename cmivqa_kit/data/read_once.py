"""A reader of JSON files that remembers the documents: for one command, which needs a file in several places."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cmivqa_kit.files import read_json

ReadFile = Callable[[Path, str], Any]  # a JSON file, and what to call it in an error


class ReadOnce:
    """Reads as `cmivqa_kit.files.read_json` does, each file once; a file that cannot be read is tried again."""

    def __init__(self) -> None:
        self._documents: dict[Path, Any] = {}

    def __call__(self, path: Path, noun: str = "file") -> Any:
        """The document in ``path``; not to be changed.

        Raises:
            UserError: it cannot be read; ``noun`` says what it was to be.
        """
        key = _resolved(path)
        if key not in self._documents:
            self._documents[key] = read_json(path, noun)
        return self._documents[key]

    def keep(self, path: Path, document: Any) -> None:
        """Remember a document that was read in another way."""
        self._documents.setdefault(_resolved(path), document)


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # a circle of links, a name no file can have: reading says so
        return path
