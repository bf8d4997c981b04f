"""Question and subtitles as one row: CLS question SEP line SEP line SEP ...

Source: docs/spec/mutualsl.md, section 1.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from cmivqa_kit.neural.tokens import Ids, Special, pad_rows

EXTRA = 2  # [CLS] and the question's [SEP]
MIN_ROOM = 16  # tokens that must be left for subtitles


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
    ids, mask, types = pad_rows([row.ids for row in rows], [row.types for row in rows], pad)
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
