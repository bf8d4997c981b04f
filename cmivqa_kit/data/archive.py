"""Unpacking a downloaded zip or tar without trusting it.

Every member is judged before the first byte is written; then the wanted ones are copied, counted, into a folder beside
the destination, which takes its name at the end. Members that could land outside that folder, links, devices and
archives that grow beyond all measure are refused. See CWE-22 (path traversal) and CWE-409 (decompression bombs).
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import shutil
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from cmivqa_kit.data.types import Note
from cmivqa_kit.errors import Problem, RunFailed, UserError, problems_error

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
MAX_MEMBERS = 200_000
MAX_RATIO = 1000  # unpacked bytes per packed byte; only asked of what is larger than RATIO_FROM
RATIO_FROM = 10 * 2**20
CHUNK = 2**20
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
PACKERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
# What zipfile, tarfile and the decompressors raise on damaged bytes.
DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error, OSError, EOFError, ValueError,
    ArithmeticError, LookupError, RecursionError, MemoryError,
)  # fmt: skip
REFUSED_FIX = "Nothing was unpacked. Get the archive from the organisers' page again; do not unpack this one by hand."
BOMB_FIX = "Nothing was unpacked. Get the archive again, or unpack it yourself and name the folder."


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The files written (under the destination, sorted), and what was left out."""

    files: tuple[Path, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class _Member:
    """One member: its name (repaired), declared and packed bytes, what it is if no plain file, how to open it."""

    name: str
    size: int
    packed: int | None
    folder: bool
    special: str
    open: Callable[[], IO[bytes]]


def everything(name: str) -> bool:
    """The default of ``wanted``: takes every member."""
    return True


def is_archive(path: Path) -> bool:
    """True for a zip or (packed) tar, by its first bytes or by a name that promises one. Never raises."""
    try:
        if not path.is_file():
            return False
        if path.name.lower().endswith(SUFFIXES):
            return True
        with path.open("rb") as stream:
            if stream.read(4) in ZIP_MAGIC:
                return True
        with _unpacked_stream(path)[0] as stream:
            return stream.read(262)[257:] == b"ustar"
    except DAMAGE:
        return False


def unpack(
    archive: Path,
    destination: Path,
    limit_bytes: int = 50 * 2**30,
    wanted: Callable[[str], bool] = everything,
) -> Unpacked:
    """Unpack the members of a zip, tar, tar.gz, tar.bz2 or tar.xz that ``wanted`` takes into a new folder.

    ``wanted`` is asked with the cleaned member name (``folder/file.json``); macOS's own files are never unpacked. The
    destination appears only when all is written.

    Raises:
        UserError: no such archive, not one, damaged, encrypted; the destination exists; more than ``limit_bytes`` or
            200,000 members or a ratio no honest file has; or, all in one error, members with names that leave the
            folder or cannot be files, links and devices. Nothing is written then.
        RunFailed: the disk is full or not writable.
    """
    if destination.exists() or destination.is_symlink():
        raise UserError(f"{destination}: already exists", "Name a folder that does not exist yet, or remove it first.")
    notes: list[Note] = []
    with _opened(archive) as members:
        plan = _plan(archive, members, limit_bytes, wanted, notes)
        files = _write(archive, plan, destination, limit_bytes)
    return Unpacked(files, tuple(notes))


def _plan(
    archive: Path, members: Iterator[_Member], limit: int, wanted: Callable[[str], bool], notes: list[Note]
) -> dict[str, _Member]:
    """Target name -> member for all that is to be written, every member having been judged."""
    plan: dict[str, _Member] = {}
    folders: set[str] = set()
    problems: list[Problem] = []
    left_out: list[str] = []
    total = 0
    for count, member in enumerate(members, 1):
        if count > MAX_MEMBERS:
            raise UserError(f"{archive}: more than {MAX_MEMBERS:,} members", BOMB_FIX)
        fault = _fault(member.name) or member.special
        name = "/".join(part for part in member.name.split("/") if part not in ("", "."))
        if not fault and not member.folder:
            if name in plan:
                fault = "stands twice in the archive"
            elif _is_clutter(name) or not wanted(name):
                left_out.append(name)
                continue
            elif member.packed is not None and member.size > max(RATIO_FROM, MAX_RATIO * member.packed):
                fault = f"unpacks {member.packed:,} bytes to {member.size:,}: a decompression bomb"
        if fault:
            problems.append(Problem(repr(member.name[:100]), fault))
        elif not member.folder:
            plan[name] = member
            folders.update(_parents(name))
            total += member.size
            if total > limit:
                raise UserError(f"{archive}: unpacks to more than the limit of {limit:,} bytes", BOMB_FIX)
    problems += [Problem(repr(name), "is both a file and a folder") for name in plan if name in folders]
    if problems:
        raise problems_error(archive, problems, REFUSED_FIX)
    if left_out:
        noun = "file" if len(left_out) == 1 else "files"
        notes.append(Note(archive.name, f"{len(left_out)} {noun} not unpacked, not needed here, e.g. {left_out[0]}"))
    return plan


def _fault(name: str) -> str:
    """Why a member of this name is refused; empty where it is fine."""
    if not name or any(ord(c) < 32 or 127 <= ord(c) < 160 for c in name):
        return "empty name, or control characters in it"
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "absolute path"
    if "\\" in name:
        return "backslash in the name"
    parts = name.split("/")
    if ".." in parts:
        return "path that leaves the folder (..)"
    try:
        if any(len(part.encode()) > 255 for part in parts) or len(name) > 2000:
            return "name too long"
    except UnicodeEncodeError:
        return "name neither in UTF-8 nor in GB18030"
    return ""


def _is_clutter(name: str) -> bool:
    parts = name.split("/")
    return "__MACOSX" in parts or parts[-1] == ".DS_Store" or parts[-1].startswith("._")


def _parents(name: str) -> list[str]:
    return [name[:i] for i, c in enumerate(name) if c == "/"]


def _write(archive: Path, plan: dict[str, _Member], destination: Path, limit: int) -> tuple[Path, ...]:
    """Copy the planned members into a temporary folder that takes the destination's name at the end."""
    temporary: Path | None = None
    left = limit
    made = [folder for folder in destination.parents if not folder.exists()]
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        prefix = f".{destination.name[:40]}."
        temporary = Path(tempfile.mkdtemp(prefix=prefix, suffix=".tmp", dir=destination.parent))
        for name, member in plan.items():
            target = temporary / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as sink, _reading(archive), member.open() as source:
                counted = _Counted(sink, left)
                shutil.copyfileobj(source, counted, CHUNK)
            left = counted.left
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o777 & ~mask)  # mkdtemp made it private
        temporary.rename(destination)
    except _TooMuch:
        raise UserError(f"{archive}: unpacks to more than the limit of {limit:,} bytes", BOMB_FIX) from None
    except (_WriteFailed, OSError) as error:
        raise RunFailed(
            f"{destination}: could not be written ({error}); nothing was left behind",
            "Free some space or choose another place, then run the same command again.",
        ) from None
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        for folder in made:
            with suppress(OSError):  # not empty when all went well
                folder.rmdir()
    return tuple(sorted(destination / name for name in plan))


