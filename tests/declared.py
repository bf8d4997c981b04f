"""What holds every JSON document of a command to the schema that is declared for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from typing import Any

import click
import pytest
from jsonschema import Draft202012Validator

from cmivqa_kit.cli import render
from cmivqa_kit.cli.json_schemas.registry import ALL, DRY_RUN, EXPLAIN, PAIR, outputs
from cmivqa_kit.cli.reference import name_of

GROUPS = ("data", "export", "leaderboard", "runs", "schema")


class NotDeclared(AssertionError):
    """A JSON document that is not what docs/json.md says."""


def conform(command: str, document: Any) -> None:
    """Fail where a document is not what is declared for its command."""
    if command not in outputs():
        raise NotDeclared(f"cmivqa {command} prints JSON but declares none: cmivqa_kit/cli/json_schemas/")
    faults = [f"{fault.json_path}: {fault.message[:300]}" for fault in _validator(command).iter_errors(document)]
    if faults:
        raise NotDeclared(f"cmivqa {command}: not as declared:\n" + "\n".join(faults[:10]))


def conform_printed(arguments: Sequence[str], output: bytes) -> None:
    """The same for what a process printed that was given these arguments; nothing where no JSON was asked for."""
    words = list(arguments)
    wanted = any(pair == ("--format", "json") for pair in pairwise(words))
    if not (wanted or "--format=json" in words) or not output.strip():
        return
    command = " ".join(words[: 1 + (words[0] in GROUPS and not words[1].startswith("-"))])
    flag = next((flag for flag in (DRY_RUN, EXPLAIN, *([ALL] * (command == "predict"))) if flag.strip() in words), "")
    document = json.loads(output)
    conform(command + flag + _second_file(command, document), document)


@contextmanager
def every_document() -> Iterator[None]:
    """Check each document that a command of this process prints, where it leaves."""
    printed = render.as_json

    def checked(document: Any) -> None:
        context = click.get_current_context()
        flags = {DRY_RUN: context.params.get("dry_run"), EXPLAIN: context.params.get("explain")}
        flags[ALL] = context.params.get("everything") and name_of(context) == "predict"
        command = name_of(context) + next((flag for flag, given in flags.items() if given), "")
        conform(command + _second_file(command, document), json.loads(json.dumps(document, default=str)))
        printed(document)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "as_json", checked)
        yield


def _second_file(command: str, document: Any) -> str:
    """What stands behind the name of a command that prints another document for two files than for one."""
    return PAIR if command == "diagnose" and "systems" in document else ""


@cache
def _validator(command: str) -> Draft202012Validator:
    schema = outputs()[command].schema
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)
