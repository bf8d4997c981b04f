"""What is known beside answers and submission: question texts, languages, videos, and the trivial prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.opened import OpenRoot
from cmivqa_kit.data.types import Question, Split, Track
from cmivqa_kit.data.usual_span import UsualSpan, duration_of, usual_span
from cmivqa_kit.errors import UserError

TRAIN = "train"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a question: its text (empty: not known), its language, its right video's duration (seconds)."""

    text: str
    language: str | None
    duration: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """The corpus of the questions and the prior of the training answers, where they are at hand.

    ``remarks`` say what is not, and why.
    """

    corpus: Split | None = None
    prior: UsualSpan | None = None
    remarks: tuple[str, ...] = ()


NOTHING = Context(
    remarks=(
        "no data root at hand: no video lengths, no subtitles, and no trivial prior (give --data DIR with its train "
        "split)",
    )
)


def context_of(root: OpenRoot, split: str, track: Track) -> Context:
    """What a data root holds for a split. What is missing or damaged in it is a remark: the diagnosis does without."""
    remarks: list[str] = []
    corpus = _load(root, split, track, "no video lengths and no subtitles", remarks)
    train = _load(root, TRAIN, None, "no trivial prior", remarks)
    prior = usual_span(train) if train is not None else None
    if train is not None and prior is None:
        remarks.append("no trivial prior: too few training answers lie in a video of known duration")
    if prior is not None and corpus is not None and corpus.name == TRAIN:
        remarks.append("the trivial prior was learnt from these very answers")
    return Context(corpus, prior, tuple(remarks))


def what_was_asked(targets: Sequence[Any], context: Context) -> tuple[Asked, ...]:
    """What is known of every question: from its row in the answers, else from the corpus."""
    corpus = context.corpus
    known = {plain_key(question.id): question for question in corpus.questions} if corpus is not None else {}
    return tuple(_asked(target, known.get(plain_key(target["id"])), corpus) for target in targets)


def _asked(target: Any, question: Question | None, corpus: Split | None) -> Asked:
    text, language, video = (target.get(name) for name in ("question", "language_type", "video_id"))
    if not isinstance(text, str) or not text:
        text = question.text if question is not None else ""
    if not isinstance(language, str) or not language:
        language = question.language if question is not None else None
    duration = duration_of(corpus, video) if corpus is not None and isinstance(video, str) else None
    return Asked(text, language, duration)


def _load(root: OpenRoot, split: str, track: Track | None, without: str, remarks: list[str]) -> Split | None:
    if split == TRAIN and TRAIN not in root.catalogue.splits:
        remarks.append(f"{without}: no training split in {root.catalogue.root}")
        return None
    try:
        return root.split(split, track)
    except UserError as error:
        remarks.append(f"{without}: {error.message.splitlines()[0]}")
        return None
