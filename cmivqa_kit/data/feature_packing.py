"""`cmivqa data pack`: one feature store as another, with the same ids, numbers and types, or all reasons why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cmivqa_kit.data.feature_clock import Shape, common_width, transposed
from cmivqa_kit.data.feature_faults import content_fault, transposed_fault, width_fault
from cmivqa_kit.data.stores.registry import DEFAULT, file_suffixes, format_named, format_of_suffix
from cmivqa_kit.data.stores.store import AddRows, Header, StoredFeatures
from cmivqa_kit.errors import Problem, RunFailed, UserError, problems_error
from cmivqa_kit.files import atomic_path
from cmivqa_kit.output_paths import is_taken, require_writable
from cmivqa_kit.temporary_files import temporary_folder

MEND = "Mend or remove these, then run the same command again; nothing was written."
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class PackedFeatures:
    """What was written: its format, how many ids and rows, how wide, and the length of a row where it is known.

    ``clock_lost`` is True where the format has no place for that length.
    """

    format: str
    ids: int
    rows: int
    width: int
    seconds_per_row: float | None
    clock_lost: bool


def format_for(destination: Path, stated: str | None) -> type[StoredFeatures]:
    """The format to write: as stated, else by the ending of the destination, else ``.npy`` files.

    Raises:
        UserError: there is none of that name, or the ending is that of another.
    """
    by_suffix = format_of_suffix(destination)
    if stated is None:
        if by_suffix is None and destination.suffix and not destination.is_dir():
            raise UserError(
                f"{destination}: no format has the ending {destination.suffix}",
                f"End it with one of {', '.join(file_suffixes())}, or give --format NAME.",
            )
        return format_named(by_suffix or DEFAULT)
    if by_suffix not in (None, stated) and format_named(stated):
        fix = f"Give --format {by_suffix}, or another name."
        raise UserError(f"{destination}: its ending is that of {by_suffix}, not of {stated}", fix)
    return format_named(stated)


def require_destination(destination: Path, kind: type[StoredFeatures], source: Path, force: bool) -> None:
    """Refuse, before anything is read, a destination that must not be written.

    Raises:
        UserError: it is the source or lies in it; it exists and is no empty folder, without ``force``; or it is a
            folder with more in it than a store of that format.
    """
    inside = destination.resolve().is_relative_to(source.resolve())
    if inside and is_taken(source):
        raise UserError(f"{destination}: is read by this command, or lies in what is read", "Name another place.")
    if kind.suffixes:
        require_writable(destination, force)
    elif is_taken(destination):
        plain = destination.is_dir() and not destination.is_symlink()
        if plain and (not any(destination.iterdir()) or (force and kind.fills(destination))):
            return
        replaceable = plain and kind.fills(destination)
        raise UserError(
            f"{destination}: exists already"
            + ("" if replaceable else f", and is no folder of {kind.name} features alone"),
            "Name a new folder, or give --force to replace this one." if replaceable else "Name a new folder.",
        )


def pack(
    source: StoredFeatures,
    destination: Path,
    kind: type[StoredFeatures],
    seconds_per_row: float | None = None,
    tell: Tell = lambda done, total: None,
) -> PackedFeatures:
    """Write the features of ``source`` in another format, whole or not at all.

    Args:
        source: of at least one id.
        destination: a file or folder as `require_destination` allows it.
        kind: the format.
        seconds_per_row: length of a row; by default as ``source`` says.
        tell: called with the ids that are done, and all.

    Raises:
        UserError: all in one error, what is wrong with which id: its name, shape, type or numbers.
        RunFailed: the destination cannot be written.
    """
    headers, problems = _headers(source, kind)
    seconds = source.seconds_per_row if seconds_per_row is None else seconds_per_row
    if problems:
        problems += [rows for name in headers if isinstance(rows := _checked(source, name), Problem)]
        raise problems_error(source.path, problems, MEND)
    with _writing(destination, kind, headers, seconds) as add:
        for number, name in enumerate(headers, 1):
            rows = _checked(source, name)
            if isinstance(rows, Problem):
                problems.append(rows)
            elif not problems:
                add(name, rows)
            tell(number, len(headers))
        if problems:
            raise problems_error(source.path, problems, MEND)
    width = next(iter(headers.values()))[0][1]
    return PackedFeatures(
        kind.name, len(headers), sum(shape[0] for shape, _ in headers.values()), width, seconds,
        seconds is not None and not kind.keeps_clock,
    )  # fmt: skip


def _headers(source: StoredFeatures, kind: type[StoredFeatures]) -> tuple[dict[str, Header], list[Problem]]:
    """Shape and type of every id that has rows, and what is wrong with ids, shapes and types."""
    if not source.ids:
        raise UserError(f"{source.path}: no features in it", "Name the file or folder that holds them.")
    headers: dict[str, Header] = {}
    problems: list[Problem] = []
    for name in source.ids:
        try:
            shape, dtype = source.header(name)
            source.shape(name)
        except UserError as error:
            problems.append(Problem(repr(name), error.message))
            continue
        headers[name] = shape, dtype
        if reason := kind.refusal(name, dtype):
            problems.append(Problem(repr(name), f"{kind.name}: {reason}"))
    shapes: dict[str, Shape] = {name: (shape[0], shape[1]) for name, (shape, _) in headers.items()}
    turned = transposed(shapes, {})
    upright = {name: shape for name, shape in shapes.items() if name not in turned}
    usual = common_width(upright)
    for name, shape in shapes.items():
        path = source.file(name)
        if name in turned:
            problems.append(Problem(repr(name), transposed_fault(name, path, shape).reason))
        elif shape[1] != usual:
            problems.append(Problem(repr(name), width_fault(name, path, shape[1], upright).reason))
    return headers, problems


def _checked(source: StoredFeatures, name: str) -> NDArray[Any] | Problem:
    """The rows of an id whose header is fine, or what is wrong with their numbers."""
    try:
        rows = source.read(name)
    except UserError as error:
        return Problem(repr(name), error.message)
    fault = content_fault(name, source.file(name), rows)
    return rows if fault is None else Problem(repr(name), fault.reason)


@contextmanager
def _writing(
    destination: Path, kind: type[StoredFeatures], headers: dict[str, Header], seconds: float | None
) -> Iterator[AddRows]:
    if kind.suffixes:
        with atomic_path(destination) as temporary, kind.writing(temporary, headers, seconds) as add:
            yield add
        return
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        with temporary_folder(destination.parent, "pack") as staging:
            home = staging / "features"
            home.mkdir()
            with kind.writing(home, headers, seconds) as add:
                yield add
            if destination.is_dir():
                destination.rename(staging / "replaced")
            home.rename(destination)
    except OSError as error:
        raise RunFailed(
            f"{destination}: cannot be written ({error.strerror or error})", "Free some space or choose another place."
        ) from None
