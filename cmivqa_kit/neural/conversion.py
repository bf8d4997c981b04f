"""`cmivqa convert-checkpoint`: an official checkpoint as it was downloaded becomes a run that `predict` accepts.

The system's own converter reads the weights; here the download is found and unpacked, and the run appears whole or not
at all. A converted run always has the published recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from cmivqa_kit.data.archive import unpack
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import read_json, sha256
from cmivqa_kit.neural.weight_files import is_archive_of_files
from cmivqa_kit.plugin.packages import install_command
from cmivqa_kit.plugin.registry import missing_packages
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import CheckpointReport, CheckpointRequest, Declaration
from cmivqa_kit.runs.directory import RunDirectory, make_run, open_run
from cmivqa_kit.temporary_files import sweep, temporary_folder

Converter = Callable[[CheckpointRequest, RunDirectory], CheckpointReport]


@dataclass(frozen=True, slots=True)
class Conversion:
    """The run that was made, and what the converter says of the checkpoint."""

    run: RunDirectory
    report: CheckpointReport


def convert_checkpoint(
    declaration: Declaration,
    source: Path,
    out: Path,
    config: Path | None = None,
    encoder: str | None = None,
    tokenizer: Path | None = None,
) -> Conversion:
    """Convert ``source`` (a file of weights, a model folder, or an archive around either) into the run ``out``.

    Args:
        declaration: the system.
        source: the download.
        out: folder of the run; must not exist or be empty.
        config: JSON file with the network's sizes, where the checkpoint does not hold them.
        encoder: Hugging Face name or folder of the encoder the checkpoint was trained with.
        tokenizer: folder or file of the tokenizer, where the checkpoint does not hold it.

    Raises:
        UserError: the system has no official checkpoints, nothing usable in the source, or ``out`` is not empty.
    """
    if not declaration.convert:
        raise UserError(f"{declaration.name} has no official checkpoints to convert", "Train it: cmivqa train")
    missing = missing_packages(declaration)
    if missing:
        raise UserError(f"converting needs {', '.join(missing)}, not installed here", install_command(missing))
    if not source.exists():
        raise UserError(
            f"{source}: no such file or folder", "Name the download: a file of weights, a folder or an archive."
        )
    if tokenizer is not None and not tokenizer.exists():
        raise UserError(f"{tokenizer}: no such tokenizer", "Give --tokenizer DIR.")
    sweep(out.parent)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out}: exists and is not empty", "Name a new folder; nothing is overwritten.")
    sizes = _sizes(config) if config is not None else None
    out.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(out.parent, "convert") as staging:
        files = _files(source, staging / "unpacked")
        run = make_run(
            staging / "run",
            declaration.name,
            settings(declaration, recipe="published"),
            0,
            "published",
            source={"file": source.name, "sha256": sha256(source) if source.is_file() else None},
        )
        with _below(source, staging / "unpacked"):
            report = _converter(declaration)(CheckpointRequest(files, sizes, encoder, tokenizer), run)
        run.finish(variant=report.variant, sizes=dict(report.sizes), remarks=list(report.remarks))
        run.path.replace(out)
    return Conversion(open_run(out), report)


def _sizes(path: Path) -> dict[str, Any]:
    document = read_json(path, "configuration")
    if not isinstance(document, dict):
        raise UserError(f"{path}: not an object of sizes", "Give a JSON object, e.g. the config of the system's case.")
    return document


def _files(source: Path, unpacked: Path) -> tuple[Path, ...]:
    if source.is_file() and is_archive_of_files(source):
        return unpack(source, unpacked).files
    if source.is_file():
        return (source,)
    return tuple(sorted(path for path in source.rglob("*") if path.is_file()))


@contextmanager
def _below(source: Path, unpacked: Path) -> Iterator[None]:
    """Errors about a file out of an archive name it below the archive: where it lies for now is gone afterwards."""
    try:
        yield
    except UserError as error:
        message = error.message.replace(str(unpacked), str(source))
        if message == error.message:
            raise
        raise UserError(message, error.fix.replace(str(unpacked), str(source)), error.code) from error


def _converter(declaration: Declaration) -> Converter:
    module, _, name = declaration.convert.partition(":")
    try:
        converter: Converter = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UserError(
            f"{declaration.name}: {declaration.convert} cannot be loaded ({error})", "Reinstall its package."
        ) from error
    return converter
