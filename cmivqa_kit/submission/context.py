"""What a submission is checked against, and the registry of checks.

One check is one function, registered under the codes it may report: ``@check("file", "E204")``. A new check is one
function here or in a module of `cmivqa_kit.submission.checks`, and one line in `cmivqa_kit.submission.codes`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.types import Question, QuestionId, Track, Video
from cmivqa_kit.editions import Edition
from cmivqa_kit.submission.codes import CODES
from cmivqa_kit.submission.findings import Finding
from cmivqa_kit.submission.schema import load_schema
from cmivqa_kit.submission.tally import Tally

LAST = sys.float_info.max  # seconds: where nothing is known of a video
TOLERANCE = 1.0  # seconds by which a span may outlast its video: subtitles are rounded


@dataclass(frozen=True)
class Context:
    """The rules, and what is known of the questions and the corpus; nothing is checked against what is empty."""

    edition: Edition
    tracks: tuple[Track, ...] = ()
    questions: Sequence[Question] = ()
    corpus: Mapping[str, Video] = field(default_factory=dict)
    tolerance: float = TOLERANCE
    tally: Tally = field(default_factory=Tally, compare=False, repr=False)  # what was found so far

    @cached_property
    def form(self) -> Track:
        """The track by whose form the file is checked: the strictest of those it is for."""
        return max(self.tracks, default=3)

    @cached_property
    def by_id(self) -> dict[Hashable, Question]:
        """The questions by the keys of their ids (`cmivqa_kit.data.id_keys`)."""
        return {plain_key(question.id): question for question in self.questions}

    def question(self, identity: QuestionId | None) -> Question | None:
        """The question with this id, where there is one."""
        return self.by_id.get(plain_key(identity)) if identity is not None else None

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields that an item of this edition and track may have."""
        return frozenset(load_schema(self.edition, self.form)["items"]["properties"])

    @cached_property
    def latest(self) -> dict[str, float]:
        """Per video of the corpus the latest end of a span about which there is nothing to say."""
        return {
            video.id: LAST
            if video.duration is None
            else video.duration + (0.0 if video.duration_is_exact else self.tolerance)
            for video in self.corpus.values()
        }


@dataclass(frozen=True, slots=True)
class Item:
    """An item that is an object: its place, itself (the list cut to what is read), and the question it answers."""

    index: int
    row: Mapping[str, Any]
    question: Question | None
    entries: int = 0  # in the list as it stands, cut or not

    def finding(self, code: str, message: str, path: str = "") -> Finding:
        """A finding about this item; ``path`` goes on from the item's own pointer."""
        return Finding(code, message, f"/{self.index}{path}", self.index, self.row.get("id"))


# Given the rows (level ``file``) or an `Item`, and the context.
Check = TypeVar("Check", bound=Callable[..., Iterator[Finding]])
Level = Literal["file", "item", "answer"]
CHECKS: dict[Level, dict[Callable[..., Iterator[Finding]], tuple[str, ...]]] = {"file": {}, "item": {}, "answer": {}}


def check(level: Level, *codes: str) -> Callable[[Check], Check]:
    """Register a check that may report ``codes``.

    Args:
        level: ``file`` for checks of all rows at once; ``item`` for those of every item that is an object; ``answer``
            for those of spans and lists, which the items that are certainly right skip (`checks.certain`).
        codes: what it may report.
    """
    unknown = set(codes) - set(CODES)
    if unknown:
        raise ValueError(f"no such codes: {unknown}")

    def add(function: Check) -> Check:
        CHECKS[level][function] = codes
        return function

    return add


def as_corpus(videos: Mapping[str, Video] | Collection[str]) -> Mapping[str, Video]:
    """A corpus of which only the ids may be known."""
    return videos if isinstance(videos, Mapping) else {video_id: Video(video_id) for video_id in videos}
