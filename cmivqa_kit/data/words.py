"""From text to tokens: Latin words (lightly stemmed) and CJK characters as uni- and bigrams, or jieba's words.

Source: uni- and bigrams index Chinese about as well as segmented words and need no dictionary (Nie et al. 2000, "On the
use of words and n-grams for Chinese information retrieval").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from itertools import pairwise
from typing import Any

from cmivqa_kit.data.folding import nfkc
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import cache_root

# Han (with extensions A and B onwards), kana and Hangul are written without blanks between all words. NFKC has
# already turned half-width kana and compatibility forms into these ranges.
_CJK = "\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"(?P<cjk>[{_CJK}]+)|(?P<word>(?:(?![{_CJK}])[^\W_])+(?:['’](?:(?![{_CJK}])[^\W_])+)*)")

# Words that carry no subject in a question or a spoken sentence. A list of our own, kept short on purpose: BM25's idf
# already discounts frequent words; what it cannot know is that questions begin with "how do I".
_STOP_WORDS = frozenset(
    """a an and are as at be been but by can could did do does for from had has have how i if in into is it its let me
    my of on or our shall should so than that the their them then there these they this those to us was we were what
    when where which who why will with would you your""".split()  # noqa: SIM905 (a list of 71 quoted words reads worse)
)


Tokenizer = Callable[[str], list[str]]


def tokenizer(segmenter: str = "characters", stemmed: bool = True, stop_words: bool = True) -> Tokenizer:
    """The function text -> tokens, in order of appearance.

    Args:
        segmenter: of CJK text: ``characters`` (uni- and bigrams) or ``jieba`` (words).
        stemmed: plurals, -ing and -ed are taken off.
        stop_words: English function words are left out.

    Raises:
        UserError: ``segmenter = "jieba"`` and jieba is not installed.
    """
    cut = _jieba() if segmenter == "jieba" else uni_and_bigrams

    def tokens(text: str) -> list[str]:
        words: list[str] = []
        for match in _RUN.finditer(normalize(text)):
            if match["cjk"]:
                words += cut(match["cjk"])
            else:
                words += _latin(match["word"], stemmed, stop_words)
        return words

    return tokens


def normalize(text: str) -> str:
    """One form for each character: full-width letters and digits become plain ones, case is folded."""
    return nfkc(nfkc(text).casefold())


def uni_and_bigrams(run: str) -> list[str]:
    """Every character and every pair of neighbours of a run of CJK characters: 量血压 -> 量 血 压 量血 血压."""
    return [*run, *(first + second for first, second in pairwise(run))]


def stem(word: str) -> str:
    """A word without its plural, -ing or -ed and without a final e: layers -> layer, saving, saved, saves -> sav.

    Only what questions and speech vary most; no dictionary, so a few words are merged or missed, and nothing but ASCII
    words is touched. Source: the first step of Porter (1980), shortened.
    """
    if len(word) <= 3 or not (word.isascii() and word.isalpha()):
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= 3 and re.search("[aeiouy]", root):
            # "cropping" -> "crop", but "filling" -> "fill", "pressing" -> "press"
            word = root[:-1] if root[-1] == root[-2] and root[-1] not in "lsz" else root
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def _latin(word: str, stemmed: bool, stop_words: bool) -> Iterator[str]:
    word = re.sub("['’]s$", "", word)
    word = re.sub("['’]", "", word)
    if stop_words and word in _STOP_WORDS:
        return
    yield stem(word) if stemmed else word


def _keep_dictionary(jieba: Any) -> None:
    """Let jieba keep its parsed dictionary in the kit's cache: its own is a file in /tmp for all users."""
    folder = cache_root() / "jieba"
    with suppress(OSError):  # without a folder it parses its dictionary each time
        folder.mkdir(parents=True, exist_ok=True)
        jieba.dt.tmp_dir = str(folder)


def _jieba() -> Callable[[str], list[str]]:
    try:
        jieba = import_module("jieba")
    except ImportError:
        raise UserError(
            'text.segmenter = "jieba" needs jieba, which is not installed',
            'Install it: pip install jieba; or keep text.segmenter = "characters".',
        ) from None
    jieba.setLogLevel(
        "CRITICAL"
    )  # it reports to stderr how long its dictionary took to load, and a cache it cannot write
    _keep_dictionary(jieba)

    def cut(run: str) -> list[str]:
        return [word for word in jieba.cut_for_search(run) if word.strip()]

    return cut
