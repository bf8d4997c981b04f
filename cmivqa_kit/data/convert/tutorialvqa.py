"""TutorialVQA (Colas et al., LREC 2020, arXiv 1912.01046) in the CMIVQA layout.

Sentence times are interpolated between the anchors that the human segment times give; answers keep the human times.
Source: docs/spec/tutorialvqa.md. The corpus is CC BY-NC 4.0: read from the user's own download, never shipped.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from cmivqa_kit.data.convert import Converted, Converter, register
from cmivqa_kit.data.layouts.cmivqa import KEYS
from cmivqa_kit.errors import Problem, UserError, problems_error
from cmivqa_kit.files import read_json, write_json

WORDS_PER_SECOND = 3.1  # median of the corpus, for a video without a usable segment
SHORTEST = 0.1  # seconds a subtitle is shown at least
TRAIN_VIDEOS, DEV_VIDEOS = 44, 12  # protocol "unseen"; the remaining 20 are test videos
PROTOCOLS = ("unseen", "closed")
TEST_FILE, TEST_ANSWERS = "dataset_testA_for_track{}.json", "answers/dataset_testA_for_task_1_answer.json"


@dataclass(frozen=True, slots=True)
class RawVideo:
    """``segments`` is a list of (first sentence, last sentence, start, end), sentences inclusive, times in seconds."""

    id: str
    sentences: tuple[str, ...]
    segments: tuple[tuple[int, int, float, float], ...]


def convert(source: Path, destination: Path, protocol: str) -> Converted:
    """Read ``videos.json``, ``train.json``, ``dev.json`` and, where present, ``test.json``; write the CMIVQA tree.

    Raises:
        UserError: a file is missing or damaged; every finding is listed with its JSON pointer.
    """
    videos = _videos(source / "videos.json")
    raw = {name: _questions(source / f"{name}.json", videos) for name in ("train", "dev")}
    has_test = (source / "test.json").exists()
    if has_test:
        raw["test"] = _questions(source / "test.json", videos)
    remarks = []
    if protocol == "unseen":
        train, dev, test = unseen_videos(videos)
        splits = {
            "train": _of(raw["train"], train),
            "dev": _of(raw["dev"], dev),
            "testA": _of(raw["test"] if has_test else raw["dev"], test),
        }
        if not has_test:
            remarks.append("no test.json in the source: testA holds the questions of dev.json on the 20 test videos")
    else:
        splits = {"train": raw["train"], "dev": raw["dev"]}
        if has_test:
            splits["testA"] = raw["test"]
        else:
            remarks.append("no test.json in the source: protocol closed writes no testA")
    _write(destination, videos, splits, protocol)
    return Converted(destination, len(videos), {name: len(rows) for name, rows in splits.items()}, tuple(remarks))


def unseen_videos(ids: Mapping[str, Any]) -> tuple[set[str], set[str], set[str]]:
    """Train, dev and test video ids of protocol ``unseen``: ordered by the SHA-256 hex digest of the id."""
    order = sorted(ids, key=lambda video_id: hashlib.sha256(video_id.encode("utf-8")).hexdigest())
    return (
        set(order[:TRAIN_VIDEOS]),
        set(order[TRAIN_VIDEOS : TRAIN_VIDEOS + DEV_VIDEOS]),
        set(order[TRAIN_VIDEOS + DEV_VIDEOS :]),
    )


def sentence_times(video: RawVideo) -> list[float]:
    """Begin of each sentence in seconds, and the end of the last one: one value more than there are sentences.

    Linear in cumulative words between neighbouring anchors; before the first anchor the clock starts at 0 (unless an
    anchor says otherwise for sentence 0), after the last one the video's own median words per second go on.
    """
    count = len(video.sentences)
    words = [0]
    for sentence in video.sentences:
        words.append(words[-1] + len(sentence.split()))
    anchors = anchor_points(video)
    rates = [
        (words[last + 1] - words[first]) / (end - start)
        for first, last, start, end in video.segments
        if end > start and words[last + 1] > words[first]
    ]
    rate = median(rates) if rates else WORDS_PER_SECOND
    anchors.setdefault(0, 0.0)
    fixed = sorted(anchors)
    last = fixed[-1]
    anchors.setdefault(count, anchors[last] + (words[count] - words[last]) / rate)
    fixed = sorted(anchors)
    times = [0.0] * (count + 1)
    for left, right in pairwise(fixed):
        spoken = words[right] - words[left]
        for i in range(left, right):
            # Sentences without a word share the time evenly rather than all standing at its start.
            part = (words[i] - words[left]) / spoken if spoken else (i - left) / (right - left)
            times[i] = anchors[left] + part * (anchors[right] - anchors[left])
    times[count] = anchors[count]
    return times


def anchor_points(video: RawVideo) -> dict[int, float]:
    """Sentence index -> second at which it begins; the smallest where two segments give one."""
    anchors: dict[int, float] = {}
    for first, last, start, end in video.segments:
        for sentence, second in ((first, start), (last + 1, end)):
            anchors[sentence] = min(second, anchors.get(sentence, math.inf))
    return anchors


def subtitles(video: RawVideo) -> list[dict[str, Any]]:
    """The sentences as subtitle lines, times rounded to 2 decimals, each shown for at least 0.1 s."""
    times = sentence_times(video)
    return [
        {"text": text, "start": round(begin, 2), "duration": round(max(end - begin, SHORTEST), 2)}
        for text, (begin, end) in zip(video.sentences, pairwise(times), strict=True)
    ]


def _of(questions: Sequence[dict[str, Any]], videos: set[str]) -> list[dict[str, Any]]:
    return [question for question in questions if question["video_id"] in videos]


def _write(
    folder: Path, videos: Mapping[str, RawVideo], splits: Mapping[str, Sequence[dict[str, Any]]], protocol: str
) -> None:
    write_json(folder / "subtitle.json", {video.id: subtitles(video) for video in videos.values()})
    for name, rows in splits.items():
        numbered = [{"id": number, **row, "language_type": "English"} for number, row in enumerate(rows)]
        if name == "testA":
            write_json(folder / TEST_FILE.format("1"), KEYS.without_answers(numbered))
            write_json(folder / TEST_FILE.format("23"), KEYS.questions_only(numbered))
            write_json(folder / TEST_ANSWERS, numbered)
        else:
            write_json(folder / f"{name}.json", numbered)
    write_json(
        folder / "corpus.json",
        {
            "name": f"TutorialVQA ({protocol})",
            "edition": "cmivqa-2023",
            "licence": "CC BY-NC 4.0",
            "source": "Colas et al., LREC 2020, arXiv 1912.01046",
        },
    )


def _videos(path: Path) -> dict[str, RawVideo]:
    document = _array(path)
    videos: dict[str, RawVideo] = {}
    problems: list[Problem] = []
    for index, item in enumerate(document):
        try:
            video = RawVideo(
                _text(item["video_id"]),
                tuple(_text(sentence) for sentence in item["transcript"]),
                tuple(_segment(segment) for segment in item["segments"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            problems.append(Problem(f"/{index}", f"not a video of TutorialVQA ({error!r})"))
            continue
        outside = [s for s in video.segments if not 0 <= s[0] <= s[1] < len(video.sentences)]
        if outside:
            problems.append(Problem(f"/{index}/segments", f"sentences {outside[0][:2]} are not in the transcript"))
        if video.id in videos:
            problems.append(Problem(f"/{index}/video_id", f"{video.id!r} stands twice"))
        videos[video.id] = video
    if problems:
        raise problems_error(path, problems, "Download the corpus again.")
    return videos


def _segment(segment: Mapping[str, Any]) -> tuple[int, int, float, float]:
    sentences, times = segment["sentence_indexes"], segment["timestamps"]
    start, end = float(times["start"]), float(times["end"])
    if not (math.isfinite(start) and math.isfinite(end)):
        raise ValueError("a time that is not finite")
    return int(sentences["start"]), int(sentences["end"]), start, end


def _questions(path: Path, videos: Mapping[str, RawVideo]) -> list[dict[str, Any]]:
    """Question records without ids: video, text, and the human times of the answer's segment."""
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for index, item in enumerate(_array(path)):
        where = f"/{index}"
        try:
            video, question = videos[_text(item["video_id"])], _text(item["question"]).strip()
            pair = (int(item["answer_start"]), int(item["answer_end"]))
        except (KeyError, TypeError, ValueError) as error:
            problems.append(Problem(where, f"not a question of TutorialVQA ({error!r})"))
            continue
        times = next(((start, end) for first, last, start, end in video.segments if (first, last) == pair), None)
        if times is None:
            problems.append(Problem(where, f"sentences {pair} are no segment of video {video.id!r}"))
            continue
        rows.append(
            {"video_id": video.id, "question": question, "start_second": times[0], "end_second": times[1]}
        )  # fmt: skip
    if problems:
        raise problems_error(path, problems, "Download the corpus again.")
    return rows


def _array(path: Path) -> list[Any]:
    document = read_json(path, "file of TutorialVQA")
    if not isinstance(document, list):
        raise UserError(f"{path}: {type(document).__name__}, not an array", "Download the corpus again.")
    return document


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


register(
    Converter(
        name="tutorialvqa",
        title="TutorialVQA, 76 English tutorial videos",
        licence="CC BY-NC 4.0",
        protocols=PROTOCOLS,
        convert=convert,
    )
)
