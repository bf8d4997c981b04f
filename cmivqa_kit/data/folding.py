"""Unicode normalization (NFKC) of texts that anybody may have written, in time linear in their length.

Python's normalizer sorts runs of combining marks by insertion: 40,000 marks in alternating order take it many seconds.
So no text of more than `LONGEST` characters reaches it, and nothing else in the kit calls it. A longer text goes there
in pieces, cut where NFKC knows no neighbours: the result is that of the whole. Source: Unicode Standard Annex 15,
"Unicode Normalization Forms" (no language has more than 30 marks in a row).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

LONGEST = 256  # characters that are normalized at once
_PLANE = 0x10000
# Vowels and finals of Hangul, which join the syllable before them.
_JOINING = (range(0x1160, 0x1200), range(0xD7B0, 0xD800))
# Beyond the basic plane: pictographs, ideographs. Scripts there are cut at their blanks.
_BEYOND = "\U0001f000-\U0001faff\U00020000-\U0003ffff"


def fold(text: str) -> str:
    """NFKC, runs of white space as one blank, trimmed: texts that differ only so count as the same."""
    return " ".join(nfkc(text).split())


def nfkc(text: str) -> str:
    """A text in the form NFKC.

    What is longer than `LONGEST` without a character that could begin a text stays as it stands: no language has that.
    """
    if text.isascii():
        return text
    if len(text) <= LONGEST:
        return unicodedata.normalize("NFKC", text)
    return "".join(unicodedata.normalize("NFKC", piece) if len(piece) <= LONGEST else piece for piece in _pieces(text))


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces, each as long as `LONGEST` allows; longer where it cannot be cut within that."""
    beginning = _beginning()
    begin = 0
    while begin < len(text):
        end = begin + LONGEST
        while begin < end < len(text) and not beginning.match(text, end):
            end -= 1
        if end == begin:
            later = beginning.search(text, begin + LONGEST)
            end = later.start() if later else len(text)
        yield text[begin:end]
        begin = end


@lru_cache(maxsize=1)
def _beginning() -> re.Pattern[str]:
    """Matches a character before which a text can be cut: no mark, and nothing that a character before it takes in."""
    return re.compile(f"[{''.join(_ranges())}{_BEYOND}]")


def _ranges() -> Iterator[str]:
    """Those characters of the basic plane, as ranges of a character class."""
    first: int | None = None
    for number in range(_PLANE + 1):
        begins = number < _PLANE and _begins(number)
        if begins and first is None:
            first = number
        elif not begins and first is not None:
            yield f"\\u{first:04x}-\\u{number - 1:04x}"
            first = None


def _begins(number: int) -> bool:
    character = unicodedata.normalize("NFKD", chr(number))[0]
    kind = unicodedata.category(character)
    # What this Unicode does not know yet may be a mark.
    return kind[0] != "M" and kind not in ("Cn", "Cs") and not any(ord(character) in taken for taken in _JOINING)
