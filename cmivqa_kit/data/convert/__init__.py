"""Converting other corpora to the CMIVQA layout (`cmivqa data convert NAME SRC DST`).

A converter is a function ``(source, destination, protocol) -> Converted`` registered under the corpus' name; adding one
is one new file here and its name in `MODULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from cmivqa_kit.errors import RunFailed, UserError, closest
from cmivqa_kit.temporary_files import sweep, temporary_folder

MODULES = ("tutorialvqa",)


@dataclass(frozen=True, slots=True)
class Converted:
    """What was written: number of videos, questions per split, and remarks for the user."""

    folder: Path
    videos: int
    questions: Mapping[str, int]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Converter:
    """``protocols`` are the ways to split the corpus, the default first."""

    name: str
    title: str
    licence: str
    protocols: tuple[str, ...]
    convert: Callable[[Path, Path, str], Converted]


_REGISTRY: dict[str, Converter] = {}


def register(converter: Converter) -> Converter:
    """Add a converter."""
    _REGISTRY[converter.name] = converter
    return converter


def converters() -> Mapping[str, Converter]:
    """All converters by name."""
    for module in MODULES:
        import_module(f"cmivqa_kit.data.convert.{module}")
    return dict(sorted(_REGISTRY.items()))


def converter(name: str) -> Converter:
    """The converter called ``name``.

    Raises:
        UserError: there is none of that name.
    """
    known = converters()
    if name not in known:
        raise UserError(f"no converter for {name!r}.{closest(name, known)}", f"There is one for: {', '.join(known)}.")
    return known[name]


def convert_into(corpus: Converter, source: Path, destination: Path, protocol: str | None = None) -> Converted:
    """Run a converter; ``destination`` appears whole or not at all.

    Raises:
        UserError: unknown protocol, damaged source, or a destination that is not empty.
        RunFailed: the destination cannot be written.
    """
    chosen = protocol or corpus.protocols[0]
    if chosen not in corpus.protocols:
        raise UserError(
            f"{corpus.name} has no protocol {chosen!r}.{closest(chosen, corpus.protocols)}",
            f"Give --protocol {' or --protocol '.join(corpus.protocols)}.",
        )
    if not source.is_dir():
        raise UserError(f"{source}: no such folder", f"Name the folder that holds the files of {corpus.title}.")
    sweep(destination.parent)
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise UserError(f"{destination}: exists and is not empty", "Name a new folder; nothing is overwritten.")
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        with temporary_folder(destination.parent, "convert") as staging:
            done = corpus.convert(source, staging / "corpus", chosen)
            (staging / "corpus").replace(destination)
    except OSError as error:
        raise RunFailed(
            f"{destination}: cannot be written ({error.strerror or error})", "Choose another place."
        ) from None
    return replace(done, folder=destination)
