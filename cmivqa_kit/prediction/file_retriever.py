"""A submission file as a retriever: the videos of its lists, in their order.

Source: docs/spec/mutualsl.md, section 5.2, step 1.
"""

from __future__ import annotations

import logging
import shlex
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cmivqa_kit.data.display import count
from cmivqa_kit.data.folding import fold
from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.spelling import near_spelling
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import sha256
from cmivqa_kit.prediction.complete_retriever import too_many
from cmivqa_kit.prediction.ranked_list import by_rank, within
from cmivqa_kit.prediction.types import Ranking
from cmivqa_kit.submission.guarded import read_guarded
from cmivqa_kit.submission.read import plain_id

log = logging.getLogger(__name__)


class FileRetriever:
    """A submission file with lists as a `VideoRetriever`.

    It has no scores, so that of a video is minus its rank of first appearance.

    Items belong to the question of their id and text, or of their text alone. Of equal ones the last counts, as in the
    official program.

    Raises:
        UserError: it cannot be read, or an item has no list.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name
        self.by_id, self.by_text = self._lists()
        self.facts: Mapping[str, Any] = {"name": path.name, "sha256": sha256(path)}

    def rank(self, split: Split, count: int) -> list[Ranking]:
        """The first ``count`` videos of each list; those that the corpus lacks are left out, with a warning.

        A ranking is empty where the list names no video of the corpus.

        Raises:
            UserError: a question is not in the file, or most of them have no video.
        """
        lists = [_list_of(question, self.by_id, self.by_text) for question in split.questions]
        missing = [question.id for question, listed in zip(split.questions, lists, strict=True) if listed is None]
        if missing:
            raise UserError(
                f"{self.path}: {len(missing)} of {len(lists)} questions of {split.name} are not in it, e.g. "
                f"{missing[0]!r}",
                "Give a file that answers them all. See what is missing: cmivqa validate "
                f"{shlex.quote(str(self.path))}",
            )
        known = [[video for video in listed or () if video in split.videos] for listed in lists]
        unknown = sorted({video for listed in lists for video in listed or () if video not in split.videos})
        nothing = sum(not videos for videos in known)
        if too_many(nothing, len(lists)):
            raise self._of_another_corpus(split, lists, unknown, nothing)
        if unknown:
            whole = sum(bool(listed) and not videos for videos, listed in zip(known, lists, strict=True))
            part = sum(0 < len(videos) < len(listed or ()) for videos, listed in zip(known, lists, strict=True))
            log.warning("%s: %d video ids are not in the corpus and left out, e.g. %s; of %d questions %d lose their "
                        "whole list, %d a part", self.path, len(unknown), near_spelling(unknown, split.videos),
                        len(lists), whole, part)  # fmt: skip
        return [within(by_rank(videos), split.videos, count) for videos in known]

    def _of_another_corpus(
        self, split: Split, lists: Sequence[Sequence[str] | None], unknown: Sequence[str], nothing: int
    ) -> UserError:
        empty = sum(not listed for listed in lists)
        reasons = [
            count(empty, "empty list") if empty else "",
            f"{count(len(unknown), 'id')} not in the corpus, e.g. {near_spelling(unknown, split.videos)}"
            if unknown
            else "",
        ]
        return UserError(
            f"{self.path}: for {nothing} of {len(lists)} questions of {split.name} it names no video of the corpus "
            f"({'; '.join(filter(None, reasons))})",
            "Write the videos as the corpus has them (subtitle.json), or give another --retriever, e.g. bm25.",
        )

    def costs_network(self, split: Split) -> bool:
        """False: the file is read already."""
        return False

    def recall(self, dev: Split | None, count: int) -> float | None:
        """``None``: the file answers one split, and not dev."""
        return None

    def _lists(self) -> tuple[dict[Hashable, tuple[str | None, list[str]]], dict[str, list[str]]]:
        """Read the lists by id, with the question's text, and by text alone."""
        document = read_guarded(self.path)
        if not document.rows:
            why = document.findings[-1].message if document.findings else "no answers in it"
            raise UserError(
                f"{self.path}: {why}", f"See all that is wrong: cmivqa validate {shlex.quote(str(self.path))}"
            )
        by_id: dict[Hashable, tuple[str | None, list[str]]] = {}
        by_text: dict[str, list[str]] = {}
        for number, row in enumerate(document.rows):
            videos, identity = _videos(row), plain_id(row)
            if videos is None or identity is None:
                raise UserError(
                    f"{self.path}: /{number} is no item of Track 2 or 3 (an id and a list 'output' of [video, ...])",
                    f"See all that is wrong: cmivqa validate {shlex.quote(str(self.path))}",
                )
            text = row.get("question") if isinstance(row.get("question"), str) else None
            by_id[plain_key(identity)] = text, videos
            if text is not None:
                by_text[fold(text)] = videos
        return by_id, by_text


def _videos(row: Any) -> list[str] | None:
    """The video ids of an item's list; ``None`` where it is no such item."""
    entries = row.get("output") if isinstance(row, dict) else None
    if not isinstance(entries, list):
        return None
    videos = [entry[0] for entry in entries if isinstance(entry, list) and entry and isinstance(entry[0], str)]
    return videos if len(videos) == len(entries) else None


def _list_of(
    question: Question,
    by_id: Mapping[Hashable, tuple[str | None, list[str]]],
    by_text: Mapping[str, list[str]],
) -> list[str] | None:
    """The list that answers a question; ``None`` where there is none."""
    text, videos = by_id.get(plain_key(question.id), (None, None))
    if videos is not None and (text is None or fold(text) == fold(question.text)):
        return videos
    return by_text.get(fold(question.text))
