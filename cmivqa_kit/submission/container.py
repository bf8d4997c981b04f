"""A submission out of its packing: a zip, a tar or a gz with one submission in it; else what the file really is."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.data.display import cut
from cmivqa_kit.files import UnreadableFile
from cmivqa_kit.foreign_content import HEAD, ForeignContent, foreign_content
from cmivqa_kit.submission.findings import Finding
from cmivqa_kit.submission.scan import Limits

_START = 64  # bytes in which JSON begins
PACKED = ("zip", "gzip", "bzip2", "xz", "zstd", "7z", "rar", "tar")  # kinds of `foreign_content`
READ = ("zip", "gzip", "bzip2", "xz", "tar")  # those of them that are unpacked here
BY_HAND = "Unpack it and name the .json file in it."
EXPORT = "Write the answers as JSON: an array of objects; cmivqa sample writes a template."


class NotASubmission(UnreadableFile):
    """A file in which no submission can be read: an archive (E113, E102) or another kind of file (E114)."""

    def __init__(self, code: str, message: str, fix: str) -> None:
        super().__init__(message, fix)
        self.code_of_finding = code


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of a submission, and the finding about its packing where it was packed (W115)."""

    data: bytes
    findings: tuple[Finding, ...] = ()


def content_of(path: Path, data: bytes, limit: int = Limits().size, named: str = "", strict: bool = False) -> Content:
    """What ``data``, the bytes of ``path``, hold: themselves, or the one submission that is packed in them.

    ``limit`` is what they may unpack to, in bytes; of several .json files in an archive the one ``named`` so is taken.
    ``strict`` refuses an archive for what else is in it: names that lead out of a folder, links, archives.

    Raises:
        NotASubmission: an archive that is damaged, encrypted, too large or has not one submission in it; or another
            kind of file altogether: an Office file, a TREC run, a web page, a pointer.
    """
    start = data[:_START].removeprefix(codecs.BOM_UTF8).lstrip()
    if start[:1] in (b"[", b"{") and not start.startswith(b"{\\rtf"):
        return Content(data)  # nearly all files
    foreign = foreign_content(path, data[:HEAD]) if data else None
    if foreign is None:
        return Content(data)
    if foreign.kind not in READ:
        raise another_kind(f"{path}: ", foreign)
    from cmivqa_kit.submission.unpacking import unpacked  # a right file does without the modules of archives

    packed = unpacked(path, data, limit, named, strict)
    inside = foreign_content(Path(packed.name or path.stem), packed.data[:HEAD]) if packed.data else None
    if inside is not None and inside.kind in PACKED:
        raise NotASubmission("E113", f"{path}: {packed.noun} with {inside.noun} in it ({cut(packed.name)})", BY_HAND)
    if inside is not None:
        raise another_kind(f"{path}: {packed.noun} with a file in it that is ", inside)
    return Content(packed.data, (Finding("W115", f"{cut(packed.name) or 'the content'} lay in {packed.noun}"),))


def another_kind(before: str, foreign: ForeignContent) -> NotASubmission:
    """The error of a file of another kind; what to do about it is said for a submission."""
    if foreign.kind in PACKED:
        return NotASubmission("E113", before + foreign.noun, BY_HAND)
    fix = foreign.fix if foreign.stand_in or foreign.kind == "TREC run" else EXPORT
    return NotASubmission("E114", before + foreign.noun, fix)
