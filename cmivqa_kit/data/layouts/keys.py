"""The keys of a layout's records: which may be seen when a question is asked, and which hold its answer.

Whatever a layout does not name here is not handed on at all: a file with answers under other names leaks nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RecordKeys:
    """The keys that a layout reads, by what they say.

    Attributes:
        question: what is always seen: the id, the text, the language.
        answer: where in its video the answer lies; never seen by what predicts.
        video: which video a question is about, and what is said of it. Given on Track 1, part of the answer on Tracks
            2 and 3.
        video_id: the one of ``video`` that holds the video's id.
        id_substitutes: keys that serve as the id, and are seen, only where a record has no ``id``.
    """

    question: frozenset[str]
    answer: frozenset[str]
    video: frozenset[str] = frozenset({"video_id"})
    video_id: str = "video_id"
    id_substitutes: frozenset[str] = frozenset()

    def known(self, records: Sequence[Any]) -> list[Any]:
        """Copies of the records with the keys that the layout knows."""
        return _only(records, self.question | self.video | self.answer | self.id_substitutes)

    def without_answers(self, records: Sequence[Any]) -> list[Any]:
        """Copies of the records as Track 1 asks them: the video is given, the span is not."""
        return _only(records, self.question | self.video, self.id_substitutes)

    def questions_only(self, records: Sequence[Any]) -> list[Any]:
        """Copies of the records as Tracks 2 and 3 ask them: neither the span nor the video is given."""
        return _only(records, self.question, self.id_substitutes)


def _only(records: Sequence[Any], keys: Collection[str], substitutes: Collection[str] = ()) -> list[Any]:
    """Copies with these keys, in their order; what is no object stays, for the layout to find fault with."""
    return [
        {k: v for k, v in record.items() if k in keys or (k in substitutes and "id" not in record)}
        if isinstance(record, Mapping)
        else record
        for record in records
    ]
