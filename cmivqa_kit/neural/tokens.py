"""Texts as token ids: what every baseline with a text encoder does with its tokenizer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Ids = tuple[int, ...]
Tokenize = Callable[[str], Ids]  # a text -> its token ids without special tokens


@dataclass(frozen=True, slots=True)
class Special:
    """The ids that a tokenizer gives to its own tokens."""

    cls: int
    sep: int
    pad: int

    @classmethod
    def of(cls, tokenizer: Any) -> Special:
        """Of a Hugging Face tokenizer."""
        return cls(tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id)


def tokenize_with(tokenizer: Any) -> Tokenize:
    """The function text -> ids without special tokens; no length limit, nothing is cut."""

    def tokens(text: str) -> Ids:
        return tuple(tokenizer(utf8(text), add_special_tokens=False, verbose=False)["input_ids"])

    return tokens


def utf8(text: str) -> str:
    """The text with a question mark for each lone surrogate: JSON files hold them, tokenizers stop at them."""
    return text.encode("utf-8", "replace").decode("utf-8")
