"""What a file really is when it is not what its name says: a web page, a pointer, a part of an archive, an Office file.

Downloads fail quietly: a sign-in page is saved under the data's name, a clone without Git LFS leaves pointers, one part
of a split archive lies alone. Every reader asks this module before it says "damaged", so that the user hears what
happened. Only the first bytes and the name are looked at.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

HEAD = 4096  # bytes that `read_head` reads; what tells a tar begins at 257
_LFS = b"version https://git-lfs.github.com/spec/"
_LFS_OLD = b"version https://hawser.github.com/spec/"
_ANNEX = re.compile(rb"(?:\.\./)*(?:\.git)?/?annex/objects/")
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|meta|title|script)\b", re.IGNORECASE)
_XML = re.compile(rb"<\?xml[^>]*\?>\s*<(?:error|html|!doctype html|soap)", re.IGNORECASE)
_NOT_FOUND = re.compile(
    rb"(?:entry not found|not found|404: not found|access denied|forbidden|invalid username or password"
    rb"|repository not found|access to model .{1,200} is restricted.*|too many requests)\.?\s*",
    re.IGNORECASE | re.DOTALL,
)
_PART = re.compile(
    r"(?P<whole>.+)\.(?:(?P<number>\d{3})|z(?P<zip>\d\d)|part0*(?P<rar>\d+)\.rar|part[-_]?(?P<cut>[a-z]{2}|\d+))",
    re.IGNORECASE,
)
_ARCHIVE = r"\.(?:zip|tar|tgz|gz|bz2|xz|7z|rar)$"
_TREC_LINE = re.compile(rb"^\S+[ \t]+Q0[ \t]+\S+[ \t]+\d+[ \t]+[-+.\deE]+(?:[ \t]+\S+)?[ \t]*\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ForeignContent:
    """What lies in a file instead of what was expected.

    ``kind`` is a short key (``web page``, ``git lfs pointer``, ``zip`` ...), ``noun`` completes "FILE is ...", ``fix``
    says what to do. ``stand_in`` is True where the bytes are no data at all, whatever was expected there.
    """

    kind: str
    noun: str
    fix: str
    stand_in: bool = False


def read_head(path: Path) -> bytes:
    """The first 4,096 bytes of a regular file; empty where it cannot be read or is none."""
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return b""
        with path.open("rb") as stream:
            return stream.read(HEAD)
    except OSError:
        return b""


def stand_in(path: Path, head: bytes | None = None) -> ForeignContent | None:
    """What stands in ``path`` in the place of data (a web page, a pointer, a part of an archive, zeros), or ``None``.

    Archives and other files that do hold something give ``None``: their reader knows better; see `foreign_content`.
    """
    content = foreign_content(path, head)
    return content if content is not None and content.stand_in else None


def stand_ins(path: Path) -> list[tuple[Path, ForeignContent]]:
    """The files of a folder (or the file) that are no data at all, in the order of their names; see `stand_in`."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return [(file, content) for file in files if (content := stand_in(file)) is not None]


def foreign_content(path: Path, head: bytes | None = None) -> ForeignContent | None:
    """What the first bytes and the name of ``path`` say that it is, or ``None`` for plain text and unknown bytes.

    ``head`` is its beginning where it is at hand already; see `read_head`. An empty file gives ``None``.
    """
    start = read_head(path) if head is None else head[:HEAD]
    if not start:
        return None
    part = _archive_part(path, start)
    if part is not None:
        return part
    for recognise in _TEXTS:
        content = recognise(path, start)
        if content is not None:
            return content
    return next((content for magic, content in _MAGIC.items() if start.startswith(magic)), None) or _tar(start)


def _archive_part(path: Path, start: bytes) -> ForeignContent | None:
    match = _PART.fullmatch(path.name)
    spanned = start.startswith(b"PK\x07\x08PK\x03\x04")
    if match is None:
        return (
            ForeignContent("archive part", "the first part of a split zip archive", _JOIN_ZIP, True)
            if spanned
            else None
        )
    whole = match["whole"]
    if match["zip"]:
        fix = f"Put all parts beside {whole}.zip and join them: zip -s 0 {_quoted(whole + '.zip')} --out joined.zip"
        return ForeignContent("archive part", f"part {int(match['zip'])} of a split zip archive", fix, True)
    if match["rar"]:
        return ForeignContent(
            "archive part",
            f"part {int(match['rar'])} of a split rar archive",
            f"Put all parts into one folder and unpack the first: unrar x {_quoted(path.name)}",
            True,
        )
    name = match["number"] or match["cut"] or ""
    number = f"part {int(name)}" if name.isdecimal() else f"part {name}"
    stem = str(path)[: len(str(path)) - len(name)]
    fix = f"Put all parts into one folder and join them: cat {_quoted(stem)}* > {_quoted(whole)}"
    noun = "archive" if re.search(_ARCHIVE, whole, re.IGNORECASE) or start.startswith(b"PK") else "file"
    return ForeignContent("archive part", f"{number} of a split {noun}", fix, True)


