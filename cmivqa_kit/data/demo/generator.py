"""The embedded corpus as a whole: 64 videos, their questions, the splits and the files.

Per topic there are four videos that differ in details: one is tested, one is in dev for twelve of the sixteen topics,
the rest is for training. So no video is seen twice, but every kind of step is.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Literal

from cmivqa_kit.data.demo.tables import Slot, Speech, Topic
from cmivqa_kit.data.demo.text import Passage, ask_pair, ask_step, can_pair, pick, shuffled, write_script
from cmivqa_kit.data.demo.timing import timed_lines
from cmivqa_kit.data.layouts.cmivqa import KEYS
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Subtitle
from cmivqa_kit.errors import RunFailed
from cmivqa_kit.files import write_json

VERSION = "1"  # part of the cache folder's name: raise it whenever a byte of the output changes
SEED = "cmivqa-kit demo"
VIDEOS = 64
DEV_TOPICS = 6  # per language
PAIRS = 0.6  # of the videos have a question about two steps
TRIES = 200  # draws until a question is new
SplitName = Literal["train", "dev", "testA"]

TRACK1 = "dataset_testA_for_track1.json"
TRACK23 = "dataset_testA_for_track23.json"
ANSWERS = "answers/dataset_testA_for_task_1_answer.json"
FILES = ("train.json", "dev.json", "subtitle.json", TRACK1, TRACK23, ANSWERS, "corpus.json")
ABOUT = {
    "name": "embedded demo corpus",
    "edition": "cmivqa-2023",
    "generator": VERSION,
    "note": "Written for cmivqa-kit (MIT), not filmed; for trying the software, not medical advice.",
}


@dataclass(frozen=True, slots=True)
class DemoVideo:
    """One video: ``lines[i]`` are the subtitles of ``passages[i]``."""

    id: str
    split: SplitName
    speech: Speech
    topic: Topic
    variant: Mapping[str, Slot]
    passages: tuple[Passage, ...]
    lines: tuple[tuple[Subtitle, ...], ...]


@dataclass(frozen=True, slots=True)
class DemoQuestion:
    """A question and its answer, the span of one step or of two in a row."""

    text: str
    video: DemoVideo
    answer: Span


def make_videos() -> tuple[DemoVideo, ...]:
    """The 64 videos, by language, topic and variant."""
    return tuple(_videos())


def _videos() -> Iterator[DemoVideo]:
    from cmivqa_kit.data.demo import (
        speech_en,
        speech_zh,
        topics_en_care,
        topics_en_move,
        topics_zh_care,
        topics_zh_move,
    )

    languages = (
        (speech_en.SPEECH, topics_en_care.TOPICS + topics_en_move.TOPICS),
        (speech_zh.SPEECH, topics_zh_care.TOPICS + topics_zh_move.TOPICS),
    )
    number = 0
    for speech, topics in languages:
        for rank, topic in enumerate(topics):
            for variant, slots in enumerate(topic.variants):
                rng = Random(f"{SEED} video {number}")
                passages = write_script(speech, topic, variant, rng)
                lines = timed_lines(passages, speech.language, rng)
                yield DemoVideo(video_id(number), _split(rank, variant), speech, topic, slots, passages, lines)
                number += 1


def video_id(number: int) -> str:
    """The id of a video: eleven signs as on YouTube, with the two forms that trip up careless readers."""
    name = base64.urlsafe_b64encode(hashlib.sha256(f"{SEED} id {number}".encode()).digest())[:11].decode()
    if number == 5:
        return name[:9] + "sr"
    return "-" + name[1:] if number == 11 else name


def _split(topic: int, variant: int) -> SplitName:
    if variant == topic % 4:
        return "testA"
    return "dev" if variant == (topic + 1) % 4 and topic < DEV_TOPICS else "train"


def make_questions(videos: Iterable[DemoVideo]) -> tuple[DemoQuestion, ...]:
    """Six to eight questions per video; no text occurs twice in the corpus."""
    seen: set[str] = set()
    return tuple(question for video in videos for question in _questions(video, seen))


def _questions(video: DemoVideo, seen: set[str]) -> Iterator[DemoQuestion]:
    rng = Random(f"{SEED} questions {video.id}")
    steps = [(p.step, Span(s[0].start, s[-1].end)) for p, s in zip(video.passages, video.lines, strict=True) if p.step]

    def new(draw: Callable[[], str]) -> str:
        for _ in range(TRIES):
            text = draw()
            if text not in seen:
                seen.add(text)
                return text
        raise RuntimeError(f"{video.topic.key}: the tables have too few ways to ask; add questions")

    count = 6 + int(rng.random() * 2)
    order = (shuffled(rng, steps) + shuffled(rng, steps))[:count]
    for step, span in order:
        yield DemoQuestion(new(partial(ask_step, video.speech, video.variant, step, rng)), video, span)
    pairs = [(one, two) for one, two in pairwise(steps) if can_pair(one[0], two[0])]
    if pairs and rng.random() < PAIRS:
        (first, begin), (second, end) = pick(rng, pairs)
        text = new(partial(ask_pair, video.speech, video.variant, first, second, rng))
        yield DemoQuestion(text, video, Span(begin.start, end.end))


def write_corpus(folder: Path) -> None:
    """Write the corpus into ``folder``; ``corpus.json`` comes last, so that a half-made folder can be told.

    Raises:
        RunFailed: the folder cannot be written.
    """
    videos = make_videos()
    questions = make_questions(videos)
    try:
        (folder / "answers").mkdir(parents=True, exist_ok=True)
        (folder / "video_feature").mkdir(exist_ok=True)
        (folder / "corpus.json").unlink(missing_ok=True)
        _write_features(folder / "video_feature", videos)
    except OSError as error:
        raise RunFailed(
            error.strerror or str(error), "It needs about 40 MB: free some space or choose another folder."
        ) from None
    write_json(folder / "subtitle.json", _subtitles(videos))
    records = {name: _records(name, questions) for name in ("train", "dev", "testA")}
    write_json(folder / "train.json", records["train"])
    write_json(folder / "dev.json", records["dev"])
    write_json(folder / TRACK1, KEYS.without_answers(records["testA"]))
    write_json(folder / TRACK23, KEYS.questions_only(records["testA"]))
    write_json(folder / ANSWERS, records["testA"])
    write_json(folder / "corpus.json", ABOUT)


def _records(split: str, questions: Iterable[DemoQuestion]) -> list[dict[str, Any]]:
    chosen = shuffled(Random(f"{SEED} order {split}"), [q for q in questions if q.video.split == split])
    return [
        {
            "id": number,
            "video_id": question.video.id,
            "question": question.text,
            "start_second": question.answer.start,
            "end_second": question.answer.end,
            "language_type": question.video.speech.language,
        }
        for number, question in enumerate(chosen)
    ]


def _subtitles(videos: Sequence[DemoVideo]) -> dict[str, list[dict[str, Any]]]:
    found = {
        video.id: [
            {"text": line.text, "start": line.start, "duration": line.duration}
            for lines in video.lines
            for line in lines
        ]
        for video in sorted(videos, key=lambda video: video.id)
    }
    found[video_id(0) + "sr"] = found[video_id(0)]  # the official file holds such doubles
    return found


def _write_features(folder: Path, videos: Iterable[DemoVideo]) -> None:
    from cmivqa_kit.data.demo.visual import feature_rows, npy_bytes

    for video in videos:
        rows = feature_rows(video.id, video.topic.key, video.passages, video.lines)
        (folder / f"{video.id}.npy").write_bytes(npy_bytes(rows))
