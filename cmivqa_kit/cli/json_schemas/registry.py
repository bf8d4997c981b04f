"""The declared JSON of each command: registered by its name, as it is typed behind ``cmivqa``."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from cmivqa_kit.cli.json_schemas.shapes import Schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DRY_RUN = " --dry-run"
EXPLAIN = " --explain"
ALL = " --all"
CARD = " --card"  # a file
PAIR = " A B"  # of diagnose: two files
MODULES = (
    "workspace", "training", "prediction", "import_answers", "validation", "scoring", "diagnosis", "comparison",
    "runs", "fusion", "intake", "board", "board_audit", "exports", "bench", "corpus",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Output:
    """The JSON that a command prints.

    Attributes:
        command: its name, such as ``data check``, or ``predict --dry-run`` where a flag makes it another document
            (`PAIR`: a second file).
        example: a command that prints it.
        schema: JSON Schema (2020-12) of the document; ``unit`` is an annotation.
        notes: what a reader must know beside the keys; may be empty.
    """

    command: str
    example: str
    schema: Schema
    notes: str = ""


_OUTPUTS: dict[str, Output] = {}


def declare(command: str, example: str, schema: Schema, notes: str = "") -> None:
    """Register the output of a command."""
    _OUTPUTS[command] = Output(command, example, {"$schema": DIALECT, "title": f"cmivqa {command}", **schema}, notes)


def outputs() -> dict[str, Output]:
    """Every declared output by command, in the order of the work."""
    for name in MODULES:
        import_module(f"cmivqa_kit.cli.json_schemas.{name}")
    return dict(_OUTPUTS)
