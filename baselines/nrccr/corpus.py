"""A corpus of the challenge as NRCCR and MLCMR see it: questions in two languages, videos as at most 64 rows.

Two questions about the same span of the same video in different languages are translations of each other: so MMIVQA
2024 and M4IVQA 2025 have them. Without any, the cross-lingual losses are off.
Source: docs/spec/nrccr.md, section 5.
"""

from __future__ import annotations

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from baselines.nrccr.examples import MOST_FRAMES, Example, Rows
from baselines.nrccr.texts import Reader
from baselines.nrccr.translations import NOTHING_GIVEN, Translation
from cmivqa_kit.data.display import count
from cmivqa_kit.data.feature_sampling import sample
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Question, QuestionId, Split, Video
from cmivqa_kit.neural.tokens import Ids

log = logging.getLogger(__name__)
_IDEOGRAPH = re.compile(r"[\u3400-\u9fff]")
CHINESE, ENGLISH = "Chinese", "English"


@dataclass(frozen=True)
class VideoRows:
    """Rows of the videos of a split, averaged down to `MOST_FRAMES`; a row of zeros for a video without any."""

    features: SplitFeatures
    width: int

    def __call__(self, video: str) -> Rows:
        """(T, D) of a video, T at least 1."""
        rows = self.features.get(video)
        return (
            np.zeros((1, self.width), np.float32) if rows is None else sample(np.asarray(rows, np.float32), MOST_FRAMES)
        )

    def __contains__(self, video: str) -> bool:
        return video in self.features


def language_of(question: Question) -> str:
    """The language of a question: as the corpus says, else by its characters."""
    if question.language is not None:
        return question.language
    return CHINESE if _IDEOGRAPH.search(question.text) else ENGLISH


def read_text(reader: Reader, text: str) -> Ids:
    """The token ids of a question. The published cleaning is for English: of Chinese it would leave nothing."""
    return reader.raw(text) if _IDEOGRAPH.search(text) else reader.english(text)


def translations(questions: Iterable[Question]) -> Mapping[QuestionId, Question]:
    """The question in the other language of each that has one, the first with the first, the second with the second."""
    spans: dict[tuple[str, float, float], dict[str, list[Question]]] = defaultdict(lambda: defaultdict(list))
    for question in questions:
        if question.video_id is not None and question.answer is not None:
            key = question.video_id, question.answer.start, question.answer.end
            spans[key][language_of(question)].append(question)
    translations: dict[QuestionId, Question] = {}
    for languages in spans.values():
        if len(languages) != 2:
            continue
        for first, second in zip(*languages.values(), strict=False):
            translations[first.id], translations[second.id] = second, first
    return translations


def examples_of(
    split: Split, reader: Reader, rows: VideoRows, language: str = "", given: Mapping[str, Translation] = NOTHING_GIVEN
) -> tuple[tuple[Example, ...], Counter[str]]:  # fmt: skip
    """The questions that can be trained on, with their translations, and how many each reason leaves out.

    Args:
        split: whose questions they are.
        reader: of their texts.
        rows: of the videos.
        language: those in another one are translations alone; empty: all are sources.
        given: translations by id, which go before those of the corpus.
    """
    other, dropped = translations(split.questions), Counter[str]()
    examples = []
    for question in split.questions:
        if language and language_of(question) != language:
            dropped["other-language"] += question.id not in other
        elif question.video_id is None or question.video_id not in split.videos:
            dropped["no-video"] += 1
        elif question.video_id not in rows:
            dropped["no-features"] += 1
        else:
            twin, own = other.get(question.id), given.get(str(question.id))
            text = own.text if own is not None and own.text else twin.text if twin is not None else ""
            translation = read_text(reader, text) if text else ()
            back = read_text(reader, own.back) if own is not None and own.back else ()
            source = read_text(reader, question.text)
            examples.append(Example(str(question.id), question.video_id, source, translation, back))
    return tuple(examples), dropped


def say_languages(examples: Sequence[Example]) -> None:
    """Say whether the cross-lingual losses have anything to learn from."""
    paired = sum(bool(example.translation) for example in examples)
    if paired:
        log.info(
            "%s of %d have a translation: the cross-lingual losses are on", count(paired, "question"), len(examples)
        )
    else:
        log.warning("no question has a second language: the cross-lingual losses are off")


def ranked(scores: Sequence[float], videos: Sequence[str], rows: VideoRows) -> list[tuple[str, float]]:
    """Videos with their scores; those without any rows behind all others."""
    return [(video, float(score) if video in rows else -2.0) for video, score in zip(videos, scores, strict=True)]


def seconds_of(video: Video) -> float:
    """The end of a video in seconds: its duration, else the end of what is said."""
    return video.duration or max((line.end for line in video.subtitles), default=1.0)
