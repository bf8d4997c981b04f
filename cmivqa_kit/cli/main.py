"""`cmivqa`: the command group. Commands are imported when they are called, so that `--help` starts fast."""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from traceback import walk_tb
from typing import Any

import click

from cmivqa_kit import __version__
from cmivqa_kit.errors import ExitCode, UserError

INTERRUPTED, READER_LEFT = 130, 141  # 128 + SIGINT, 128 + SIGPIPE

# name -> (module, one-line help). The help stands here too so that `cmivqa --help` imports no command; a test compares.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("cmivqa_kit.cli.init", "Make a workspace from the organizers' files as they were downloaded."),
    "config": ("cmivqa_kit.cli.config", "Show every setting, what it means and where it comes from."),
    "doctor": ("cmivqa_kit.cli.doctor", "Check this machine: Python, packages, device, encoder, data, disk."),
    "demo": ("cmivqa_kit.cli.demo", "Run the whole way on the embedded corpus: train, predict, validate, score."),
    "train": ("cmivqa_kit.cli.train", "Fit a baseline on the train split."),
    "runs": ("cmivqa_kit.cli.runs", "List the runs; show one with its curves; compare two."),
    "predict": ("cmivqa_kit.cli.predict", "Answer every question of a split and write the submission file."),
    "rerank": ("cmivqa_kit.cli.rerank", "Score the lists of a submission anew by a trained re-ranker."),
    "import": (
        "cmivqa_kit.cli.import_answers",
        "Make a submission of other people's answers: an LLM's JSON Lines or CSV.",
    ),
    "validate": ("cmivqa_kit.cli.validate", "Check submission files: form, ids, texts, spans, videos."),
    "schema": ("cmivqa_kit.cli.schema", "Show the JSON Schema of a submission file."),
    "score": ("cmivqa_kit.cli.score", "Score submission files: official and strict numbers, and why they differ."),
    "diagnose": ("cmivqa_kit.cli.diagnose", "Show where a submission lost its points: retrieval or localization."),
    "compare": ("cmivqa_kit.cli.compare", "Tell whether one submission is better than another, or only luckier."),
    "fuse": ("cmivqa_kit.cli.fuse", "Fuse submissions into one: reciprocal rank fusion, with weights fitted on dev."),
    "leaderboard": (
        "cmivqa_kit.cli.leaderboard",
        "Take in entries, rank them and show the board.",
    ),
    "verify": ("cmivqa_kit.cli.verify", "Score a file again and say what differs from its result card."),
    "sample": ("cmivqa_kit.cli.sample", "Write a valid template for your own model's answers."),
    "baselines": (
        "cmivqa_kit.cli.baselines",
        "List the baselines: tracks, paper, what they need; begin one of your own.",
    ),
    "convert-checkpoint": (
        "cmivqa_kit.cli.convert_checkpoint",
        "Turn an official checkpoint into a run that predict accepts.",
    ),
    "bench": (
        "cmivqa_kit.cli.bench",
        "Published benchmarks: list them, check their data, train systems, score and compare predictions.",
    ),
    "features": (
        "cmivqa_kit.cli.features",
        "Make features: of your own videos with any vision model, of AssistQ's folders.",
    ),
    "export": (
        "cmivqa_kit.cli.export",
        "Submissions in the formats of others (TREC, MedVidQA, TVR); the challenge as a bundle for Codabench.",
    ),
    "data": (
        "cmivqa_kit.cli.data",
        "Check, convert and split corpora; turn .srt and .vtt into subtitle.json; pack features.",
    ),
}


class PlainError(click.ClickException):
    """A `UserError` on its way out: one or two sentences on standard error, and its exit code."""

    def __init__(self, error: UserError) -> None:
        super().__init__(error.message)
        self.fix = error.fix
        vars(self)["exit_code"] = int(error.code)  # click declares it on the class

    def show(self, file: Any = None) -> None:
        """Print the message and what to do."""
        from cmivqa_kit.cli.render import safe

        click.echo(f"Error: {safe(self.message, newlines=True)}", err=True)
        if self.fix:
            click.echo(safe(self.fix, newlines=True), err=True)


