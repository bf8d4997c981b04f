"""Sections of settings: each key is checked by its type, and an error names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.sections import (
    Count,
    Dropout,
    Part,
    Positive,
    Rate,
    RowLength,
    RowLimit,
    Section,
    Share,
    TokenTexts,
    choice,
)


@dataclass(frozen=True, slots=True)
class Every(Section):
    section = "every"
    count: Count = 0
    positive: Positive = 1
    rate: Rate = 0.0
    share: Share = 1.0
    part: Part = 0.0
    dropout: Dropout = -1.0
    length: RowLength = 32
    limit: RowLimit = 0
    texts: TokenTexts = ()  # type: ignore[assignment]
    side: Annotated[str, choice("left", "right")] = "left"
    free: bool = False


@dataclass(frozen=True, slots=True)
class More(Every):
    extra: Positive = 1


@pytest.mark.parametrize(
    ("key", "value", "must"),
    [
        ("count", -1, "0 or more"), ("positive", 0, "1 or more"), ("rate", -0.1, "0 or more"),
        ("share", 1.1, "between 0 and 1"), ("part", 1.0, "at least 0 and below 1"), ("dropout", 1.0, "below 1"),
        ("length", 31, "32 or more"), ("limit", 31, "0, or 32 or more"), ("texts", [" a"], "texts without blanks"),
        ("texts", [3], "texts without blanks"), ("side", "up", '"left" or "right"'), ("extra", 0, "1 or more"),
    ],
)  # fmt: skip
def test_a_value_out_of_its_range_is_named(key: str, value: Any, must: str) -> None:
    More()
    with pytest.raises(UserError, match=rf"every\.{key}: .* must be {must}"):
        More(**{key: value})


def test_the_ends_of_a_range_are_in_it() -> None:
    More(share=0.0, dropout=0.99, limit=32, texts=["[Music]"], side="right", extra=2)
