"""The workspace: ``cmivqa.toml`` in the current folder or one above it; every setting knows where it came from."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.errors import Problem, UserError, closest, problems_error
from cmivqa_kit.files import decode, guess_encoding, read_bytes

FILE = "cmivqa.toml"
EMBEDDED = "embedded demo corpus"
DEFAULT = "default"  # origin of a setting that nobody stated
KINDS = {int: "whole number", float: "number", str: "text", dict: "text or table of texts"}
FLAGSHIP = "hybrid"  # the baseline where none is named; it has to work without the packages of neural ones
# In double quotes TOML takes what follows a backslash for an escape: "C:\\Users" is none, "D:\\new" holds a line end.
_WINDOWS = re.compile(r'=\s*"[^"\n]*\\')
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BACKSLASH = "Write a path with \\ in single quotes, or with / instead: root = 'C:\\data' or root = \"C:/data\"."


@dataclass(frozen=True, slots=True)
class Key:
    """A setting: its place in ``cmivqa.toml``, its flag, its built-in default and what it means.

    ``several``: it may be a table, paths by name.
    """

    name: str
    flag: str
    default: Any
    help: str
    is_path: bool = False
    several: bool = False


KEYS: dict[str, Key] = {
    key.name: key
    for key in (
        Key("data.root", "--data", None, "folder with the organizers' files; none: the embedded demo corpus", True),
        Key("data.edition", "--edition", "", "edition of the challenge; empty: worked out from the files"),
        Key("data.seconds_per_row", "--seconds-per-row", 1.0, "seconds of a row of the feature files; 0: as measured"),
        Key(
            "data.features",
            "--features",
            "",
            "file or folder of features, or several by name; empty: those beside the questions",
            True,
            True,
        ),
        Key("model.baseline", "--baseline", FLAGSHIP, "the baseline of train and predict"),
        Key("model.preset", "--preset", "", "named table of the baseline's config.toml"),
        Key("run.directory", "--run", "runs", "folder in which runs are made and looked for", True),
        Key("run.seed", "--seed", 0, "seed of everything random"),
        Key("run.device", "--device", "auto", "device for neural baselines: auto (a GPU if there is one), cpu, cuda:1"),
        Key("output.submission", "--out", "submission.json", "name of the submission file", True),
    )
}


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it came from (a flag, the file, or the built-in default)."""

    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class Workspace:
    """Effective settings. ``file`` is the ``cmivqa.toml`` they stand in, ``None`` outside a workspace."""

    file: Path | None
    settings: Mapping[str, Setting]

    def __getitem__(self, name: str) -> Any:
        return self.settings[name].value

    def path(self, name: str) -> Path:
        """A path setting."""
        return Path(self[name])

    @property
    def seconds_per_row(self) -> float | None:
        """Seconds of a feature row where somebody said it; 0: as measured."""
        setting = self.settings["data.seconds_per_row"]
        return None if setting.origin == DEFAULT else float(setting.value)

    @property
    def features(self) -> Mapping[str, Path]:
        """The features that are named, by name; one without has an empty name. None: those beside the questions."""
        value = self["data.features"]
        stores = value if isinstance(value, Mapping) else {"": value} if value else {}
        return {name: Path(path) for name, path in stores.items()}

    @property
    def is_demo(self) -> bool:
        """True when no data root was given anywhere: the embedded demo corpus is used."""
        return self["data.root"] is None

    @property
    def edition(self) -> str | None:
        """The edition's name where one was stated."""
        return self["data.edition"] or None

    def data_root(self) -> Path:
        """The data root; the embedded corpus is generated at its first use."""
        if self["data.root"] is not None:
            return Path(self["data.root"])
        from cmivqa_kit.data.demo import demo_corpus

        return demo_corpus()


