"""Words of English sentences. What the Treebank rules should give was taken from NLTK's own tokenizer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.english_words import simple_words, treebank_words, word_splitter, word_weights


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("He washes the egg, slowly!", ["he", "washes", "the", "egg", "slowly"]),
        ("cutting-board's", ["cutting", "board", "s"]),
        ("  ", []),
        ("Naïve “quotes”", ["naïve", "“quotes”"]),
    ],
)
def test_simple_words(text: str, words: list[str]) -> None:
    assert simple_words(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a person puts a book on the shelf.", ["a", "person", "puts", "a", "book", "on", "the", "shelf", "."]),
        ("He doesn't, can't; won't!", ["He", "does", "n't", ",", "ca", "n't", ";", "wo", "n't", "!"]),
        ("the man's cup", ["the", "man", "'s", "cup"]),
        ("any remaining 'eyes' from both", ["any", "remaining", "'", "eyes", "'", "from", "both"]),
        ('She says "stop".', ["She", "says", "``", "stop", "''", "."]),
        ("cannot gonna gimme", ["can", "not", "gon", "na", "gim", "me"]),
        ("He stops. She goes.", ["He", "stops.", "She", "goes", "."]),
        ("well-known (red) cup -- or ...", ["well-known", "(", "red", ")", "cup", "--", "or", "..."]),
        ("at 10:30, 1,000 cups", ["at", "10:30", ",", "1,000", "cups"]),
        ("", []),
    ],
)
def test_treebank_words(text: str, words: list[str]) -> None:
    assert treebank_words(text) == words


@given(st.text(alphabet="ab.,()-;%? \n", max_size=20))
def test_no_character_is_lost(text: str) -> None:
    assert "".join(treebank_words(text)) == "".join(text.split())


def test_the_splitter_has_a_name() -> None:
    split, name = word_splitter()
    assert name in ("nltk", "treebank") and split("a cup.") == ["a", "cup", "."]


def test_content_words_weigh_twice() -> None:
    tags = {"door": "NN", "opens": "VBZ", "red": "JJ", "quickly": "RB"}
    words = ["the", "red", "door", "opens", "quickly"]
    assert word_weights(words, lambda given: [tags.get(word, "DT") for word in given]) == [1, 2, 2, 2, 2]
    assert word_weights(words, None) == [1] * 5
    assert word_weights([], lambda given: []) == []
