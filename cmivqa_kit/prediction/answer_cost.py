"""What answers that are kept in parts will cost: a few questions, asked in a part of the corpus, and what follows.

Opening a corpus (embeddings, which then lie in the cache) and answering a question in it both grow with its lines, so
the time of a part of the videos is scaled by theirs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cmivqa_kit.data.subset import subset
from cmivqa_kit.data.types import Question, Split, Video
from cmivqa_kit.plugin.types import PredictOptions, Target
from cmivqa_kit.prediction.answer_parts import AnswersInParts, Asked
from cmivqa_kit.prediction.pairs.pass_options import CostEstimate

VIDEOS = 32  # that are opened: what they embed is kept in the cache, so the answers have it for nothing
QUESTIONS = 4  # that are asked


def cost_in_parts(system: AnswersInParts, asked: Asked, options: PredictOptions, processes: int = 1) -> CostEstimate:
    """Measure a few questions of each file, and estimate the rest; nothing is answered.

    Args:
        system: the loaded baseline.
        asked: the files to write.
        options: effective settings and device.
        processes: that will share the questions; each opens the corpus.

    Returns:
        Its ``tokens``, ``batch`` and ``memory`` are 0: not known.

    Raises:
        UserError: as the baseline's `answering`.
    """
    seconds = sum(_seconds(system, split, target, options, processes) for split, _, target in asked)
    splits = {id(split): split for split, _, _ in asked}.values()
    different = {(question.text, question.language) for split in splits for question in split.questions}
    videos = max((len(split.videos) for split in splits), default=0)
    count = sum(len(split.questions) for split, _, _ in asked)
    pairs = sum(len(split.questions) * (1 if target == 1 else len(split.videos)) for split, _, target in asked)
    return CostEstimate(len(different), videos, pairs, pairs, 0, seconds, 0, 0, _device(options.device), count)


def _device(name: str) -> str:
    """Where it was measured: on the CPU where the baseline needed no torch."""
    if sys.modules.get("torch") is None:
        return "cpu"
    from cmivqa_kit.runs.device import resolve

    return str(resolve(name))


def _seconds(system: AnswersInParts, split: Split, target: Target, options: PredictOptions, processes: int) -> float:
    questions = subset(split.questions, QUESTIONS, "cost")
    if not questions:
        return 0.0
    part = _part(split, questions)
    answers = system.answering(replace(split, questions=questions, videos=part), target, options)
    begin = time.perf_counter()
    answers(questions)  # the corpus is opened at the first of them
    opened = time.perf_counter()
    answers(questions)
    each = (time.perf_counter() - opened) / len(questions)
    opening = max(0.0, opened - begin - each * len(questions))
    return (opening + each * len(split.questions) / processes) * _lines(split.videos) / max(1, _lines(part))


def _part(split: Split, questions: Sequence[Question]) -> Mapping[str, Video]:
    """The videos that these questions name, and others of the corpus."""
    named = [q.video_id for q in questions if q.video_id in split.videos]
    names = dict.fromkeys([*named, *subset(sorted(split.videos), VIDEOS, "cost")])
    return {name: split.videos[name] for name in names if name is not None}


def _lines(videos: Mapping[str, Video]) -> int:
    return sum(len(video.subtitles) for video in videos.values()) or len(videos)
