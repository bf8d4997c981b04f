"""How an encoder's tokens become the vector of a text. Knows no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cmivqa_kit.plugin.sections import Positive, Section, choice


@dataclass(frozen=True, slots=True)
class PoolingSettings(Section):
    """How an encoder's tokens become the vector of a text, as its own model card says.

    Attributes:
        pooling: the ``mean`` over its tokens, or the first (``cls``).
        query_prefix: stands before a question.
        passage_prefix: before what is said.
        question_tokens: of a question at most, special ones included.
        passage_tokens: of a text that is said.
        line_tokens: of a row of lines that are read beside each other.
    """

    section = "encoder"
    pooling: Annotated[str, choice("mean", "cls")]
    query_prefix: str
    passage_prefix: str
    question_tokens: Positive
    passage_tokens: Positive
    line_tokens: Positive
