"""The parts that commands share: one spelling of every option, and the session with the effective settings."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cmivqa_kit.cli import completion, render
from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.errors import UserError
from cmivqa_kit.workspace import EMBEDDED, Workspace, open_workspace

if TYPE_CHECKING:
    from cmivqa_kit.data.catalogue import Catalogue
    from cmivqa_kit.data.read_once import ReadOnce
    from cmivqa_kit.editions import Edition
    from cmivqa_kit.entries.ground import OpenGround
    from cmivqa_kit.plugin.types import Declaration
    from cmivqa_kit.runs.directory import RunDirectory

Command = TypeVar("Command", bound=Callable[..., Any])


class _Path(click.Path):
    """A path that is not empty: ``--data "$UNSET"`` would silently be the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Convert as click does; an empty text is an error."""
        if value == "":
            self.fail("the path is empty", param, ctx)
        return super().convert(value, param, ctx)


PATH = _Path(path_type=Path, readable=False)  # a file that may not be read is a finding of its own
SECONDS_MOST = 3600.0  # of a feature row


def _named_paths(context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> Any:
    """``PATH`` as a text, ``NAME=PATH`` several times as a table; ``None`` where none is given."""
    paths: dict[str, str] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        named = bool(equals) and not Path(text).exists()
        paths[name if named else ""] = path if named else text
    if not all(paths.values()):
        raise click.BadParameter("the path is empty", context, parameter)
    if len(paths) < len(texts) or (len(paths) > 1 and "" in paths):
        raise click.BadParameter("several need a name each, NAME=PATH, and no name twice", context, parameter)
    return paths.get("", paths) or None


OPTIONS: dict[str, Callable[[Any], Any]] = {
    "data": click.option("--data", type=PATH, metavar="DIR", help="Data root. Without one: the embedded demo corpus."),
    "split": click.option(
        "--split",
        metavar="NAME",
        shell_complete=completion.splits,
        help="Split, by any name its edition knows (dev, testA, ...).",
    ),
    "baseline": click.option(
        "-m",
        "--baseline",
        metavar="NAME",
        shell_complete=completion.baselines,
        help="Baseline (see: cmivqa baselines).",
    ),
    "run": click.option(
        "--run",
        type=PATH,
        metavar="DIR",
        shell_complete=completion.run_folders,
        help="Run directory, or the folder that holds the runs.",
    ),
    "out": click.option("--out", type=PATH, metavar="FILE", help="File to write."),
    "truth": click.option("--truth", type=PATH, metavar="FILE", help="Answer file to score against."),
    "track": click.option("--track", type=click.Choice(["1", "2", "3"]), metavar="N", help="Track: 1, 2 or 3."),
    "edition": click.option(
        "--edition",
        metavar="NAME",
        shell_complete=completion.editions,
        help="Edition of the challenge, or an edition file (.toml).",
    ),
    "seed": click.option("--seed", type=int, metavar="N", help="Seed of everything random."),
    "device": click.option("--device", metavar="NAME", help="Device for neural baselines: auto, cpu, cuda, cuda:1."),
    "format": click.option(
        "--format", "form", type=click.Choice(["text", "json"]), default="text", metavar="NAME", help="text or json."
    ),
    "preset": click.option(
        "--preset",
        metavar="NAME",
        shell_complete=completion.presets,
        help="Named table of the baseline's config.toml.",
    ),
    "set": click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="SECTION.KEY=VALUE",
        shell_complete=completion.settings,
        help="Change one setting of the baseline.",
    ),
    "features": click.option(
        "--features",
        multiple=True,
        callback=_named_paths,
        metavar="[NAME=]PATH",
        help="Features to use instead of those beside the questions; several by name stand beside each other.",
    ),
    "seconds-per-row": click.option(
        "--seconds-per-row",
        type=click.FloatRange(0, SECONDS_MOST),
        metavar="N",
        help="Seconds of a row of the feature files; 0: as measured. Default: 1.",
    ),
    "encoding": click.option(
        "--encoding", metavar="NAME", help="Encoding of files that are not UTF-8 (gb18030, big5, shift_jis, cp1252)."
    ),
    "trust-remote-code": click.option(
        "--trust-remote-code",
        is_flag=True,
        help="Run the Python code that an encoder brings (auto_map). Read it first: it can do all that you can.",
    ),
    "force": click.option("--force", is_flag=True, help="Replace existing files."),
}
_FLAG_OF = {"data": "data.root", "edition": "data.edition", "baseline": "model.baseline", "preset": "model.preset",
            "run": "run.directory", "seed": "run.seed", "device": "run.device", "out": "output.submission",
            "seconds_per_row": "data.seconds_per_row", "features": "data.features"}  # fmt: skip
CLOCK = "seconds_per_row"
FEATURES = "features"
REPEATED = ("data", "edition")  # flags that the next command needs again, because no workspace remembers them


def options(*names: str) -> Callable[[Command], Command]:
    """Add the named options, in that order in the help."""

    def add(command: Command) -> Command:
        for name in reversed(names):
            command = OPTIONS[name](command)
        return command

    return add


class Session:
    """The effective settings of one call, the console, and the data root opened at first use."""

    def __init__(self, form: str = "text", **flags: Any) -> None:
        given = {name: str(value) if isinstance(value, Path) else value for name, value in flags.items()}
        self.flags = {name: value for name, value in given.items() if value is not None}
        stated = {_FLAG_OF[name]: value for name, value in self.flags.items() if name in _FLAG_OF}
        self.workspace: Workspace = open_workspace(stated)
        self.json = form == "json"
        self.console = render.console()
        self.read_file: ReadOnce | None = None  # of submissions held against a ground, which is read once

    @cached_property
    def files(self) -> Catalogue:
        """The data root, catalogued; says so when it is the embedded corpus."""
        from cmivqa_kit.data.catalogue import catalogue

        if self.workspace.is_demo:
            why = "no workspace here" if self.workspace.file is None else "none named in the workspace"
            self.say(f"No data given and {why}: using the {EMBEDDED}.", "yellow")
        from cmivqa_kit.files import read_json

        workspace, read_file = self.workspace, self.read_file or read_json
        return catalogue(
            workspace.data_root(), workspace.edition, workspace.seconds_per_row, read_file, workspace.features
        )

    def say_what_lacks(self, declaration: Declaration) -> None:
        """Say which packages a baseline would make use of and goes without here."""
        from cmivqa_kit.plugin.packages import install_command
        from cmivqa_kit.plugin.registry import missing_packages

        if missing := missing_packages(declaration, optional=True):
            self.say(
                f"{declaration.name} goes without {', '.join(missing)} here ({install_command(missing)}).", "yellow"
            )

    @property
    def edition(self) -> Edition:
        """The edition stated by flag or workspace, else the default one."""
        from cmivqa_kit.editions import DEFAULT_EDITION, load_edition

        return load_edition(self.workspace.edition or DEFAULT_EDITION)

    def ground(self, **options: Any) -> OpenGround:
        """What the submissions of this call are held against; ``options`` are further fields of `Ground`."""
        from cmivqa_kit.data.read_once import ReadOnce
        from cmivqa_kit.entries.ground import Ground, OpenGround

        ground = Ground(
            data=None if self.workspace.is_demo else self.workspace.data_root(),
            truth=self.flags.get("truth"),
            split=self.flags.get("split"),
            track=track_number(self.flags.get("track")),
            edition=self.workspace.edition,
            runs=self.workspace.path("run.directory"),
            **options,
        )
        self.read_file = ReadOnce()
        return OpenGround(ground, lambda: self.files, self.read_file)

    def preset(self, declaration: Declaration) -> str:
        """The preset that is in force for a baseline, empty for none; says so where it was not the user who named it.

        One in ``cmivqa.toml`` belongs to the baseline named there. On the embedded corpus a baseline's own demo preset
        is used, so that the bare command trains in a minute and fetches nothing.
        """
        from cmivqa_kit.plugin.settings import presets

        stated, baseline = self.workspace.settings["model.preset"], self.workspace.settings["model.baseline"]
        own = not baseline.origin.startswith("flag") and declaration.name == baseline.value
        if stated.value and (stated.origin.startswith("flag") or own):
            return str(stated.value)
        if stated.value in presets(declaration):
            return str(stated.value)
        if self.workspace.is_demo and declaration.demo_preset:
            name, demo = declaration.name, declaration.demo_preset
            self.say(f"On the {EMBEDDED} {name} uses its preset {demo} (--preset NAME for another).")
            return demo
        return ""

    def say(self, text: str, style: str = "") -> None:
        """Print a line for people: standard output in text form, standard error beside JSON."""
        if self.json:
            click.echo(render.safe(text), err=True)
        else:
            render.line(self.console, text, style)

    def table(self, title: str, columns: list[str], rows: Any, repeated: int = 1) -> None:
        """Print a table on standard output, as `cmivqa_kit.cli.render.table` lays it out."""
        render.table(self.console, title, columns, rows, repeated)

    def next(self, command: str, keep: Sequence[str] = REPEATED) -> None:
        """Print the next command, as `again` words it; nothing beside JSON."""
        if self.json:
            return
        verb, *arguments = shlex.split(command)[1:]
        if "-" in arguments:
            self.say("Standard input cannot be read again: save it as a file to go on with it.")
            render.next_step(self.console, f"cmivqa {verb} --help")
        else:
            render.next_step(self.console, self.again(command, keep))

    def again(self, command: str, keep: Sequence[str] = REPEATED) -> str:
        """A command with the flags of this call that no workspace remembers; ``keep`` names those that it takes too."""
        repeated = [
            f"--{name.replace('_', '-')} {shlex.quote(text)}"
            for name in keep
            if name in self.flags
            for text in _shown(self.flags[name])
        ]
        return " ".join([command, *repeated])


def _shown(value: Any) -> list[str]:
    """The value of a flag as it is typed, once for each time: ``2``, not ``2.0``."""
    if isinstance(value, dict):
        return [f"{name}={path}" for name, path in value.items()]
    return [f"{value:g}" if isinstance(value, float) else str(value)]


def files_of(session: Session, paths: Iterable[Path]) -> list[Path]:
    """The files that are meant; says of each other file in a folder why it is not taken.

    Raises:
        UserError: a folder without a submission, or standard input named twice.
    """
    from cmivqa_kit.entries.files import left_out_lines, listing

    listed = listing(paths)
    for line in left_out_lines(listed.left_out):
        session.say(line, "yellow")
    return list(listed.files)


def words(*parts: object) -> str:
    """Words of a command as they must be typed: a path with blanks in quotes."""
    return shlex.join(map(str, parts))


def without_gpus(arguments: Iterable[str]) -> list[str]:
    """The words of a command line without ``--gpus N`` and ``--gpus=N``: for the processes that it starts."""
    remaining: list[str] = []
    given = iter(arguments)
    for word in given:
        if word == "--gpus":
            next(given, None)
        elif not word.startswith("--gpus="):
            remaining.append(word)
    return remaining


def permission_for(run: RunDirectory) -> tuple[str, ...]:
    """The flag that ``predict`` needs for a run whose encoder brings code; nothing for any other run."""
    return ("--trust-remote-code",) if run.foreign_code else ()


def track_number(text: str | None) -> Track | None:
    """The track of a ``--track`` option."""
    return next((track for track in TRACKS if str(track) == text), None)


@contextmanager
def error_of_each(total: int, codes: list[int]) -> Iterator[None]:
    """Print the error about one of several files and note its code, so that the others are judged all the same.

    The error about an only file is raised.
    """
    try:
        yield
    except UserError as error:
        if total == 1:
            raise
        click.echo(f"Error: {render.safe(error, newlines=True)}", err=True)
        codes.append(error.code)


def finish(code: int) -> None:
    """Leave with an exit code after everything was printed."""
    if code:
        sys.stdout.flush()
        click.get_current_context().exit(code)
