"""The languages of captions: what a file's name says, and what lines look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from cmivqa_kit.data.types import Subtitle
from cmivqa_kit.errors import UserError

_NAMED = {
    "Chinese": re.compile(r"(?<![a-z])(?:zh|ch|chs|chn|cn|zho|chinese|hans)(?![a-z])|中文|汉语|中字", re.IGNORECASE),
    "English": re.compile(r"(?<![a-z])(?:en|eng|english)(?![a-z])|英文|英语|英字", re.IGNORECASE),
}
_IDEOGRAPH = re.compile(r"[\u3400-\u9fff]")
SHARE = 0.1  # of the characters from which on a text is Chinese; names and units in it are not


def named_language(name: str) -> str | None:
    """The language that a file name states (``subtitle_en.json``); ``None`` where it states none, or both."""
    named = [language for language, pattern in _NAMED.items() if pattern.search(name)]
    return named[0] if len(named) == 1 else None


def language_of(lines: Iterable[Subtitle]) -> str | None:
    """The language of lines by their characters: Chinese or English; ``None`` where nothing is said."""
    text = "".join(line.text for line in lines)
    if not text.strip():
        return None
    return "Chinese" if len(_IDEOGRAPH.findall(text)) >= SHARE * len(text) else "English"


def one_per_language(files: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """The subtitle files of a folder, which are several only where each is of another language.

    Raises:
        UserError: several of one language, or of none.
    """
    languages = [named_language(path.stem) for path in files]
    if len(set(languages)) < len(languages):
        raise UserError(
            f"{folder}: several subtitle files ({', '.join(path.name for path in files)})",
            "Keep one called subtitle.json, or one per language: subtitle_Chinese.json and subtitle_English.json.",
        )
    return tuple(files)


def apart_by_language(files: Sequence[tuple[Path, Path]], language: Callable[[Path], str | None]) -> list[Path]:
    """Where subtitle files go, given each with where it would go: one of another language gets a name of its own.

    ``language`` says that of a file.
    """
    taken: dict[Path, Path] = {}
    targets: list[Path] = []
    for file, target in files:
        before = taken.get(target) or (target if target.exists() else None)
        own, other = (language(file), language(before)) if before is not None else (None, None)
        if own and other and own != other:
            target = target.with_name(f"{target.stem}_{own}{target.suffix}")
        taken.setdefault(target, file)
        targets.append(target)
    return targets