def open_workspace(flags: Mapping[str, Any] | None = None, folder: Path | None = None) -> Workspace:
    """Settings from flags (``None`` means not given), the nearest ``cmivqa.toml``, and the built-in defaults.

    Raises:
        UserError: a damaged file, an unknown key (the nearest is offered) or a value of another type.
    """
    file = find_file((folder or Path.cwd()).absolute())
    stated = _read(file) if file is not None else {}
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    settings: dict[str, Setting] = {}
    for name, key in KEYS.items():
        if name in given:
            settings[name] = Setting(given[name], f"flag {key.flag}")
        elif file is not None and name in stated:
            value = stated[name]
            if isinstance(value, dict):
                value = {label: str(relative_path(file.parent / path)) for label, path in value.items()}
            elif key.is_path:
                value = str(relative_path(file.parent / value))
            settings[name] = Setting(value, str(relative_path(file)))
        else:
            settings[name] = Setting(key.default, DEFAULT)
    return Workspace(file, settings)


def find_file(folder: Path) -> Path | None:
    """The ``cmivqa.toml`` of ``folder`` or the nearest folder above it."""
    return next((up / FILE for up in (folder, *folder.parents) if (up / FILE).is_file()), None)


def render(values: Mapping[str, Any]) -> str:
    """The text of a ``cmivqa.toml`` that states ``values``; the other settings stand in it as comments."""
    lines = ["# cmivqa workspace. Flags override this file; `cmivqa config` shows what is in force and why."]
    section = ""
    for name, key in KEYS.items():
        table, _, short = name.partition(".")
        if table != section:
            lines += ["", f"[{table}]"]
            section = table
        stated = name in values
        value = values[name] if stated else key.default
        text = _toml(value if value is not None else "")
        lines.append(f"{'' if stated else '# '}{short} = {text}  # {key.help}")
    return "\n".join(lines) + "\n"


def _read(file: Path) -> dict[str, Any]:
    data = read_bytes(file)
    try:
        text = decode(data, file)
    except UserError as error:
        encoding = guess_encoding(data) or "another encoding"
        raise UserError(error.message, f"Save {file} again as UTF-8; it is in {encoding} now.") from None
    try:
        document = tomllib.loads(text.replace("\r\n", "\n"))
    except (ValueError, RecursionError) as error:  # no TOML; an integer of thousands of digits; nested too deeply
        raise UserError(
            f"{file}: not TOML ({error})", _BACKSLASH if _WINDOWS.search(text) else "Mend that line."
        ) from None
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for section, table in document.items():
        if not isinstance(table, dict):
            problems.append(Problem(section, f"stands outside a table: put it under one of {_sections()}"))
            continue
        for short, value in table.items():
            name = f"{section}.{short}"
            if name not in KEYS:
                problems.append(Problem(name, f"unknown setting.{closest(name, KEYS)}"))
            elif type(value) not in (kinds := _kinds(KEYS[name])) or not _plain_table(value):
                problems.append(Problem(name, f"{value!r} is not a {KINDS[kinds[0]]}"))
            elif kinds[0] is float and not 0 <= value < math.inf:
                problems.append(Problem(name, f"{value!r} is not 0 or more"))
            elif isinstance(value, str) and _CONTROL.search(value):
                problems.append(Problem(name, f"{value!r} holds a control character. {_BACKSLASH}"))
            elif value != "":  # an empty text is as good as none
                values[name] = value
    if problems:
        raise problems_error(file, problems, f"Settings: {', '.join(KEYS)}.")
    return values


def _kinds(key: Key) -> tuple[type, ...]:
    """The types that a value may have, the one it is called by first."""
    kind = type(key.default)
    if key.several:
        return (dict, str)
    return (float, int) if kind is float else (int,) if kind is int else (str,)


def _plain_table(value: Any) -> bool:
    """False for a table that does not hold a text under every name, at least one."""
    return not isinstance(value, dict) or (
        bool(value) and all(name and isinstance(path, str) and path for name, path in value.items())
    )


def _sections() -> str:
    return ", ".join(dict.fromkeys(f"[{name.partition('.')[0]}]" for name in KEYS))


def relative_path(path: Path) -> Path:
    """Relative to the current folder where it lies below it: shorter to read and to type."""
    try:
        return path.resolve().relative_to(Path.cwd())
    except ValueError:
        return path.resolve()


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(name)} = {_toml(text)}" for name, text in value.items()) + "}"
    if isinstance(value, int | float):
        return repr(value)
    # A TOML string is escaped as a JSON string is, and DEL besides.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
