"""Bytes to UTF-8: byte-order marks, UTF-16, UTF-32, GBK."""

from __future__ import annotations

import codecs
from pathlib import Path

from cmivqa_kit.files import decode_as
from cmivqa_kit.submission.fix.model import GONE, Context, Log, Shown, repair
from cmivqa_kit.text_encoding import candidates, damage, guess, titles, wide


@repair("bytes", "E103", says="UTF-16, UTF-32 and GBK become UTF-8")
def to_utf8(data: bytes, context: Context, log: Log) -> bytes:
    """UTF-8 bytes of ``data``, or ``data`` as it is where no encoding fits without doubt."""
    name = wide(data)
    if name is None:
        if _is(data, "utf-8"):
            return data
        name = guess(data)
        if name is None:
            log.refuse("E103", _untold(data))
            return data
    try:
        text = data.decode(name)
    except UnicodeDecodeError:
        log.refuse("E103", f"begins like {name.upper()} but does not go on so: save the file as UTF-8")
        return data
    log.change("E103", "written as UTF-8", "", Shown(name.upper()), Shown("UTF-8"))
    return text.lstrip("\ufeff").encode()


@repair("bytes", "E104", says="a byte-order mark is removed")
def without_mark(data: bytes, context: Context, log: Log) -> bytes:
    """``data`` without byte-order marks of UTF-8 in front."""
    start = 0
    while data.startswith(codecs.BOM_UTF8, start):
        start += len(codecs.BOM_UTF8)
    if start:
        log.change("E104", "byte-order mark removed", "", Shown("EF BB BF"), GONE)
    return data[start:]


def as_stated(data: bytes, encoding: str, log: Log) -> bytes:
    """UTF-8 bytes of ``data``, which is in the encoding that the user names unless it is UTF-8.

    Raises:
        UnreadableFile: it is not in that encoding, or there is none of this name.
    """
    if _is(data, "utf-8"):
        return data
    text = decode_as(data, Path("submission"), encoding)
    log.change("E103", "written as UTF-8", "", Shown(encoding), Shown("UTF-8"))
    return text.encode()


def _is(data: bytes, name: str) -> bool:
    try:
        data.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _untold(data: bytes) -> str:
    """Why bytes that are not UTF-8 are not converted: no text is made that nobody wrote."""
    broken = damage(data)
    if broken is not None:
        return f"line {broken.line}: {broken}; mend the text there, or get the file again"
    likely = candidates(data)
    looks = f"it looks like {titles(likely)}, which only you can say" if likely else "the encoding cannot be told"
    return f"{looks}: give --encoding NAME, or save the file as UTF-8"