class ReaderLeft(click.ClickException):
    """The reader of a pipe left (``cmivqa ... | head``): nothing to say, and no finding."""

    exit_code = READER_LEFT

    def show(self, file: Any = None) -> None:
        """Print nothing."""
        _let_go()


class Commands(click.Group):
    """A group that imports its commands lazily and turns `UserError` into a plain message."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Commands in the order of the work, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with the nearest command offered for an unknown one."""
        from cmivqa_kit.errors import closest

        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise click.UsageError(f"no command {args[0]!r}.{closest(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; user errors become plain messages unless ``--debug`` is on."""
        try:
            return super().invoke(ctx)
        except UserError as error:
            if ctx.params.get("debug"):
                raise
            raise PlainError(error) from error
        except ImportError as error:
            if ctx.params.get("debug") or (needed := _missing_model_package(error)) is None:
                raise
            raise PlainError(needed) from error
        except MemoryError as error:
            raise PlainError(_failed("out of memory", "Close other programs or use smaller data.")) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise ReaderLeft("") from None
            if ctx.params.get("debug"):
                raise
            raise _failed_file(error) from error
        except Exception as error:
            if ctx.params.get("debug") or (failure := _failure_in_code(error)) is None:
                raise
            raise PlainError(failure) from error


def _failure_in_code(error: Exception) -> UserError | None:
    """What to say where code that an encoder brings failed on the way."""
    module = sys.modules.get("cmivqa_kit.neural.foreign_code")  # imported by what ran such code
    failure: UserError | None = None if module is None else module.failure_in_code(error)
    return failure


def _missing_model_package(error: ImportError) -> UserError | None:
    """What to say where a part of the program needs a package of the neural baselines that cannot be imported."""
    from cmivqa_kit.plugin.packages import MODELS, install_command

    names = [error.name or "", *(frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__))]
    package = next((root for name in names if (root := name.partition(".")[0]) in MODELS), None)
    if package is None:
        return None
    return UserError(f"this needs {package}, which cannot be imported here ({error})", install_command([package]))


def _failed(message: str, fix: str) -> UserError:
    return UserError(message, fix, ExitCode.FAILED)


def _failed_file(error: OSError) -> PlainError:
    where = f"{error.filename}: " if error.filename is not None else "output could not be written: "
    fix = "Free some space." if error.errno == errno.ENOSPC else "Check the path and its permissions."
    return PlainError(_failed(f"{where}{error.strerror or error}", fix))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Start here: cmivqa demo. In a workspace (cmivqa init): cmivqa train; cmivqa predict --split testA; "
    "cmivqa score submission.json",
)
@click.version_option(__version__, prog_name="cmivqa")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """The CMIVQA challenges, from raw files to a scored submission.

    Track 1: the answer span in a given video. Track 2: the video in a corpus. Track 3: both.

    Exit codes: 0 fine; 1 the thing checked is not fine; 2 wrong usage or an input missing or unreadable;
    3 (score) the submission is unreadable or crashes the official program; 4 a run failed on its way.
    """


def run() -> None:
    """Entry point of the ``cmivqa`` program."""
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show a character gets its escape instead of a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if "_CMIVQA_COMPLETE" in os.environ:  # a shell asks, at the press of a key
        import_module("cmivqa_kit.cli.shells")
    sys.exit(_status())


def _status() -> int:
    """Run the command line; an interrupt is 130 and a reader that left 141, as shells count them: 1 is a finding."""
    try:
        # By itself click would leave with 1 on these, and with a traceback for help that a full disk cannot take.
        code = cli.main(prog_name="cmivqa", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        return _show(error)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped before it was done.", err=True)
        return INTERRUPTED
    except OSError as error:  # of the last lines, or of help
        _let_go()
        return READER_LEFT if error.errno == errno.EPIPE else _show(_failed_file(error))
    render = sys.modules.get("cmivqa_kit.cli.render")  # imported by what printed
    if render is not None and render.READER.left:
        return READER_LEFT
    return code if isinstance(code, int) else 0


def _show(error: click.ClickException) -> int:
    error.show()
    return error.exit_code


def _let_go() -> None:
    """Point standard output at nothing, or the interpreter would try to write the rest again when it ends."""
    from cmivqa_kit.cli.render import let_go

    let_go()
