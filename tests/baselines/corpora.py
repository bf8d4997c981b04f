"""Small corpora for the tests of the train-free baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from baselines.bm25 import DECLARATION
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import DurationSource, Question, Split, Subtitle, Video
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import PredictOptions

TOPICS = ("bandage", "pulse", "burn", "nosebleed", "splint", "fever", "inhaler", "stretch", "massage", "vaccine")


def lines(texts: Sequence[str], seconds: float = 5.0) -> tuple[Subtitle, ...]:
    """Subtitles of equal length, one after the other."""
    return tuple(Subtitle(text, i * seconds, seconds) for i, text in enumerate(texts))


def video(
    video_id: str,
    texts: Sequence[str],
    duration: float | None = None,
    source: DurationSource | None = "subtitles",
    translations: Mapping[str, Sequence[str]] | None = None,
) -> Video:
    """A video with five-second subtitles; its duration is their end unless given."""
    spoken = lines(texts)
    known = duration if duration is not None else (spoken[-1].end if spoken else None)
    other = {language: lines(words) for language, words in (translations or {}).items()}
    return Video(video_id, spoken, known, source if known is not None else None, MappingProxyType(other))


def split(videos: Sequence[Video], questions: Sequence[Question]) -> Split:
    """A split of these videos and questions."""
    ordered = MappingProxyType({v.id: v for v in sorted(videos, key=lambda v: v.id)})
    return Split("dev", tuple(questions), ordered, SplitFeatures())


def clinic(videos: int = 60, sentences: int = 24) -> Split:
    """Videos that share topics; each question asks for one topic in words of its third quarter."""
    made = [
        video(
            f"v{n:02d}",
            [
                f"now we show the {TOPICS[(n + i // 6) % 10]} step {i} of lesson {n}"
                if i % 3
                else f"apply tool{n} again"
                for i in range(sentences)
            ],
        )
        for n in range(videos)
    ]
    asked = [
        Question(n, f"how do i use tool{n} for the {TOPICS[(n + 2) % 10]}?", "English", f"v{n:02d}", Span(60.0, 90.0))
        for n in range(0, videos, 4)
    ]
    return split(made, asked)


def options(*overrides: str, limit: int = 50) -> PredictOptions:
    """The defaults of bm25 with ``--set`` texts on top."""
    return PredictOptions(config=settings(DECLARATION, None, overrides), limit=limit)
