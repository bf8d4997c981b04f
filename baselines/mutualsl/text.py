"""Question and subtitles as one row: CLS question SEP line SEP line SEP ... Source: specs/mutualsl.md, section 1.5."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from cmivqa_kit.prediction.windows import Window

Ids = tuple[int, ...]
Tokens = Callable[[str], Ids]  # a text -> its token ids without special tokens
EXTRA = 2  # [CLS] and the question's [SEP]
MIN_ROOM = 16  # tokens that must be left for subtitles


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


@dataclass(frozen=True, slots=True)
class TextRow:
    """One row: token ids, token types, and where its separators stand (the question's, then one per line)."""

    ids: Ids
    types: Ids
    separators: Ids

    @property
    def firsts(self) -> Ids:
        """Where each line begins; for an empty line that is its separator."""
        return tuple(separator + 1 for separator in self.separators[:-1])


def tokens_of(tokenizer: Any) -> Tokens:
    """The function text -> ids without special tokens; no length limit, nothing is cut."""

    def tokens(text: str) -> Ids:
        return tuple(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    return tokens


def text_row(question: Ids, lines: Sequence[Ids], special: Special) -> TextRow:
    """Question and lines as one row of 2 + |question| + sum(|line| + 1) tokens; types are 1 from the first line on."""
    ids = [special.cls, *question, special.sep]
    separators = [len(ids) - 1]
    for line in lines:
        ids += [*line, special.sep]
        separators.append(len(ids) - 1)
    asked = separators[0] + 1
    return TextRow(tuple(ids), (0,) * asked + (1,) * (len(ids) - asked), tuple(separators))


def batch(rows: Sequence[TextRow], pad: int) -> dict[str, Tensor]:
    """Rows padded on the right: ``input_ids``, ``attention_mask``, ``token_type_ids``, each (B, L) int64."""
    longest = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), longest), pad, dtype=torch.long)
    mask, types = torch.zeros_like(ids), torch.zeros_like(ids)
    for r, row in enumerate(rows):
        size = len(row.ids)
        ids[r, :size] = torch.tensor(row.ids)
        types[r, :size] = torch.tensor(row.types)
        mask[r, :size] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}


def pieces(window: Window, lines: Sequence[Ids]) -> list[Ids]:
    """The token ids of a window's lines."""
    if window.part is None:
        return list(lines[window.first : window.stop])
    begin, end = window.part
    return [lines[window.first][begin:end]]


def holding(found: Sequence[Window], first: int, last: int) -> Window | None:
    """The window in which lines ``first`` to ``last`` lie most centrally; ``None`` where none holds them."""
    whole = [w for w in found if w.part is None and w.first <= min(first, last) and max(first, last) < w.stop]
    return min(whole, key=lambda w: (abs((first - w.first) - (w.stop - 1 - last)), w.first), default=None)
