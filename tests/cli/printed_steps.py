"""The commands that the program prints as next steps, and a walk that types each of them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from cmivqa_kit.cli.main import COMMANDS, cli
from tests.cli.command_server import CommandServer, Printed

_STARTS = re.compile(
    r"(?:(?P<next>^Next: )|(?P<tick>`)|(?<![\w./'\"-]))(?P<command>(?:cd \S+ && )?cmivqa )", re.MULTILINE
)
_PLACEHOLDER = re.compile(r"[A-Z][A-Z_|]+(?:\.[a-z]+)?|N|\.\.\.|.*[=/](?:[A-Z]{2,}|N)|.*\.\.\.")
CHECKS = ("validate", "data check")  # commands that leave with 1 where the thing checked is not fine


def printed_commands(text: str) -> Iterator[str]:
    """The command lines in a program's output: after ``Next:``, in backticks, or in a sentence up to its mark."""
    # What `demo` types itself stands behind a dollar sign: it was done, it is no step to come.
    text = "\n".join(line for line in text.splitlines() if not line.startswith("$ "))
    for match in _STARTS.finditer(text):
        begin = match.start("command")
        rest = text[begin : text.find("\n", begin) if "\n" in text[begin:] else len(text)]
        if match["next"]:
            yield rest.strip()
        elif match["tick"]:
            yield rest.partition("`")[0]
        else:
            yield _sentence(rest)


def _sentence(rest: str) -> str:
    """``rest`` up to the word that a comma, semicolon, colon, bracket or full stop ends, without that mark."""
    words = []
    for word in rest.split(" "):
        bare = word.rstrip(".,;:)")
        words.append(bare)
        if bare != word:
            break
    return " ".join(words).strip()


def is_placeholder(command: str) -> bool:
    """True where a word of the command is to be replaced by the user (``FILE``, ``N``, ``NAME|DIR``)."""
    return any(_PLACEHOLDER.fullmatch(word) for word in shlex.split(command))


def verb(command: str) -> str:
    """The command's name: ``score``, ``data check``; empty for the bare program."""
    words = shlex.split(command)
    words = words[words.index("cmivqa") + 1 :]
    if not words or words[0] not in COMMANDS:
        return ""
    group = isinstance(cli.get_command(click.Context(cli), words[0]), click.Group)
    return " ".join(words[:2] if group else words[:1])


@dataclass(frozen=True, slots=True)
class Step:
    """A command that was typed, the one whose output named it, and what it left."""

    command: str
    after: str
    printed: Printed

    @property
    def succeeded(self) -> bool:
        """Exit code 0; a check may find what it looks for."""
        return self.printed.code == 0 or (self.printed.code == 1 and verb(self.command) in CHECKS)


def walk(server: CommandServer, state: Path, first: Sequence[str], scratch: Path, depth: int = 8) -> list[Step]:
    """Type each of ``first`` in a copy of the folder ``state``, then every command that it printed, and so on.

    A command is typed once after each that names it, in the folder that this one left; placeholders are not typed.
    """
    seen: set[tuple[str, str]] = set()
    waiting = [(state, command, "", 0) for command in first]
    steps: list[Step] = []
    while waiting:
        folder, command, after, done = waiting.pop(0)
        own = scratch / str(len(steps))
        shutil.copytree(folder, own, symlinks=True, copy_function=os.link)  # the kit renames, it writes into no file
        inside, _, plain = command.rpartition("&& ")
        cwd = own / shlex.split(inside)[1] if inside else own
        printed = server.run(plain, cwd)
        steps.append(Step(command, after, printed))
        for named in dict.fromkeys(printed_commands(printed.text)):
            if (verb(command), named) not in seen and not is_placeholder(named) and done < depth:
                seen.add((verb(command), named))
                waiting.append((cwd, named, command, done + 1))
    return steps
