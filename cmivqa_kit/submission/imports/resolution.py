"""Which question and which video of a split a row of somebody's answers names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.folding import fold
from cmivqa_kit.data.spelling import near_id
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.data.video_names import id_among, ids_in, name_of

V = TypeVar("V")
_LONGEST = 1000  # characters of what can name a video


class Unresolved(ValueError):
    """A row that names no question or no video, or several; the text says why."""


class Resolution:
    """The questions and the videos of a split by what may name them."""

    def __init__(self, split: Split) -> None:
        self.videos = {*split.videos, *(q.video_id for q in split.questions if q.video_id is not None)}
        self._by_id = _grouped((str(question.id), question) for question in split.questions)
        self._by_text = _grouped((question.text, question) for question in split.questions)
        self._by_folded = _grouped((fold(question.text), question) for question in split.questions)
        self._videos = _grouped((fold(video).casefold(), video) for video in sorted(self.videos))

    def question(self, values: Mapping[str, Any]) -> Question:
        """The question of a row: by its id, else by its text, exactly or but for width and blanks.

        Raises:
            Unresolved: there is none, or there are several, or id and text name two.
        """
        text = values.get("question")
        by_text = self._asked(text) if isinstance(text, str) else []
        if "id" not in values:
            if "question" not in values:
                raise Unresolved("has neither id nor question")
            return _only(by_text, f"question {short_repr(text)}", "this split")
        identity = values["id"]
        if isinstance(identity, float) and identity.is_integer() and abs(identity) < 2**53:
            identity = int(identity)
        name = str(identity).strip() if isinstance(identity, int | str) else ""
        question = _only(self._by_id.get(name, []), f"id {short_repr(values['id'])}", "this split")
        if by_text and question not in by_text:
            raise Unresolved(f"id {short_repr(question.id)} and its question, which has id {short_repr(by_text[0].id)}")
        return question

    def video(self, name: object) -> str:
        """The video that an id, a link, a file's name or a title with the id in it names.

        Raises:
            Unresolved: none of the corpus, or several.
        """
        text = str(name) if isinstance(name, int | str) and not isinstance(name, bool) else ""
        if text in self.videos and text:
            return text
        text = text.strip()
        if not text or len(text) > _LONGEST:
            raise Unresolved(f"video {short_repr(name)} names none of the corpus")
        for video in (id_among(text, self.videos), name_of(text, self.videos).video_id):
            if video in self.videos:
                return video
        same = self._videos.get(fold(text).casefold(), [])
        inside = same or sorted(video for video in ids_in(text, self.videos) if len(video) > 1)
        if len(inside) == 1:
            return inside[0]
        if inside:
            raise Unresolved(f"video {short_repr(name)} names {len(inside)}: {', '.join(inside[:3])}")
        near = near_id(text, self.videos)
        hint = f"; near is {near!r}" if near else ""
        raise Unresolved(f"video {short_repr(name)} names none of the corpus{hint}")

    def _asked(self, text: str) -> list[Question]:
        return self._by_text.get(text) or self._by_folded.get(fold(text), [])


def _only(questions: list[Question], noun: str, whole: str) -> Question:
    if not questions:
        raise Unresolved(f"{noun} is none of {whole}")
    if len(questions) > 1:
        ids = ", ".join(short_repr(question.id) for question in questions[:3])
        raise Unresolved(f"{noun} is asked {len(questions)} times in {whole} (ids {ids}): give the id")
    return questions[0]


def _grouped(pairs: Iterable[tuple[str, V]]) -> dict[str, list[V]]:
    groups: defaultdict[str, list[V]] = defaultdict(list)
    for name, value in pairs:
        groups[name].append(value)
    return dict(groups)
