"""The generated pages: `docs/cli.md` from the help of every command, `docs/json.md` from the declared schemas.

``python -m cmivqa_kit.cli.reference cli > docs/cli.md`` and ``... json > docs/json.md`` make them anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from cmivqa_kit.cli.json_schemas.registry import Output, outputs
from cmivqa_kit.cli.main import cli

WIDTH = 100
REGENERATE = "python -m cmivqa_kit.cli.reference {0} > docs/{0}.md"
MADE = "<!-- Generated: `{}`. Do not edit. -->"


def commands() -> Iterator[click.Context]:
    """A context for the program, then for every command and subcommand, in the order of the work."""
    yield from _below(_context(cli, "cmivqa", None))


def name_of(context: click.Context) -> str:
    """The name of a command as it is typed behind ``cmivqa``; empty for the program itself."""
    names = []
    at: click.Context | None = context
    while at is not None and at.parent is not None:
        names.append(at.info_name or "")
        at = at.parent
    return " ".join(reversed(names))


def cli_page() -> str:
    """The text of `docs/cli.md`."""
    parts = [
        MADE.format(REGENERATE.format("cli")),
        "# The command line",
        "What `--help` says of every command. What they print with `--format json`: [json.md](json.md).",
    ]
    for context in commands():
        depth = "##" if context.parent is None or context.parent.parent is None else "###"
        helped = "\n".join(line.rstrip() for line in context.command.get_help(context).splitlines())
        parts += [f"{depth} {context.command_path}", f"```text\n{helped}\n```"]
    return "\n\n".join(parts) + "\n"


def json_page() -> str:
    """The text of `docs/json.md`."""
    parts = [
        MADE.format(REGENERATE.format("json")),
        "# JSON output",
        "With `--format json` a command prints one JSON document on standard output and nothing else there; remarks "
        "for people go to standard error. Exit codes are the same as in text form. `cmivqa schema show` prints JSON "
        "too, the JSON Schema of a submission file.",
        "The schemas (JSON Schema 2020-12) stand in `cmivqa_kit/cli/json_schemas/`; every JSON document of the "
        "kit's tests is validated against them. A key that stands here is always there, `null` where it has no value, "
        "unless it is marked as optional. While the version is below 1.0, keys may be renamed or removed in a minor "
        "version, and CHANGELOG.md says so; new keys may come with any version: ignore those that you do not know.",
        "Pointers: `*` stands for every element of an array, `NAME` for every key of an object whose keys come from "
        "the data. The empty pointer is the document.",
    ]
    for output in outputs().values():
        parts += list(_section(output))
    return "\n\n".join(parts) + "\n"


def _below(context: click.Context) -> Iterator[click.Context]:
    yield context
    group = context.command
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            if command is not None:
                yield from _below(_context(command, name, context))


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    """The context of a command whose help is as wide on every machine."""
    settings = {**command.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    return click.Context(command, info_name=name, parent=parent, color=False, **settings)


def _section(output: Output) -> Iterator[str]:
    yield f"## {output.command}"
    yield f"```sh\n{output.example}\n```"
    if output.notes:
        yield output.notes
    rows = ["| key | type | unit | meaning |", "| --- | --- | --- | --- |"]
    rows += (f"| {' | '.join(row)} |" for row in _rows("", output.schema, False))
    yield "\n".join(rows)


def _rows(pointer: str, schema: Mapping[str, Any], optional: bool) -> Iterator[tuple[str, ...]]:
    """The rows of a value and of all below it; single values of an array or object stand in the row of that."""
    meaning = schema.get("description", "") + _choices(schema)
    unit = schema.get("unit", "")
    below = schema.get("items", schema.get("additionalProperties") or None)
    step = "*" if "items" in schema else "NAME"
    kind = _kind(schema)
    if below and not _nested(below):
        kind += f" of {_kind(below)}"
        unit = below.get("unit", "")
        below = None
    cells = f"`{pointer}`" if pointer else "(document)", kind, unit, meaning + (" (optional)" if optional else "")
    yield tuple(cell.replace("|", "\\|") for cell in cells)
    if below:
        yield from _rows(f"{pointer}/{step}", below, False)
    required = schema.get("required", ())
    for key, value in schema.get("properties", {}).items():
        yield from _rows(f"{pointer}/{key}", value, key not in required)


def _nested(schema: Mapping[str, Any]) -> bool:
    return any(key in schema for key in ("properties", "items", "additionalProperties"))


def _kind(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", "any")
    return kinds if isinstance(kinds, str) else " or ".join(kinds)


def _choices(schema: Mapping[str, Any]) -> str:
    choices = [str(value) for value in schema.get("enum", ()) if value is not None]
    return f": {', '.join(choices)}" if choices else ""


PAGES = {"cli": cli_page, "json": json_page}


def main(arguments: Sequence[str]) -> int:
    """Print a generated page."""
    if len(arguments) != 1 or arguments[0] not in PAGES:
        print(f"usage: python -m cmivqa_kit.cli.reference {'|'.join(PAGES)}", file=sys.stderr)
        return 2
    sys.stdout.buffer.write(PAGES[arguments[0]]().encode("utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
