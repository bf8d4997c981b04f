"""What part of the questions is scored, and at which cut-offs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cmivqa_kit.data.types import QuestionId

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """Other cut-offs than usual (of the strict metrics), and only some questions, by their ids in the answers.

    ``only`` may also be a path of a file of ids, or ids as one text with commas between, as ``--only`` takes them.
    ``typed`` where the ids are words that somebody typed, which may stand for integers.
    """

    cutoffs: Sequence[int] | None = None
    only: Sequence[QuestionId] | str | Path | None = None
    typed: bool = False

    @property
    def ids(self) -> Sequence[QuestionId] | None:
        """``only`` where it holds ids, as each of the `readings` does; ``None`` for all questions."""
        if isinstance(self.only, str | Path):
            raise TypeError("the ids have to be read first")
        return self.only

    def readings(self, integers_first: bool) -> list[ScoreOptions]:
        """The ways to read the ids, the likelier first: ``7`` is an integer in the answers of 2023, later a text.

        Raises:
            UserError: a file of ids cannot be read, or there is no id in it.
        """
        if isinstance(self.only, str | Path):
            from cmivqa_kit.scoring.named_questions import named_questions

            ids, typed = named_questions(self.only)
            return replace(self, only=ids, typed=typed).readings(integers_first)
        if self.only is None or not self.typed:
            return [self]
        words = tuple(self.ids or ())
        whole = tuple(int(word) if is_whole(str(word)) else word for word in words)
        ways = dict.fromkeys((whole, words) if integers_first else (words, whole))
        return [replace(self, only=ids, typed=False) for ids in ways]


ALL_QUESTIONS = ScoreOptions()


def is_whole(word: str) -> bool:
    """True for a word that can be an integer id."""
    return _WHOLE.fullmatch(word) is not None
