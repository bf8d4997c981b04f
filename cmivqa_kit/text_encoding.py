"""Which encoding a text is in: what merely decodes as GB18030 is not GB18030.

Nearly every sequence of bytes decodes as GB18030, so a text counts as such only where it reads as Chinese: most of its
letters are among the common characters and none is unassigned or of private use. The same measure, with the letters of
their languages, names the candidates otherwise. Of texts of
two subtitle lines and more, nearly all in GBK are read and none in Big5, Shift-JIS, EUC-KR or Latin-1.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cmivqa_kit.common_characters import COMMON_HAN

MARKS = (  # UTF-32 before UTF-16, whose mark is the first half of its own
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
ENOUGH = 0.5  # share of a text's letters that must be common in the language of an encoding
CLOSE = 0.2  # by so much another encoding must fit better than GB18030
SAMPLE = 200_000  # characters that are looked at
_LOST = "\ufffd"
# Doubtful characters that every one of these encodings has: they tell nothing.
_NEUTRAL = frozenset("\u00a0·×÷°±℃‘’“”…—–、。《》「」『』【】！（），：；？～％＋－／＝")


def _han(text: str, position: int) -> bool:
    return text[position] in COMMON_HAN


def _japanese(text: str, position: int) -> bool:
    return "\u3041" <= text[position] <= "\u30fe" or text[position] in COMMON_HAN


def _hangul(text: str, position: int) -> bool:
    return "\uac00" <= text[position] <= "\ud7a3"


def _latin(text: str, position: int) -> bool:
    """True for an accented letter beside a plain one: in the rows of them that other encodings make, few are."""
    around = text[max(position - 1, 0) : position] + text[position + 1 : position + 2]
    letter = "\u00c0" <= text[position] <= "\u00ff" and text[position] not in "×÷"
    return letter and any(c.isascii() and c.isalpha() for c in around)


_FAMILIAR: Mapping[str, Callable[[str, int], bool]] = MappingProxyType(
    {
        "gb18030": _han,
        "big5": _han,
        "shift_jis": _japanese,
        "euc_jp": _japanese,
        "euc_kr": _hangul,
        "cp1252": _latin,
    }
)
TITLES: Mapping[str, str] = MappingProxyType(
    {
        "gb18030": "GB18030",
        "big5": "Big5",
        "shift_jis": "Shift-JIS",
        "euc_jp": "EUC-JP",
        "euc_kr": "EUC-KR",
        "cp1252": "Latin-1 (cp1252)",
        "utf-16-le": "UTF-16",
        "utf-16-be": "UTF-16",
        "utf-32-le": "UTF-32",
        "utf-32-be": "UTF-32",
    }
)
ENCODINGS = tuple(_FAMILIAR)  # that can be recognised without a mark
_SUPERSETS = {"big5": "big5hkscs", "shift_jis": "cp932", "euc_kr": "cp949"}  # what Windows writes under these names


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no UTF-8 in a text that otherwise is: how many, and where the first stands (1-based)."""

    count: int
    line: int
    column: int
    byte: int
    at_end: bool

    def __str__(self) -> str:
        if self.at_end:
            return "UTF-8 that ends within a character: the file was cut off"
        noun = "byte" if self.count == 1 else "places, the first byte"
        return f"damaged UTF-8 ({self.count} {noun} 0x{self.byte:02x})"


def codec_of(name: str) -> str:
    """The codec that reads text of an encoding called ``name``: of a family the widest.

    Raises:
        LookupError: no such encoding of texts.
    """
    info = codecs.lookup(name)
    if not getattr(info, "_is_text_encoding", True):
        raise LookupError(name)
    plain = {"gb2312": "gb18030", "gbk": "gb18030", "iso8859-1": "cp1252"}.get(info.name, info.name)
    return _SUPERSETS.get(plain, plain)


