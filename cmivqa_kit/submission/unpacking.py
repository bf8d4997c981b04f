"""The one submission in an archive, read in memory with bounds.

Nothing is written to the disk and no member's name is a path here, so names can do no harm. What an archive may hold
and grow to is bounded, as in `cmivqa_kit.data.archive`.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from cmivqa_kit.data.archive_members import (
    CHUNK,
    DAMAGE,
    MAX_RATIO,
    RATIO_FROM,
    SUFFIXES,
    ZIP_MAGIC,
    Member,
    depth_fault,
    opened,
    too_many,
)
from cmivqa_kit.data.display import count, cut
from cmivqa_kit.errors import UserError
from cmivqa_kit.submission.container import BY_HAND, EXPORT, NotASubmission
from cmivqa_kit.submission.scan import MIB

MEMBERS = 1_000  # of an archive with one submission in it; macOS adds one to each
_ARCHIVES = (*SUFFIXES, ".gz", ".bz2", ".xz", ".7z", ".rar", ".zst")
_NAMED = 5  # members named in a message
_UNPACKERS: dict[bytes, tuple[str, Callable[[Any], Any]]] = {
    b"\x1f\x8b": ("a gzip file", lambda stream: gzip.GzipFile(fileobj=stream)),
    b"BZh": ("a bzip2 file", bz2.BZ2File),
    b"\xfd7zXZ\0": ("an xz file", lzma.LZMAFile),
}
# First folders of the zips that Office programs call documents.
_OFFICE = {"xl": "an Excel workbook", "word": "a Word document", "ppt": "a PowerPoint presentation"}


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The bytes inside, what packed them (a noun), and the name of the member; empty where it has none."""

    data: bytes
    noun: str
    name: str = ""


def unpacked(path: Path, data: bytes, limit: int, named: str = "", strict: bool = False) -> Unpacked:
    """The one submission in ``data``, a zip, a tar, or a packed file or tar; ``limit`` is in bytes.

    Of several .json files the one that is ``named`` so is taken. ``strict``: what no honest archive holds is refused
    wherever it stands, though nothing here would follow it.

    Raises:
        NotASubmission: damaged, encrypted, more than the limits, not one submission in it, or an Office file.
    """
    for magic, (noun, unpack) in _UNPACKERS.items():
        if data.startswith(magic):
            with _whole(path, noun):
                inner = _bounded(path, noun, unpack(io.BytesIO(data)), len(data), limit)
            if not _is_tar(inner):
                return Unpacked(inner, noun)
            return _single(path, inner, f"{noun} of a tar archive", limit, named, strict)
    noun = "a zip archive" if data.startswith(ZIP_MAGIC) else "a tar archive"
    return _single(path, data, noun, limit, named, strict)


def _single(path: Path, data: bytes, noun: str, limit: int, named: str, strict: bool) -> Unpacked:
    """The one submission in an archive."""
    try:
        with _whole(path, noun), opened(path, MEMBERS, data) as members:
            listed = list(_some(path, noun, members, strict))
            member = _chosen(path, noun, listed, named)
            packed = member.size if member.packed is None else member.packed  # a tar's members are not packed
            inner = _bounded(path, noun, member.open(), packed, limit)
    except NotASubmission:
        raise
    except UserError as error:  # encrypted, damaged, a header of absurd size
        said = error.message.removeprefix(f"{path}: ")
        raise _refused(path, f"{noun}: {said}", BY_HAND) from None
    others = [m.name for m in listed if m is not member and _counts(m)]
    left_out = f" (not read: {_names(others)})" if others else ""
    return Unpacked(inner, f"{noun}{left_out}", PurePosixPath(member.name).name)


def _some(path: Path, noun: str, members: Iterator[Member], strict: bool) -> Iterator[Member]:
    for number, member in enumerate(members, 1):
        if number > MEMBERS:
            raise _refused(path, f"{noun} with {too_many(MEMBERS)}", BY_HAND)
        if fault := depth_fault(member.name):
            raise _refused(path, f"{noun} with a member {fault} ({cut(member.name, 40)})", BY_HAND)
        if strict and (fault := _hostile(member)):
            raise _refused(path, f"{noun} with {fault} in it ({cut(member.name, 40)})", "Pack the .json file alone.")
        yield member


