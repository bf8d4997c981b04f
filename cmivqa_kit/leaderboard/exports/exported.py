"""What an export gives: the texts of its files, and what was left out; written together or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.joint_files import published_together
from cmivqa_kit.output_paths import is_taken, require_writable


@dataclass(frozen=True, slots=True)
class Exported:
    """The files of an export.

    Attributes:
        files: name -> text. What tells the answers is among ``answers``.
        answers: names of the files that tell the right videos or spans.
        questions: questions of the answers.
        answered: those that the submission answers once, with a list that is not empty.
        warnings: what was left out, a sentence each, with its code.
    """

    files: Mapping[str, str]
    answers: tuple[str, ...]
    questions: int
    answered: int
    warnings: tuple[str, ...] = ()


def json_text(path: str, document: Any) -> str:
    """A document as the text of a JSON file, unrounded.

    Raises:
        RunFailed: a number in it is NaN or infinite.
    """
    try:
        return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
    except ValueError:
        raise RunFailed(f"{path}: a number to be written is NaN or infinite", "Nothing was written.") from None


def check_folder(folder: Path, names: Iterable[str], force: bool, inputs: Iterable[Path] = ()) -> None:
    """Refuse, before any work is done, a folder in which one of the files must not be written.

    Raises:
        UserError: as of `require_writable`; there is a file instead of the folder.
    """
    if is_taken(folder) and not folder.is_dir():
        raise UserError(f"{folder}: is no folder", "Name a folder, or a new one.")
    read = tuple(inputs)
    for name in names:
        require_writable(folder / name, force, read, "Give another --out, or --force to replace it.")


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write the files of an export, texts as UTF-8 with LF line ends, all of them or none.

    Raises:
        UserError: something that is no regular file has one of the names.
        RunFailed: the disk is full or the folder cannot be written.
    """
    with published_together(folder) as reserve:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
            reserve(name).write_bytes(data)
