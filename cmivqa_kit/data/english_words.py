"""English sentences cut into words as systems of moment retrieval cut them, and how much each word says.

Sources: docs/spec/mesm.md, section 1.4; the rules of the Penn Treebank as NLTK's ``word_tokenize`` applies them.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import Any

Tagger = Callable[[Sequence[str]], Sequence[str]]  # words -> their Penn tags

_BLANKS = str.maketrans(dict.fromkeys(string.punctuation, " "))
_CONTENT = ("NN", "VB", "JJ", "RB")
# What is put apart, in this order: (pattern, replacement).
_QUOTES_AND_MARKS = (
    (r"([«“‘„]|`+)", r" \1 "),
    (r'^"', "``"),
    (r"(``)", r" \1 "),
    (r"([ ([{<])(\"|'{2})", r"\1 `` "),
    (r"(?i)(?<!\w)(')(?!(?:re|ve|ll|m|t|s|d|n)\b)(?=\w)", r"\1 "),
    (r"([^.])(\.)([\])}>\"'»”’ ]*)\s*$", r"\1 \2 \3 "),
    (r"([:,])([^\d])", r" \1 \2"),
    (r"([:,])$", r" \1 "),
    (r"(\.{2,})", r" \1 "),
    (r"([;@#$%&])", r" \1 "),
    ("([\u2012-\u2015])", r" \1 "),
    (r"([^.])(\.)([\])}>\"']*)\s*$", r"\1 \2\3 "),
    (r"([?!])", r" \1 "),
    (r"([^'])' ", r"\1 ' "),
    (r"([*])", r" \1 "),
    (r"([\]\[(){}<>])", r" \1 "),
    (r"(--)", r" \1 "),
)
_ENDINGS = (
    (r"([»”’])", r" \1 "),
    (r"('')", r" \1 "),
    (r'"', " '' "),
    (r"\s+", " "),
    (r"([^' ])('[sS]|'[mM]|'[dD]|') ", r"\1 \2 "),
    (r"([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ", r"\1 \2 "),
    (r"(?i)\b(can)(not)\b", r" \1 \2 "),
    (r"(?i)\b(d)('ye)\b", r" \1 \2 "),
    (r"(?i)\b(gim|lem)(me)\b", r" \1 \2 "),
    (r"(?i)\b(gon)(na)\b", r" \1 \2 "),
    (r"(?i)\b(got)(ta)\b", r" \1 \2 "),
    (r"(?i)\b(more)('n)\b", r" \1 \2 "),
    (r"(?i)\b(wan)(na)(?=\s)", r" \1 \2 "),
    (r"(?i) ('t)(is|was)\b", r" \1 \2 "),
)


def simple_words(text: str) -> list[str]:
    """Lower-cased words; every ASCII punctuation character is a blank."""
    return text.lower().translate(_BLANKS).split()


def treebank_words(text: str) -> list[str]:
    """Words and punctuation marks of a text by the rules of the Penn Treebank; a full stop within it stays."""
    for pattern, replacement in _rules(_QUOTES_AND_MARKS):
        text = pattern.sub(replacement, text)
    text = f" {text} "
    for pattern, replacement in _rules(_ENDINGS):
        text = pattern.sub(replacement, text)
    return text.split()


@cache
def nltk_words() -> Callable[[str], list[str]] | None:
    """NLTK's ``word_tokenize``, which cuts text into sentences first; ``None`` where it or its data is missing."""
    words = _of_nltk("tokenize", "word_tokenize", "Two words. More.")
    return None if words is None else lambda text: list(words(text))


def word_splitter() -> tuple[Callable[[str], list[str]], str]:
    """How sentences are cut, and its name: NLTK's, or where it is missing the Treebank rules on a sentence as a whole.

    They are the same on all sentences of Charades-STA; of the 13,791 of TACoS at most 68 differ, which hold several.
    """
    words = nltk_words()
    return (treebank_words, "treebank") if words is None else (words, "nltk")


@cache
def nltk_tagger() -> Tagger | None:
    """NLTK's part-of-speech tagger; ``None`` where it or its data is missing."""
    tag = _of_nltk("tag", "pos_tag", ["words"])
    return None if tag is None else lambda words: [tag for _, tag in _tagged(tag, words)]


def word_weights(words: Sequence[str], tagger: Tagger | None) -> list[int]:
    """2 for nouns, verbs, adjectives and adverbs, 1 for others; without a tagger 1 for all."""
    if tagger is None or not words:
        return [1] * len(words)
    return [2 if any(part in tag for part in _CONTENT) else 1 for tag in tagger(words)]


def _tagged(tag: Any, words: Sequence[str]) -> list[tuple[str, str]]:
    return list(tag(list(words)))


def _of_nltk(module: str, name: str, trial: Any) -> Callable[[Any], Any] | None:
    """A function of NLTK that was tried: its data are fetched apart from it."""
    try:
        function: Callable[[Any], Any] = getattr(import_module(f"nltk.{module}"), name)
        function(trial)
    except (ImportError, LookupError, OSError):
        return None
    return function


@cache
def _rules(table: tuple[tuple[str, str], ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), replacement) for pattern, replacement in table)