def _hostile(member: Member) -> str:
    """What a member is that nobody packs who means well; empty where there is nothing to say."""
    if member.special:
        return member.special
    name = member.name.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or name[1:2] == ":" or "\0" in name:
        return "a name that leads out of its folder"
    return "another archive" if _counts(member) and name.lower().endswith(_ARCHIVES) else ""


def _chosen(path: Path, noun: str, members: list[Member], named: str) -> Member:
    """The only file of an archive, or the only .json file among others, or the one ``named`` so among several."""
    names = [member.name for member in members]
    if "[Content_Types].xml" in names:
        kinds = (_OFFICE.get(name.split("/")[0]) for name in names)
        raise NotASubmission("E114", f"{path}: {next(filter(None, kinds), 'an Office file')}", EXPORT)
    if names[:1] == ["mimetype"]:
        raise NotASubmission("E114", f"{path}: an OpenDocument file or an e-book", EXPORT)
    files = [member for member in members if _counts(member)]
    chosen = [member for member in files if member.name.lower().endswith(".json")] or files
    if len(chosen) > 1:
        chosen = [member for member in chosen if PurePosixPath(member.name).name == named] or chosen
    if not files:
        raise _refused(path, f"{noun} without a file in it", "Pack the submission again, or name its .json file.")
    if len(chosen) > 1:
        what = f"{count(len(chosen), 'submission')} in it" if chosen is not files else "several files, none named .json"
        fix = "Unpack it into a folder and name that, or pack each submission alone."
        raise _refused(path, f"{noun} with {what} ({_names([m.name for m in chosen])})", fix)
    if chosen[0].special:
        raise _refused(path, f"{noun} whose {cut(chosen[0].name)} is {chosen[0].special}, no file", BY_HAND)
    return chosen[0]


def _counts(member: Member) -> bool:
    """False for folders and for what macOS and file managers add."""
    parts = member.name.split("/")
    return not member.folder and "__MACOSX" not in parts and not parts[-1].startswith(".")


def _bounded(path: Path, noun: str, stream: IO[bytes], packed: int, limit: int) -> bytes:
    """All bytes of a stream that ``packed`` bytes unpack to, within the limits."""
    most = max(RATIO_FROM, MAX_RATIO * packed)
    pieces: list[bytes] = []
    total = 0
    with stream:
        while piece := stream.read(CHUNK):
            total += len(piece)
            if total > most:
                what = f"{noun} that unpacks to more than {MAX_RATIO:,} times its size: a decompression bomb"
                raise _refused(path, what, "Pack the submission again.")
            if total > limit:
                raise NotASubmission("E102", f"{path}: {noun} that unpacks to more than {limit / MIB:g} MiB", BY_HAND)
            pieces.append(piece)
    return b"".join(pieces)


@contextmanager
def _whole(path: Path, noun: str) -> Iterator[None]:
    """Turn what reading damaged bytes raises into `NotASubmission`."""
    try:
        yield
    except NotImplementedError as error:
        raise _refused(path, f"{noun} packed in a way that is not read here ({cut(str(error))})", BY_HAND) from None
    except DAMAGE as error:
        said = f" ({cut(str(error))})" if str(error) else ""
        fix = "Copy or download it again, or pack the submission anew."
        raise _refused(path, f"{noun} that is damaged or cut off{said}", fix) from None


def _is_tar(data: bytes) -> bool:
    return data[257:262] == b"ustar"


def _refused(path: Path, message: str, fix: str) -> NotASubmission:
    return NotASubmission("E113", f"{path}: {message}", fix)


def _names(names: list[str]) -> str:
    shown = ", ".join(cut(name, 40) for name in names[:_NAMED])
    return shown + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
