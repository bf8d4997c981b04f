"""The members of a zip or (packed) tar, read with bounds: names repaired, damage and bombs said plainly.

Nothing here writes; `cmivqa_kit.data.archive` judges the members and copies them.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shlex
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from cmivqa_kit.errors import UserError
from cmivqa_kit.foreign_content import HEAD, ForeignContent, stand_in

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
MAX_RATIO = 1000  # unpacked bytes per packed byte; only asked of what is larger than RATIO_FROM
RATIO_FROM = 10 * 2**20
CHUNK = 2**20
MOST_DIRECTORY = 22 + 65_535  # bytes of the last record of a zip, with the longest comment
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
PACKERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
# What zipfile, tarfile and the decompressors raise on damaged bytes.
DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error, OSError, EOFError, ValueError,
    ArithmeticError, LookupError, RecursionError, MemoryError,
)  # fmt: skip
MAX_DEPTH = 32  # folders in each other; the organizers' archives have three
_ENTRY = 512  # bytes of a zip's directory for one member, generously
BOMB_FIX = "Nothing was unpacked. Get the archive again, or unpack it yourself and name the folder."


@dataclass(frozen=True, slots=True)
class Member:
    """One member: its name (repaired), declared and packed bytes, what it is if no plain file, how to open it."""

    name: str
    size: int
    packed: int | None
    folder: bool
    special: str
    open: Callable[[], IO[bytes]]


def depth_fault(name: str) -> str:
    """Why a member that lies this deep is refused; empty where it is fine.

    Every step into a folder costs the system one more look-up, so that a small archive could keep it busy for long.
    """
    depth = sum(1 for part in name.split("/") if part not in ("", "."))
    return f"{depth - 1} folders deep, more than the limit of {MAX_DEPTH}" if depth - 1 > MAX_DEPTH else ""


def is_archive(path: Path) -> bool:
    """True for a zip or (packed) tar, by its first bytes or by a name that promises one. Never raises."""
    try:
        return path.is_file() and (path.name.lower().endswith(SUFFIXES) or is_archive_by_content(path))
    except DAMAGE:
        return False


def is_archive_by_content(path: Path) -> bool:
    """True for a file that begins like a zip or a (packed) tar, whatever its name. Never raises."""
    try:
        with path.open("rb") as stream:
            if stream.read(4) in ZIP_MAGIC:
                return True
        with _unpacked_stream(path)[0] as stream:
            return stream.read(262)[257:] == b"ustar"
    except DAMAGE:
        return False


@contextmanager
def reading(archive: Path) -> Iterator[None]:
    """Turn what reading a damaged or odd archive raises into a plain `UserError`."""
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
def opened(archive: Path, most_members: int, data: bytes | None = None) -> Iterator[Iterator[Member]]:
    """The members of an archive, which stays open meanwhile; ``data`` are its bytes where they are at hand.

    Bytes at hand are a zip or an unpacked tar, and ``archive`` is only their name. A zip whose directory is for more
    than ``most_members`` is refused before it is read; how many there are is for the caller to count.
    """
    if data is not None:
        if data.startswith(ZIP_MAGIC):
            _refuse_large_directory(archive, io.BytesIO(data), most_members)
            with reading(archive):
                bundle = zipfile.ZipFile(io.BytesIO(data))
            with bundle:
                yield _zip_members(archive, bundle)
            return
        with closing(_Metered(archive, data)) as metered:
            yield _tar_members(archive, metered)
        return
    if not archive.is_file():
        what = "is a folder" if archive.is_dir() else "no such archive"
        raise UserError(f"{archive}: {what}", f"Name a zip or tar file; you are in {Path.cwd()}.")
    with reading(archive), archive.open("rb") as stream:
        head = stream.read(HEAD)
    content = stand_in(archive, head) or _last_part(archive)
    if content is not None:
        raise UserError(f"{archive}: is {content.noun}", content.fix)
    magic = head[:4]
    if magic in ZIP_MAGIC:
        with reading(archive), archive.open("rb") as stream:
            _refuse_large_directory(archive, stream, most_members)
        with reading(archive):
            bundle = zipfile.ZipFile(archive)
        with bundle:
            yield _zip_members(archive, bundle)
        return
    with reading(archive):
        metered = _Metered(archive)
    with closing(metered):
        yield _tar_members(archive, metered)


def too_many(most_members: int) -> str:
    """What is said of an archive with more members than are taken."""
    return f"more than the limit of {most_members:,} members"


def _refuse_large_directory(archive: Path, stream: IO[bytes], most_members: int) -> None:
    """Refuse a zip by the size of its directory, which `zipfile` reads whole before the first member can be counted.

    Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3.14 to 4.3.16.
    """
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(size - MOST_DIRECTORY - 76, 0))  # 76: the two records of a zip64 before the last one
    end = stream.read()
    at = end.rfind(b"PK\x05\x06")
    if not 0 <= at <= len(end) - 22:
        return  # `zipfile` says what is wrong
    directory = int.from_bytes(end[at + 12 : at + 16], "little")
    if at >= 76 and end[at - 20 : at - 16] == b"PK\x06\x07" and end[at - 76 : at - 72] == b"PK\x06\x06":
        directory = int.from_bytes(end[at - 36 : at - 28], "little")
    if directory > (most_members + 1) * _ENTRY and directory <= size:
        raise UserError(f"{archive}: a directory of {directory:,} bytes, {too_many(most_members)}", BOMB_FIX)


def _zip_members(archive: Path, bundle: zipfile.ZipFile) -> Iterator[Member]:
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
        yield Member(name, info.file_size, info.compress_size, folder, special, partial(bundle.open, info))


def _tar_members(archive: Path, metered: _Metered) -> Iterator[Member]:
    """The members in file order; the whole stream is read (or skipped) once, so that damage shows before writing."""
    with reading(archive):
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
            yield Member(name, info.size, None, info.isdir(), special, opener)
        # tarfile takes a damaged header for the end; the true end is a block of zeros, or of the file.
        metered.seek(tar.offset)
        if metered.read(tarfile.BLOCKSIZE).strip(b"\0"):
            raise tarfile.ReadError("a damaged member header")
        while metered.packed and metered.read(CHUNK):  # the checksum stands at the end
            pass


def _last_part(archive: Path) -> ForeignContent | None:
    """The end of a split zip, which alone is called .zip: its directory says how many disks went before it.

    Source: PKWARE, APPNOTE.TXT 6.3.10, section 4.3.16.
    """
    with suppress(OSError), archive.open("rb") as stream:
        stream.seek(max(archive.stat().st_size - MOST_DIRECTORY, 0))
        end = stream.read()
        at = end.rfind(b"PK\x05\x06")
        disk = int.from_bytes(end[at + 4 : at + 6], "little") if 0 <= at <= len(end) - 22 else 0
        if 0 < disk < 0xFFFF:
            name = archive.name
            return ForeignContent(
                "archive part",
                f"the last of {disk + 1} parts of a split zip archive",
                f"Put all parts beside it and join them: zip -s 0 {shlex.quote(name)} --out joined.zip",
                True,
            )
    return None


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

    def __init__(self, archive: Path, data: bytes | None = None) -> None:
        self.archive = archive
        self.stream: IO[bytes]
        if data is None:
            self.most = max(RATIO_FROM, MAX_RATIO * archive.stat().st_size)
            self.stream, self.packed = _unpacked_stream(archive)
        else:
            self.most = max(RATIO_FROM, MAX_RATIO * len(data))
            self.stream, self.packed = io.BytesIO(data), False

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
