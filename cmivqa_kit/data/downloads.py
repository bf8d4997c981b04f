"""Reading downloads: every file below the paths given to `cmivqa init --from`, with archives unpacked."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from cmivqa_kit.data.archive import MAX_MEMBERS, is_archive, unpack
from cmivqa_kit.data.catalogue import refuse_folder
from cmivqa_kit.data.recognise import MEDIA, Recognised, recognise
from cmivqa_kit.data.root_edition import MANIFEST
from cmivqa_kit.data.types import Note
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import decode_as, is_utf8, read_bytes, read_json, write_text
from cmivqa_kit.foreign_content import foreign_content, stand_in

NESTED = 4  # archives within archives; a zip can hold itself
CAPTIONS = (".srt", ".vtt")
RECORD = ".record.json"  # beside the predictions of a run (`cmivqa_kit.runs.provenance`)
# Zips by content that are documents, programs or weights.
NO_ARCHIVES = frozenset(
    {".docx", ".xlsx", ".pptx", ".odt", ".epub", ".jar", ".apk", ".whl", ".npz", ".pt", ".pth", ".bin", ".ckpt"}
)


@dataclass(frozen=True, slots=True)
class Folder:
    """Files of one kind in one folder: the folder, what they are called below what was given, their video ids."""

    path: Path
    hint: str
    files: tuple[Path, ...]


@dataclass
class Heap:
    """Everything found below the given paths, before it is sorted."""

    json: list[Recognised] = field(default_factory=list)
    features: dict[Path, Folder] = field(default_factory=dict)
    captions: dict[Path, Folder] = field(default_factory=dict)
    ignored: list[Note] = field(default_factory=list)
    media: Counter[str] = field(default_factory=Counter)
    apart: tuple[Path, ...] = ()  # files and folders, resolved, that are read as something else
    digests: dict[str, str] = field(default_factory=dict)  # of predictions that records below the paths name: run
    unpacked: int = 0  # files that came out of the archive at hand and those within it
    numbers: Iterator[int] = field(default_factory=count)  # of folders in the staging folder
    encoding: str | None = None  # of files that are not UTF-8

    def of_kind(self, kind: str) -> list[Recognised]:
        """The JSON files of one kind."""
        return [found for found in self.json if found.kind == kind]


def collect(
    path: Path, staging: Path, heap: Heap, skip: Path, tell: Callable[[str], None], flagged: bool = False
) -> None:
    """Sort everything below ``path`` but ``skip`` into the heap; archives are unpacked below ``staging`` first.

    Args:
        path: what was given.
        staging: an empty folder for what comes out of archives.
        heap: where everything is put.
        skip: a folder that is not entered (the data root).
        tell: called with a line before each archive is unpacked, which may take minutes.
        flagged: the user said that answers are in it.

    Raises:
        UserError: a damaged or hostile archive.
    """
    hint, outer = ("", path.resolve().name) if path.is_dir() else (path.name, "")
    _collect(list(_files(path, heap, skip)), path, hint, outer, staging, heap, tell, flagged, 0)


def _collect(
    below_path: list[Path],
    path: Path,
    hint: str,
    outer: str,
    staging: Path,
    heap: Heap,
    tell: Callable[[str], None],
    flagged: bool,
    depth: int,
) -> None:
    features: dict[Path, list[Path]] = defaultdict(list)
    captions: dict[Path, list[Path]] = defaultdict(list)
    for file in below_path:
        if any(file.resolve().is_relative_to(apart) for apart in heap.apart):
            continue
        suffix = file.suffix.lower()
        below = "" if file == path else file.relative_to(path).as_posix()
        inner = "/".join(part for part in (hint, below) if part)
        if suffix in MEDIA:
            heap.media[suffix] += 1
        elif suffix == ".npy":
            features[file.parent].append(file)
        elif suffix in CAPTIONS:
            captions[file.parent].append(file)
        elif (content := stand_in(file)) is not None and not is_archive(file):
            heap.ignored.append(Note(inner, f"{content.noun}. {content.fix}"))
        elif suffix not in NO_ARCHIVES and suffix != ".json" and is_archive(file):
            if depth == NESTED:
                raise UserError(f"{inner}: more than {NESTED} archives in each other", "Unpack it and name the folder.")
            target = staging / f"archive-{next(heap.numbers)}"
            target.parent.mkdir(parents=True, exist_ok=True)
            tell(f"Unpacking {inner} ({file.stat().st_size / 2**20:.0f} MiB)")
            heap.unpacked = heap.unpacked if depth else 0
            if heap.unpacked >= MAX_MEMBERS:
                raise UserError(
                    f"{inner}: more than the limit of {MAX_MEMBERS:,} members in archives within one archive",
                    "Unpack it and name the folder.",
                )
            unpacked = unpack(
                file,
                target,
                wanted=lambda name: Path(name).suffix.lower() not in MEDIA,
                most_members=MAX_MEMBERS - heap.unpacked,
            )
            heap.unpacked += len(unpacked.files)
            heap.ignored += unpacked.notes
            _collect(list(_files(target, heap)), target, inner, outer, staging, heap, tell, flagged, depth + 1)
        elif suffix == ".json" or _begins_like_json(file):
            if file.name == MANIFEST:
                continue
            if file.name.endswith(RECORD):
                heap.digests.update(_digest(file))
                continue
            found = recognise(_in_utf8(file, staging, heap), inner, outer, flagged)
            if found.kind in ("questions", "subtitles", "dev corpus"):
                heap.json.append(found)
            else:
                heap.ignored.append(Note(inner, found.why))
        else:
            content = foreign_content(file)
            noun = "" if content is None else f" ({content.noun})"
            heap.ignored.append(Note(inner, f"not a kind of file that is used{noun}"))
    for where, groups in ((heap.features, features), (heap.captions, captions)):
        for folder, files in groups.items():
            below = "" if folder == path or path.is_file() else folder.relative_to(path).as_posix()
            name = "/".join(part for part in (outer, hint, below) if part)
            before = where[folder].files if folder in where else ()
            where[folder] = Folder(folder, name, tuple(dict.fromkeys((*before, *files))))


def _digest(path: Path) -> dict[str, str]:
    """The digest of the predictions that a record of a run is about, with the run; empty for any other file."""
    try:
        record = read_json(path)
    except UserError:
        return {}
    known = isinstance(record, dict) and isinstance(record.get("sha256"), str)
    return {record["sha256"]: str(record.get("run"))} if known else {}


def _in_utf8(file: Path, staging: Path, heap: Heap) -> Path:
    """The file, or a copy of it in UTF-8 in ``staging`` where it is in the encoding that the user names.

    Raises:
        UserError: it is not UTF-8 and not in that encoding.
    """
    if heap.encoding is None:
        return file
    data = read_bytes(file)
    if is_utf8(data):
        return file
    folder = staging / f"utf-8-{next(heap.numbers)}"
    write_text(folder / file.name, decode_as(data, file, heap.encoding))
    return folder / file.name


def _begins_like_json(path: Path) -> bool:
    """True for a file that begins like JSON: browsers save ``subtitle.json`` as ``subtitle`` too, or with ``.txt``."""
    try:
        with path.open("rb") as stream:
            return stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"[", b"{")
    except OSError:
        return False


def _files(path: Path, heap: Heap, skip: Path | None = None) -> Iterator[Path]:
    """All plain files at or below ``path`` in sorted order; linked folders are entered once, ``skip`` never.

    A folder of answers that may not be read is left out with a note.
    """

    def refuse(error: OSError) -> None:
        folder = Path(error.filename)
        if not isinstance(error, PermissionError) or folder == path or folder.name.lower() != "answers":
            refuse_folder(error)
        heap.ignored.append(Note(f"{folder.relative_to(path).as_posix()}/", "cannot be read; answers are not needed"))

    if path.is_file():
        yield path
        return
    seen = {_identity(path)} | ({_identity(skip)} if skip is not None and skip.exists() else set())
    for folder, folders, names in os.walk(path, followlinks=True, onerror=refuse):
        kept = []
        for name in sorted(folders):
            if name[:1] == "." or name == "__MACOSX":
                continue
            identity = _identity(Path(folder) / name)
            if identity not in seen:
                seen.add(identity)
                kept.append(name)
        folders[:] = kept
        yield from (Path(folder) / n for n in sorted(names) if n[:1] != "." and (Path(folder) / n).is_file())


def _identity(folder: Path) -> tuple[int, int]:
    """What two paths of one folder share; unlike a resolved path it costs one call, however deep the folder lies.

    Raises:
        UserError: the folder may not be looked at.
    """
    try:
        status = folder.stat()
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror or error})", "Check its permissions.") from None
    return status.st_dev, status.st_ino