def _quoted(name: str) -> str:
    return shlex.quote(name)


def _web_page(path: Path, start: bytes) -> ForeignContent | None:
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    comment = re.sub(rb"\A(?:<!--.*?-->\s*)+", b"", text, flags=re.DOTALL)
    if _HTML.match(comment) or _XML.match(text) or (text.startswith(b"<?xml") and _HTML.search(text[:400])):
        return ForeignContent(
            "web page",
            "a web page, not the file itself",
            "The download gave a page (sign-in, warning, error): open the link in a browser, save the file behind it.",
            True,
        )
    return None


def _pointer(path: Path, start: bytes) -> ForeignContent | None:
    if start.startswith((_LFS, _LFS_OLD)):
        fix = (
            "Fetch the file itself: `git lfs pull` in the clone it is from, or download it from the repository's page."
        )
        return ForeignContent("git lfs pointer", "a Git LFS pointer, not the file itself", fix, True)
    if _ANNEX.match(start):
        return ForeignContent(
            "git-annex pointer",
            "a git-annex pointer, not the file itself",
            f"Fetch the file itself: git annex get {_quoted(path.name)}",
            True,
        )
    return None


def _refusal(path: Path, start: bytes) -> ForeignContent | None:
    if len(start) < 1000 and _NOT_FOUND.fullmatch(start.strip()):
        reply = " ".join(start.decode("utf-8", "replace").split())[:60]
        return ForeignContent(
            "server's reply",
            f"the reply of a server ({reply!r}), not the file itself",
            "Check the link and sign in where it asks, then download again.",
            True,
        )
    return None


def _zeros(path: Path, start: bytes) -> ForeignContent | None:
    if len(start) >= 16 and not any(start):
        return ForeignContent(
            "zeros",
            "nothing but zero bytes at its beginning: a download that was set up and never filled",
            "Download it again.",
            True,
        )
    return None


def _trec_run(path: Path, start: bytes) -> ForeignContent | None:
    lines = [line for line in start.split(b"\n") if line.strip()]
    whole = lines[:-1] if len(start) >= HEAD else lines
    if whole and all(_TREC_LINE.match(line) for line in whole):
        fix = "A submission is a JSON array of {id, question, output}; cmivqa_kit.write makes it from ranked lists."
        return ForeignContent("TREC run", "a TREC run (question Q0 video rank score name)", fix)
    return None


def _tar(start: bytes) -> ForeignContent | None:
    return _archive("tar", "a tar archive") if start[257:262] == b"ustar" else None


def _archive(kind: str, noun: str) -> ForeignContent:
    return ForeignContent(kind, noun, "Unpack it and name the file inside.")


_JOIN_ZIP = "Put all its parts into one folder and join them: zip -s 0 FIRST.zip --out joined.zip"
_TEXTS: tuple[Callable[[Path, bytes], ForeignContent | None], ...] = (_web_page, _pointer, _refusal, _zeros, _trec_run)
_MAGIC: Mapping[bytes, ForeignContent] = {
    b"PK\x03\x04": _archive("zip", "a zip archive"),
    b"PK\x05\x06": _archive("zip", "an empty zip archive"),
    b"\x1f\x8b": _archive("gzip", "a gzip file"),
    b"BZh": _archive("bzip2", "a bzip2 file"),
    b"\xfd7zXZ\0": _archive("xz", "an xz file"),
    b"\x28\xb5\x2f\xfd": _archive("zstd", "a Zstandard file"),
    b"7z\xbc\xaf\x27\x1c": _archive("7z", "a 7z archive"),
    b"Rar!\x1a\x07": _archive("rar", "a rar archive"),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ForeignContent(
        "office", "an Office file (Word, Excel)", "Export what is asked for as plain text in UTF-8."
    ),
    b"{\\rtf": ForeignContent("rtf", "a rich-text (RTF) file", "Save it as plain text in UTF-8."),
    b"%PDF": ForeignContent("pdf", "a PDF file", "Export what is asked for as plain text in UTF-8."),
    b"\x00\x05\x16\x07": ForeignContent(
        "apple double",
        "macOS's own companion of a file (._NAME), not the file",
        "Name the file without the leading ._ .",
        True,
    ),
    b"\x89HDF": ForeignContent("hdf5", "an HDF5 file", "Name a file of the format that is asked for."),
    b"\x93NUMPY": ForeignContent("npy", "a NumPy array", "Name a file of the format that is asked for."),
    b"\x89PNG": ForeignContent("image", "a PNG image", "Name a file of the format that is asked for."),
    b"\xff\xd8\xff": ForeignContent("image", "a JPEG image", "Name a file of the format that is asked for."),
    b"SQLite format 3\0": ForeignContent(
        "sqlite", "an SQLite database", "Name a file of the format that is asked for."
    ),
}
