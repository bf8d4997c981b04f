"""Texts as token ids: what every baseline with a text encoder does with its tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from cmivqa_kit.temporary_files import temporary_folder

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
        """The special ids of a Hugging Face tokenizer."""
        return cls(tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id)


def save_tokenizer(tokenizer: Any, folder: Path) -> None:
    """Write the files of a Hugging Face tokenizer into a folder, each of them whole or not at all.

    Raises:
        OSError: the disk is full or the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with temporary_folder(folder.parent, "tokenizer") as made:
        tokenizer.save_pretrained(made)
        for path in sorted(made.iterdir()):
            path.replace(folder / path.name)


class TextReader(NamedTuple):
    """A reader of texts for an encoder: text to ids, the ids of special tokens, the most tokens of a row, if any."""

    tokens: Tokenize
    special: Special
    limit: int | None

    @classmethod
    def of(cls, tokenizer: Any, limit: int | None) -> TextReader:
        """A reader with a Hugging Face tokenizer and its encoder's limit (`position_limit`)."""
        return cls(tokenize_with(tokenizer), Special.of(tokenizer), limit)


def tokenize_with(tokenizer: Any) -> Tokenize:
    """The function text -> ids without special tokens; no length limit, nothing is cut."""

    def tokens(text: str) -> Ids:
        return tuple(tokenizer(utf8(text), add_special_tokens=False, verbose=False)["input_ids"])

    return tokens


def utf8(text: str) -> str:
    """The text with a question mark for each lone surrogate: JSON files hold them, tokenizers stop at them."""
    return text.encode("utf-8", "replace").decode("utf-8")


def pad_rows(ids: Sequence[Ids], marks: Sequence[Ids], pad: int) -> tuple[Tensor, Tensor, Tensor]:
    """Rows of tokens padded on the right to the longest.

    Args:
        ids: of each row.
        marks: a number per token, as many as it has ids (token types, boundaries); 0 on padding.
        pad: the id of padding.

    Returns:
        The ids, the mask (1 on tokens, 0 on padding) and the marks, (B, L) int64 each.
    """
    longest = max(map(len, ids))
    padded = torch.full((len(ids), longest), pad, dtype=torch.long)
    mask, marked = torch.zeros_like(padded), torch.zeros_like(padded)
    for number, (row, row_marks) in enumerate(zip(ids, marks, strict=True)):
        padded[number, : len(row)] = torch.tensor(row)
        marked[number, : len(row)] = torch.tensor(row_marks)
        mask[number, : len(row)] = 1
    return padded, mask, marked
