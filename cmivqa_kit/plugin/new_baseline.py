"""A package of one's own that plugs in a baseline, written from the kit's template: `cmivqa baselines new`."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.files import write_text
from cmivqa_kit.output_paths import is_taken
from cmivqa_kit.plugin.registry import baseline_names
from cmivqa_kit.temporary_files import sweep, temporary_folder

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
# File of the template -> its place in the package.
PLACES = {
    "pyproject.toml.txt": "pyproject.toml",
    "README.md.txt": "README.md",
    "__init__.py.txt": "{name}/__init__.py",
    "baseline.py.txt": "{name}/baseline.py",
    "config.toml.txt": "{name}/config.toml",
    "published.toml.txt": "{name}/published.toml",
    "test_baseline.py.txt": "tests/test_{name}.py",
}


@dataclass(frozen=True, slots=True)
class NewPackage:
    """A package that was written: its folder, and its files below it."""

    folder: Path
    files: tuple[str, ...]


def new_baseline(name: str, folder: Path | None = None) -> NewPackage:
    """Write a package with a baseline that trains, predicts and passes its own test; whole or not at all.

    Args:
        name: of the baseline and of its Python package.
        folder: that is made for it; by default one called ``name`` in the current folder.

    Raises:
        UserError: no such name can be given, or it is taken; or something stands where the folder would.
        RunFailed: the folder cannot be written.
    """
    _require_free(name)
    target = folder if folder is not None else Path(name)
    if is_taken(target):
        raise UserError(f"{target}: exists; nothing is overwritten", "Give --out DIR for another folder.")
    template = files("cmivqa_kit.plugin") / "template"
    values = {
        "NAME": name,
        "DISTRIBUTION": name.replace("_", "-").strip("-"),
        "CLASS": "".join(part.capitalize() for part in name.split("_")),
    }
    places = {source: place.format(name=name) for source, place in PLACES.items()}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target.parent)
        with temporary_folder(target.parent, "baseline") as staging:
            for source, place in places.items():
                text = (template / source).read_text(encoding="utf-8")
                for key, value in values.items():
                    text = text.replace(f"@{key}@", value)
                (staging / "package" / place).parent.mkdir(parents=True, exist_ok=True)
                write_text(staging / "package" / place, text)
            (staging / "package").rename(target)
    except OSError as error:
        raise RunFailed(f"{target}: cannot be written ({error.strerror or error})", "Give another --out DIR.") from None
    return NewPackage(target, tuple(places.values()))


def _require_free(name: str) -> None:
    """Refuse what cannot be the name of a package, or is one already.

    Raises:
        UserError: it is no identifier in small letters, a baseline, or a module.
    """
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or name.endswith("_"):
        raise UserError(
            f"{name!r} cannot be the name of a baseline",
            "Give small letters, digits and underscores, a letter first, and no word of Python: our_system",
        )
    if name in baseline_names():
        raise UserError(f"a baseline called {name!r} is installed already", "Give another name.")
    spec = find_spec(name)
    if spec is not None and spec.origin is not None:  # a folder that happens to lie here is no package
        raise UserError(f"a Python package called {name!r} is there already", "Give another name.")