class _TooMuch(Exception):
    """More bytes came out than allowed."""


class _WriteFailed(Exception):
    """The disk, not the archive, is at fault."""


class _Counted:
    """A sink that takes ``left`` bytes and keeps its own errors apart from the source's."""

    def __init__(self, sink: IO[bytes], left: int) -> None:
        self.sink = sink
        self.left = left

    def write(self, data: bytes) -> int:
        self.left -= len(data)
        if self.left < 0:
            raise _TooMuch
        try:
            return self.sink.write(data)
        except OSError as error:
            raise _WriteFailed(error.strerror or str(error)) from None


@contextmanager
def _reading(archive: Path) -> Iterator[None]:
    """Says plainly what reading a damaged or odd archive raises."""
    try:
        yield
    except NotImplementedError as error:
        raise UserError(f"{archive}: {error}", "Unpack it with 7-Zip or unzip and name the folder.") from None
    except DAMAGE as error:
        raise UserError(
            f"{archive}: damaged or cut off ({type(error).__name__}: {str(error)[:200]})",
            "Nothing was unpacked. Download or copy it again, and compare its size with the one on the page.",
        ) from None


@contextmanager
def _opened(archive: Path) -> Iterator[Iterator[_Member]]:
    """The members of an archive, which stays open meanwhile."""
    if not archive.is_file():
        what = "is a folder" if archive.is_dir() else "no such archive"
        raise UserError(f"{archive}: {what}", f"Name a zip or tar file; you are in {Path.cwd()}.")
    with _reading(archive), archive.open("rb") as stream:
        magic = stream.read(4)
    if magic in ZIP_MAGIC:
        with _reading(archive):
            bundle = zipfile.ZipFile(archive)
        with bundle:
            yield _zip_members(archive, bundle)
        return
    with _reading(archive):
        metered = _Metered(archive)
    with closing(metered):
        yield _tar_members(archive, metered)


