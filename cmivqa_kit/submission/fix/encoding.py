"""Bytes to UTF-8: byte-order marks, UTF-16, UTF-32, GBK."""

from __future__ import annotations

import codecs

from cmivqa_kit.files import guess_encoding
from cmivqa_kit.submission.fix.model import GONE, Context, Log, Shown, repair

_MARKS = (  # UTF-32 before UTF-16, whose mark is the first half of its own
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LOST = "\ufffd"


@repair("bytes", "E103", says="UTF-16, UTF-32 and GBK become UTF-8")
def to_utf8(data: bytes, context: Context, log: Log) -> bytes:
    """UTF-8 bytes of ``data``, or ``data`` as it is where no encoding fits without doubt."""
    name = wide(data)
    if name is None:
        if _is(data, "utf-8"):
            return data
        if guess_encoding(data) != "GB18030" or _mostly_utf8(data):
            log.refuse("E103", "the encoding cannot be told: save the file as UTF-8")
            return data
        name = "gb18030"
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


def wide(data: bytes) -> str | None:
    """UTF-16 or UTF-32 by the mark or, since JSON begins in ASCII, by where the first zero bytes are (RFC 4627)."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    zeros = tuple(byte == 0 for byte in data[:4])
    if zeros in ((True, True, True, False), (False, True, True, True)):
        return "utf-32-be" if zeros[0] else "utf-32-le"
    if zeros[:2] == (True, False):
        return "utf-16-be"
    return "utf-16-le" if zeros[:2] == (False, True) else None


def _is(data: bytes, name: str) -> bool:
    try:
        data.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _mostly_utf8(data: bytes) -> bool:
    """True for UTF-8 with a few bytes broken: read as GBK, every text in it would become another."""
    text = data.decode("utf-8", "replace")
    lost = text.count(_LOST)
    return sum(not character.isascii() for character in text) - lost > lost
