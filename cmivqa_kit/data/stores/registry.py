"""The formats of feature stores by name; every module of this package that registers one is read at first use."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import cmivqa_kit.data.stores as package
from cmivqa_kit.data.stores.store import StoredFeatures
from cmivqa_kit.errors import UserError, closest
from cmivqa_kit.foreign_content import foreign_content

_FORMATS: dict[str, type[StoredFeatures]] = {}
F = TypeVar("F", bound=type[StoredFeatures])
TORCH_SUFFIXES = (".pth", ".pt")
DEFAULT = "npy"  # a folder of one file per video, as the organizers hand features out


def store_format(kind: F) -> F:
    """Register a class as the format of its ``name``."""
    _FORMATS[kind.name] = kind
    return kind


@cache
def formats() -> Mapping[str, type[StoredFeatures]]:
    """All formats by name, in alphabetical order."""
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")
    return dict(sorted(_FORMATS.items()))


def format_named(name: str) -> type[StoredFeatures]:
    """The format called ``name``.

    Raises:
        UserError: there is none of that name.
    """
    if name not in formats():
        raise UserError(f"no feature format {name!r}.{closest(name, formats())}", f"There are: {', '.join(formats())}.")
    return formats()[name]


def format_of_suffix(path: Path) -> str | None:
    """The format that files of this ending have; ``None`` for another ending."""
    return next((name for name, kind in formats().items() if path.suffix.lower() in kind.suffixes), None)


def file_suffixes() -> tuple[str, ...]:
    """The endings of stores that are one file, the usual ones first."""
    return tuple(suffix for kind in formats().values() for suffix in kind.suffixes)


def open_store(path: Path) -> StoredFeatures:
    """The feature store at ``path``, a file or a folder; its format is told from its content.

    A folder in which no format is recognised is a folder of ``.npy`` files without any.

    Raises:
        UserError: there is nothing, no store, or several in one folder.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file or folder", f"Check the path; you are in {Path.cwd()}.")
    _refuse_torch_files(path)
    recognised = [kind for kind in formats().values() if kind.recognises(path)]
    if path.is_dir():
        if not recognised or formats()[DEFAULT] in recognised:  # what lies beside .npy files is not read
            return formats()[DEFAULT](path)
        if len(recognised) > 1:
            raise UserError(
                f"{path}: holds features in several formats ({', '.join(kind.name for kind in recognised)})",
                "Keep one of them in this folder, or name the files: --features NAME=FILE, once for each.",
            )
    if recognised:
        return recognised[0](path)
    content = foreign_content(path)
    if content is not None and content.kind == "npy":
        raise UserError(f"{path}: is a single NumPy array", "Name the folder with one VIDEO_ID.npy for every video.")
    if content is not None:
        raise UserError(f"{path}: is {content.noun}", content.fix)
    raise UserError(
        f"{path}: no feature store",
        f"Give a folder of .npy files or of a BigFile, or one of {', '.join(file_suffixes())}.",
    )


def _refuse_torch_files(path: Path) -> None:
    """Refuse a file of ``torch.save``, and a folder of them alone: loading one may run whatever is in it."""
    if path.is_dir() and any(kind.recognises(path) for kind in formats().values()):
        return
    files: list[Path] = []
    with suppress(OSError):  # a folder that may not be read is told of by its format
        files = sorted(f for f in (path.iterdir() if path.is_dir() else [path]) if f.suffix.lower() in TORCH_SUFFIXES)
    if files:
        first = files[0].name
        raise UserError(
            f"{path}: {first} is a file of torch.save, which is no feature store",
            "Save each as an array, in Python: "
            f"numpy.save({f'{files[0].stem}.npy'!r}, torch.load({first!r}, map_location='cpu', weights_only=True))",
        )