def _zip_members(archive: Path, bundle: zipfile.ZipFile) -> Iterator[_Member]:
    for info in bundle.infolist():
        if info.flag_bits & 1:
            raise UserError(
                f"{archive}: encrypted ({info.filename})",
                "Unpack it yourself with the password (7z x, or unzip -P) and name the folder.",
            )
        name = info.orig_filename  # `filename` is cut at a NUL
        if not info.flag_bits & 0x800:  # not marked as UTF-8, so read as cp437; Chinese Windows writes GBK
            name = _repaired(name.encode("cp437"), name)
        kind = stat.S_IFMT(info.external_attr >> 16)
        special = {0: "", stat.S_IFREG: "", stat.S_IFDIR: "", stat.S_IFLNK: "a link"}.get(kind, "a device or pipe")
        folder = name.endswith("/") or kind == stat.S_IFDIR
        yield _Member(name, info.file_size, info.compress_size, folder, special, partial(bundle.open, info))


def _tar_members(archive: Path, metered: _Metered) -> Iterator[_Member]:
    """The members in file order; the whole stream is read (or skipped) once, so that damage shows before writing."""
    with _reading(archive):
        try:
            tar = tarfile.open(fileobj=cast(Any, metered), mode="r:", errors="surrogateescape")  # noqa: SIM115
        except tarfile.ReadError as error:
            if metered.packed or is_archive(archive):
                raise
            raise UserError(f"{archive}: not a zip or tar ({error})", "Name a .zip, .tar, .tar.gz or .tgz.") from None
        offset = -1
        while (info := tar.next()) is not None:
            if info.offset <= offset or info.size < 0:  # a loop: some versions of tarfile never leave it
                raise tarfile.ReadError("members out of order")
            offset = info.offset
            special = "" if info.isdir() or (info.isreg() and not info.issparse()) else _tar_kind(info)
            name = _repaired(info.name.encode("utf-8", "surrogateescape"), info.name)
            opener = cast("Callable[[], IO[bytes]]", partial(tar.extractfile, info))
            yield _Member(name, info.size, None, info.isdir(), special, opener)
        # tarfile takes a damaged header for the end; the true end is a block of zeros, or of the file.
        metered.seek(tar.offset)
        if metered.read(tarfile.BLOCKSIZE).strip(b"\0"):
            raise tarfile.ReadError("a damaged member header")
        while metered.packed and metered.read(CHUNK):  # the checksum stands at the end
            pass


def _tar_kind(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "a link"
    return "a sparse file" if info.issparse() else "a device, pipe or other special member"


def _repaired(raw: bytes, otherwise: str) -> str:
    """A member's name from its bytes: UTF-8, else GB18030, else as it was."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return otherwise


def _unpacked_stream(path: Path) -> tuple[IO[bytes], bool]:
    """The bytes of a tar, decompressed if need be (then true)."""
    with path.open("rb") as stream:
        head = stream.read(6)
    for magic, opener in PACKERS.items():
        if head.startswith(magic):
            return cast(IO[bytes], opener(path)), True
    return path.open("rb"), False


class _Metered:
    """A tar's bytes for `tarfile`, with bounds on what one header and the whole archive may grow to."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive
        self.most = max(RATIO_FROM, MAX_RATIO * archive.stat().st_size)
        self.stream, self.packed = _unpacked_stream(archive)

    def tell(self) -> int:
        return self.stream.tell()

    def seek(self, position: int) -> int:
        self._check(position)
        return self.stream.seek(position)

    def read(self, size: int) -> bytes:
        if not 0 <= size <= 4 * CHUNK:  # tarfile reads long names whole, whatever size they claim
            raise tarfile.ReadError("a member header of absurd size")
        data = self.stream.read(size)
        self._check(self.stream.tell())
        return data

    def close(self) -> None:
        self.stream.close()

    def _check(self, position: int) -> None:
        if position > self.most:
            raise UserError(
                f"{self.archive}: unpacks to more than {MAX_RATIO} times its size: a decompression bomb", BOMB_FIX
            )
