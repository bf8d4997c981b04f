"""Reading JSON with plain errors, writing files so that a killed run leaves no half file; where kept files lie."""

from __future__ import annotations

import codecs
import gc
import hashlib
import json
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from cmivqa_kit import text_encoding
from cmivqa_kit.errors import NotWritten, RunFailed, UserError
from cmivqa_kit.foreign_content import foreign_content
from cmivqa_kit.output_paths import regular_target
from cmivqa_kit.temporary_files import temporary_file

_STRUCTURE = re.compile(r'[]["{},:]')
KNOWN_ENCODINGS = "gb18030, big5, shift_jis, euc_jp, euc_kr, cp1252, utf-16, utf-8"
CUT_OFF = "The file ends too early: it was cut off. Copy or download it again."


def cache_root() -> Path:
    """``$CMIVQA_CACHE`` where set, else the platform's cache folder of the user, else a temporary one of the user.

    Without a home (no ``HOME``, a user id that the system does not know) or with one that cannot be written, a folder
    of the user in the system's temporary folder serves.

    Raises:
        UserError: there is no temporary folder either.
    """
    chosen = os.environ.get("CMIVQA_CACHE")
    try:
        if chosen:
            return Path(chosen).expanduser()
        from platformdirs import user_cache_dir

        usual = Path(user_cache_dir("cmivqa-kit", appauthor=False))
        if usual.is_absolute() and _writable(usual):  # a home that is not known stays "~"
            return usual
    except RuntimeError:  # no home to be told
        if chosen:
            raise UserError(f"CMIVQA_CACHE={chosen}: there is no such user", "Give the whole path.") from None
    try:
        temporary = Path(tempfile.gettempdir())
    except OSError as error:
        what = f"no folder for kept files: no home folder and no temporary one ({error.strerror or error})"
        raise UserError(what, "Set CMIVQA_CACHE to a folder that you can write to.") from None
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    return temporary / f"cmivqa-kit-{owner}"


def _writable(folder: Path) -> bool:
    """True for a folder that is there to be read, or that could be made below the nearest one above it."""
    nearest = next((up for up in (folder, *folder.parents) if up.exists()), folder)
    return nearest == folder or (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK))


@contextmanager
def no_collector() -> Iterator[None]:
    """Without Python's search for reference cycles, which takes half of the time of parsing and finds none in JSON."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()


class UnreadableFile(UserError):
    """A file that cannot be read as JSON. ``line`` and ``column`` are 1-based where a place is known."""

    def __init__(self, message: str, fix: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message, fix)
        self.line = line
        self.column = column


def read_bytes(path: Path, noun: str = "file") -> bytes:
    """The bytes of ``path``.

    Raises:
        UnreadableFile: missing, a directory, or not permitted.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UnreadableFile(f"{path}: no such {noun}", f"Check the path; you are in {Path.cwd()}.") from None
    except IsADirectoryError:
        raise UnreadableFile(f"{path}: is a directory, not a {noun}", "Name the file inside it.") from None
    except OSError as error:
        raise UnreadableFile(f"{path}: cannot be read ({error.strerror or error})", "Check its permissions.") from None


def decode(data: bytes, path: Path, encoding: str | None = None) -> str:
    """UTF-8 text of ``data``; a UTF-8 byte-order mark is dropped.

    ``encoding`` is that of a text which is not UTF-8, where the user says it.

    Raises:
        UnreadableFile: another encoding, with the candidates; damaged UTF-8, with its place; or a file cut off within
            a character.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if encoding is not None:
            return decode_as(data, path, encoding)
        before = data[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        what, fix = _no_utf8(data, path, error)
        raise UnreadableFile(f"{path}:{line}:{column}: {what}", fix, line, column) from None


def is_utf8(data: bytes) -> bool:
    """True for bytes that are UTF-8, with or without a mark."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def decode_as(data: bytes, path: Path, encoding: str) -> str:
    """The text of ``data`` in the encoding that the user names, without a byte-order mark.

    Raises:
        UnreadableFile: it is not in that encoding, with line and byte; or there is no such encoding.
    """
    try:
        codec = text_encoding.codec_of(encoding)
    except LookupError:
        raise UnreadableFile(f"no encoding is called {encoding!r}", f"Give one of {KNOWN_ENCODINGS}.") from None
    try:
        return data.decode(codec).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what = f"{path}:{line}: not in {encoding} (byte 0x{data[error.start]:02x} at offset {error.start})"
        likely = text_encoding.candidates(data)
        fix = f"It looks like {text_encoding.titles(likely)}." if likely else "Give another --encoding."
        raise UnreadableFile(what, fix, line) from None


def _no_utf8(data: bytes, path: Path, error: UnicodeDecodeError) -> tuple[str, str]:
    """What bytes that are not UTF-8 are, and what to do about it."""
    damage = text_encoding.damage(data)
    if (damage is not None and damage.at_end) or (error.reason == "unexpected end of data" and error.start):
        return "ends within a character", CUT_OFF
    byte = f"not UTF-8 (byte 0x{data[error.start]:02x})"
    if damage is not None:
        more = "" if damage.count == 1 else f", the first of {damage.count} places"
        return f"{byte}; damaged{more}, the rest is UTF-8", "Mend the text at that place, or get the file again."
    likely = text_encoding.candidates(data)
    looks = f"; it looks like {text_encoding.titles(likely)}" if likely else ""
    name = text_encoding.TITLES.get(likely[0], likely[0]) if likely else "ENCODING"
    name = likely[0] if likely and likely[0] in ("shift_jis", "euc_jp", "euc_kr", "cp1252") else name
    fix = f"Convert it: iconv -f {name.upper()} -t UTF-8 {shlex.quote(path.name)} > utf8.json"
    return byte + looks, fix


