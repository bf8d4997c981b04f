"""The times at which each line is spoken: lengths follow the words, demonstrations leave gaps. All times in seconds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from cmivqa_kit.data.demo.tables import Language
from cmivqa_kit.data.demo.text import Passage
from cmivqa_kit.data.types import Subtitle

RATES: dict[Language, tuple[float, float]] = {"English": (2.6, 3.2), "Chinese": (3.6, 4.4)}  # words or signs per second
SHORTEST, LONGEST = 1.2, 6.0  # of one line
_CJK = re.compile(r"[\u4e00-\u9fff]")


def units(text: str, language: Language) -> int:
    """Words of an English line, signs of a Chinese one."""
    return len(_CJK.findall(text)) if language == "Chinese" else len(text.split())


def timed_lines(passages: Sequence[Passage], language: Language, rng: Random) -> tuple[tuple[Subtitle, ...], ...]:
    """The lines of every passage with their times (2 decimals), in the order of ``passages``."""
    low, high = RATES[language]
    rate = low + (high - low) * rng.random()
    clock = 2.0 * rng.random()
    placed = []
    for passage in passages:
        lines = []
        for text in passage.lines:
            seconds = units(text, language) / (rate * (0.95 + 0.1 * rng.random()))
            line = Subtitle(text, round(clock, 2), round(min(max(seconds, SHORTEST), LONGEST), 2))
            lines.append(line)
            clock = line.end + 0.5 * rng.random()
        if passage.step is not None:
            clock += 3.0 * rng.random()  # the movement is shown once more in silence
        placed.append(tuple(lines))
    return tuple(placed)
