"""Reading the project's Markdown files: code blocks, and the `cmivqa` commands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNS = "<!-- runs -->\n"  # stands before a block whose lines a test runs in order
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT_CODE = re.compile(r"  # exit code (\d+)\b")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a shell block: the command without its comment, and the exit code that the comment promises."""

    command: str
    exit_code: int = 0


def blocks(path: Path) -> list[tuple[str, str]]:
    """Language and text of every fenced block, in order."""
    return _BLOCK.findall(path.read_text(encoding="utf-8"))


def shell_lines(text: str) -> list[Line]:
    """The lines of a shell block."""
    promised = [(line.partition("  # ")[0].rstrip(), _EXIT_CODE.search(line)) for line in text.splitlines()]
    return [Line(command, int(code[1]) if code else 0) for command, code in promised if command]


def run_blocks(path: Path) -> Iterator[list[Line]]:
    """The lines of every block that is marked as run."""
    text = path.read_text(encoding="utf-8")
    for part in text.split(RUNS)[1:]:
        block = _BLOCK.match(part)
        assert block, f"{path}: no block after {RUNS.strip()}"
        yield shell_lines(block[2])