def guess_encoding(data: bytes) -> str | None:
    """The encoding of bytes that are not UTF-8 where it is certain: UTF-16, UTF-32, GB18030; else ``None``."""
    name = text_encoding.guess(data)
    return None if name is None else text_encoding.TITLES[name]


def parse_json(text: str, path: Path) -> Any:
    """The document in ``text``, read as Python's own reader does (NaN and Infinity accepted).

    Raises:
        UnreadableFile: not JSON, with line, column and a guess at the cause; too deep; a number too long.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line, column = error.lineno, error.colno
        what = f"{path}:{line}:{column}: not JSON ({error.msg})"
        raise UnreadableFile(what, guess_fault(text, error.pos), line, column) from None
    except RecursionError:
        raise UnreadableFile(f"{path}: nested too deeply to be read", "Write plain arrays of objects.") from None
    except ValueError:  # the one other thing that the reader refuses
        what = f"{path}: holds an integer of more than {sys.get_int_max_str_digits()} digits"
        raise UnreadableFile(what, "Write numbers with a few digits.") from None


def guess_fault(text: str, position: int) -> str:
    """What to do about JSON that stops being JSON at ``position`` (0-based), guessed from what stands there."""
    before, after = text[:position].rstrip(), text[position:].lstrip()
    if not text.strip():
        return "The file is empty: it was never written, or its writer was stopped."
    if "\0" in text[:64]:
        return "Save it as UTF-8: it looks like UTF-16 or UTF-32."
    # Python 3.13 points at a trailing comma, earlier versions at the bracket behind it.
    comma = before.endswith(",") or after.startswith(",")
    if comma and after.removeprefix(",").lstrip()[:1] in ("]", "}"):
        return "Remove the comma before the closing bracket (a trailing comma)."
    if after.startswith(("//", "/*", "#")):
        return "Remove the comment: JSON has none."
    if after.startswith("'"):
        return "Use double quotes: JSON has no single-quoted strings."
    if after.startswith("{") and before.endswith("}"):
        return "This looks like JSON Lines: put the objects into [ ... ] with commas between them."
    open_string = after.startswith('"') and '"' not in after[1:].replace('\\"', "")
    if open_string or (before and not _STRUCTURE.search(after)):
        return CUT_OFF
    return "Mend the file at that place; `python -m json.tool FILE` shows the same position."


def read_json(path: Path, noun: str = "file", encoding: str | None = None) -> Any:
    """The JSON document in ``path``; ``encoding`` as of `decode`.

    Raises:
        UnreadableFile: missing, not UTF-8, not JSON, with file, line and column; or something else altogether (a web
            page, a pointer, an archive).
    """
    data = read_bytes(path, noun)
    try:
        return parse_json(decode(data, path, encoding), path)
    except UnreadableFile as error:
        raise called_by_name(path, data, error) from None


def called_by_name(path: Path, data: bytes, error: UnreadableFile) -> UnreadableFile:
    """The error about a file that could not be read: what it really is where its first bytes say so."""
    content = foreign_content(path, data)
    return error if content is None else UnreadableFile(f"{path}: is {content.noun}", content.fix)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its name when the block ends well and vanishes otherwise.

    Where ``path`` is a link, the file that it leads to is written.

    Raises:
        UserError: what stands there is no regular file (`cmivqa_kit.output_paths`).
        NotWritten: the disk is full or the folder cannot be written.
    """
    target = regular_target(path)
    with ExitStack() as stack:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = stack.enter_context(temporary_file(target.parent, target.name))
        except OSError as error:
            what = f"{path}: cannot be written ({error.strerror or error})"
            raise NotWritten(what, "Choose another place.") from None
        try:
            yield temporary
            apply_usual_mode(temporary)
            temporary.replace(target)
        except OSError as error:
            raise NotWritten(
                f"{path}: could not be written ({error.strerror or error}); nothing was left behind",
                "Free some space or choose another place, then run the same command again.",
            ) from None


def apply_usual_mode(path: Path) -> None:
    """Give a file that only its owner may read (mode 600) the mode any new file would have."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 with LF line ends, whole or not at all.

    A lone surrogate, which UTF-8 cannot hold, is written as ``\\udXXX``: in JSON that reads as the same text again.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(text.encode("utf-8", "backslashreplace"))


def write_json(path: Path, document: Any, indent: int | None = 1) -> None:
    """Write ``document`` as UTF-8 JSON (``ensure_ascii=False``, unrounded floats), whole or not at all.

    Raises:
        RunFailed: a number in it is NaN or infinite, the disk is full, or the folder cannot be written.
    """
    try:
        text = json.dumps(document, ensure_ascii=False, indent=indent, allow_nan=False)
    except ValueError:
        raise RunFailed(f"{path}: a number to be written is NaN or infinite", "Nothing was written.") from None
    write_text(path, text + "\n")


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fingerprint(document: Any) -> str:
    """Twelve hex digits that stand for a JSON document, whatever the order of its object keys."""
    return hashlib.sha256(_plain(document)).hexdigest()[:12]


def fingerprint_lists(lists: Iterable[Iterable[Any]]) -> str:
    """`fingerprint` of a list of lists, taken item by item: the text of a whole corpus is never in memory."""
    digest = hashlib.sha256()
    for number, items in enumerate(lists):
        digest.update(b",[" if number else b"[[")
        for at, item in enumerate(items):
            digest.update((b"," if at else b"") + _plain(item))
        digest.update(b"]")
    digest.update(b"]")
    return digest.hexdigest()[:12]


def _plain(document: Any) -> bytes:
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")
