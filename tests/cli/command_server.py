"""One process that runs many command lines, each in a fork of its own: with all that is installed, or without torch.

What only a process shows (that a package is not there) costs a start each time otherwise. The networks of the baselines
train for two steps there: a walk asks whether a command succeeds, not how well it learns.

Run as a program: each line on standard input is a JSON object ``{"words": [...], "cwd": DIR}``; each is answered by a
line with the exit code, standard output and standard error.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Self

NEURAL = ("torch", "transformers", "accelerate", "safetensors", "tokenizers")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Printed:
    """What a command line left: its exit code and what it wrote to both streams."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Both streams, standard output first."""
        return f"{self.out}\n{self.err}"


class CommandServer:
    """The process; a context manager.

    ``torch`` False: neither torch nor its companions can be imported there. ``corpus`` stands for the embedded one.
    """

    def __init__(self, torch: bool, corpus: Path) -> None:
        self.torch = torch
        self.corpus = corpus

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.command_server", "with" if self.torch else "without", str(self.corpus)],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def run(self, command: str, cwd: Path) -> Printed:
        """What ``cmivqa ...``, as a shell would split it, leaves in ``cwd``."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        request = {"words": shlex.split(command)[1:], "cwd": str(cwd)}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return Printed(*json.loads(self.process.stdout.readline()))


def _short(document: dict[str, Any]) -> dict[str, Any]:
    """A baseline's config.toml with trainings of two steps, and without an encoder that would have to be fetched."""
    if "max_steps" in document.get("default", {}).get("train", {}):
        tiny = document["preset"].get("tiny", {})
        for table in (document["default"], *document["preset"].values()):
            for section, values in tiny.items():
                table.setdefault(section, {}).update(values)
            table["train"].update(max_steps=2, dev_questions=1)
    return document


def _answer(request: Mapping[str, Any]) -> tuple[int, str, str]:
    """Run one command line in a fork."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            code = 70
            try:
                os.chdir(request["cwd"])
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                sys.argv = ["cmivqa", *request["words"]]
                from cmivqa_kit.cli.main import run

                run()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 70
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(child, 0)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8"))
        return os.waitstatus_to_exitcode(status), texts[0], texts[1]


LIGHT = ("cli", "data", "entries", "scoring", "submission", "diagnosis")
HEAVY = ("neural", "training", "prediction")  # need torch


def _import_commands(torch: bool) -> None:
    """Import what commands import when they are called: once here instead of in every fork."""
    for package in (f"cmivqa_kit.{name}" for name in (*LIGHT, *(HEAVY if torch else ()))):
        for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)


def _serve(torch: bool, corpus: Path) -> None:
    if torch:
        import accelerate  # noqa: F401  once, for all forks
        import torch as _  # noqa: F401
        import transformers  # noqa: F401
    else:
        for name in NEURAL:
            sys.modules[name] = None  # type: ignore[assignment]  # importing it raises, and find_spec finds nothing
    from cmivqa_kit.data import demo
    from cmivqa_kit.plugin import settings

    demo.demo_corpus = lambda: corpus

    whole = settings.package_toml
    settings.package_toml = lambda *arguments: _short(whole(*arguments))
    _import_commands(torch)
    gc.freeze()  # forks share what is there, and their collectors leave it alone
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1] == "with", Path(sys.argv[2]))
