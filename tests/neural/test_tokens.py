"""Texts as token ids."""

from __future__ import annotations

import pytest

from cmivqa_kit.neural.tiny_encoder import tiny_tokenizer
from cmivqa_kit.neural.tokens import tokenize_with, utf8

TEXTS = ("take the gauze", "洗手")


@pytest.mark.parametrize("text", ["", "take", "洗手 \U0001f600", "a\0b"])
def test_texts_stay_as_they_are(text: str) -> None:
    assert utf8(text) == text


def test_lone_surrogates_are_read_as_question_marks() -> None:
    """JSON holds them (half an emoji, cut off), and no tokenizer takes them."""
    tokens = tokenize_with(tiny_tokenizer((*TEXTS, "half\ud83d?")))
    assert tokens("take \ud83d the") == tokens("take ? the") != tokens("take the")