def wide(data: bytes) -> str | None:
    """UTF-16 or UTF-32, by the mark or, without one, by where zero bytes stand: every text has blanks or line ends."""
    for mark, marked in MARKS[1:]:
        if data.startswith(mark):
            return marked
    name = _by_zeros(data[: SAMPLE & ~3])
    return name if name is not None and _sensible(data[: SAMPLE & ~3], name) else None


def _by_zeros(head: bytes) -> str | None:
    zeros = [head[offset::4].count(0) for offset in range(4)]
    units = len(head) // 4
    if units and zeros[3] == units and zeros[2] >= 0.9 * units and zeros[0] == 0:
        return "utf-32-le"
    if units and zeros[0] == units and zeros[1] >= 0.9 * units and zeros[3] == 0:
        return "utf-32-be"
    even, odd = head[::2].count(0), head[1::2].count(0)
    few = max(len(head) // 32, 1)  # in a text of Chinese, one character in sixteen is a blank, a digit or a line end
    if odd >= few and even * 20 <= odd:
        return "utf-16-le"
    return "utf-16-be" if even >= few and odd * 20 <= even else None


def _sensible(head: bytes, name: str) -> bool:
    """True where bytes are characters of a text in an encoding, none of them a control or without a meaning."""
    text = head.decode(name, "replace")
    return not any(unicodedata.category(c) in ("Co", "Cn", "Cs") or "\x7f" <= c < "\xa0" for c in set(text))


def damage(data: bytes) -> Damage | None:
    """What is broken in bytes that are mostly UTF-8; ``None`` where they are none at all, or whole.

    Read as anything else, every text in them would become another.
    """
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = data.decode("utf-8", "replace")
        lost = text.count(_LOST)
        # Two bytes of GBK or Big5 are a valid character of Greek, Cyrillic or Arabic now and then; three rarely are.
        whole = sum("\u00c0" <= character <= "\u00ff" or "\u0800" <= character != _LOST for character in text)
        if whole <= lost:
            return None
        before = data[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return Damage(lost, line, column, data[error.start], error.reason == "unexpected end of data")
    return None


def candidates(data: bytes) -> tuple[str, ...]:
    """The encodings in which bytes that are not UTF-8 read as a text of their language, the likeliest first."""
    name = wide(data)
    if name is not None:
        return (name,) if _text(data, name) is not None else ()
    fits = {name: _fit(data, name) for name in _FAMILIAR}
    # All of Korean's syllables have the codes of common Chinese characters, so that a short text can be both.
    ranked = sorted(fits, key=lambda name: -fits[name] - (CLOSE if name == "gb18030" else 0.0))
    return tuple(name for name in ranked if fits[name] >= ENOUGH)


def guess(data: bytes) -> str | None:
    """The one encoding that may be read without asking, of bytes that are not UTF-8: UTF-16, UTF-32 or GB18030.

    ``None`` where nothing is certain: then `candidates` are to be named, or `damage`.
    """
    if damage(data) is not None:
        return None
    likely = candidates(data)
    return likely[0] if likely and (likely[0] == "gb18030" or likely[0].startswith("utf-")) else None


def titles(names: tuple[str, ...]) -> str:
    """Names of encodings as people write them, for a sentence."""
    return " or ".join(dict.fromkeys(TITLES.get(name, name) for name in names))


def _text(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        return None


def _fit(data: bytes, name: str) -> float:
    """How much of a text is familiar in the languages of an encoding: 0 to 1; 0 where it is no text."""
    text = _text(data, name)
    if text is None:
        return 0.0
    text = text[:SAMPLE]
    telling = [i for i, c in enumerate(text) if not c.isascii() and c not in _NEUTRAL]
    if not telling:
        return ENOUGH if name == "gb18030" and not text.isascii() else 0.0
    if any(unicodedata.category(text[i]) in ("Co", "Cn", "Cc") for i in telling):
        return 0.0
    familiar = _FAMILIAR[name]
    return sum(familiar(text, i) for i in telling) / len(telling)
