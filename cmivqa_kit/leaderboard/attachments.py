"""Attachments as they came, each with its team: named files, or a folder with one folder per team."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.entries.files import LeftOut
from cmivqa_kit.errors import UserError
from cmivqa_kit.foreign_content import HEAD, foreign_content
from cmivqa_kit.leaderboard.filed import names_in
from cmivqa_kit.submission.container import PACKED

_START = 64  # bytes in which JSON begins


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a team sent."""

    path: Path
    team: str


@dataclass(frozen=True, slots=True)
class Mail:
    """The attachments in order, and the files of the folders that are none."""

    attachments: tuple[Attachment, ...]
    left_out: tuple[LeftOut, ...] = ()


def mail_of(paths: Iterable[Path], team: str | None) -> Mail:
    """The attachments that are meant.

    A folder holds one folder per team, called as the team; one without folders in it is a team's own.

    Raises:
        UserError: a file without a ``team``, a folder with one, or nothing in a folder; with all of them.
    """
    attachments: list[Attachment] = []
    left_out: list[LeftOut] = []
    faults: list[str] = []
    for path in paths:
        if path.is_dir():
            if team is not None:
                faults.append(f"{path}: is a folder, whose folders name the teams, so --team cannot name one")
                continue
            before = len(attachments)
            _of_folder(path, attachments, left_out, faults)
            if len(attachments) == before:
                faults.append(f"{path}: no attachment in this folder")
        elif not path.exists():
            faults.append(f"{path}: no such file")
        elif not path.is_file():
            faults.append(f"{path}: is no plain file")
        elif team is None:
            faults.append(f"{path}: whose is it? --team names the team of a file")
        else:
            attachments.append(Attachment(path, team))
    if faults:
        raise UserError("\n".join(faults), "Give files with --team NAME, or a folder with one folder per team.")
    return Mail(tuple(attachments), tuple(left_out))


def _of_folder(folder: Path, attachments: list[Attachment], left_out: list[LeftOut], faults: list[str]) -> None:
    try:
        inside = [folder / name for name in names_in(folder)]
        teams = [path for path in inside if path.is_dir() and not _passed_over(path.name)]
        if not teams:
            _of_team(inside, folder.resolve().name, attachments, left_out)
            return
        for path in inside:
            if path in teams and not path.is_symlink():
                _of_team([path / name for name in names_in(path)], path.name, attachments, left_out)
            elif (reason := _reason(path)) and path not in teams:
                left_out.append(LeftOut(path, reason))
            else:
                faults.append(f"{path}: lies beside the teams' folders, so whose is it?")
    except OSError as error:
        faults.append(f"{error.filename or folder}: cannot be listed ({error.strerror or error})")


def _of_team(paths: list[Path], team: str, attachments: list[Attachment], left_out: list[LeftOut]) -> None:
    for path in paths:
        if reason := _reason(path):
            left_out.append(LeftOut(path, reason))
        else:
            attachments.append(Attachment(path, team))


def _passed_over(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _reason(path: Path) -> str:
    """Why a file of a folder is no attachment to judge; empty where it is one."""
    if _passed_over(path.name):
        return "hidden, or macOS's own"
    if path.is_dir():
        return "a folder within a team's folder"
    if path.is_symlink() or not path.is_file():
        return "no plain file"
    if path.name.lower().endswith(".json") or not os.access(path, os.R_OK):
        return ""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    content = foreign_content(path, head)
    if content is not None:
        return "" if content.kind in PACKED else content.noun
    return "" if head[:_START].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"[", b"{")) else "no answers, by its content"
