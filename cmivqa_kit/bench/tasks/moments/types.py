"""What an annotation of moments says: a query, its video, and when what it describes can be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cmivqa_kit.errors import Problem, UserError, problems_error
from cmivqa_kit.metrics.benchmarks.highlights import ClipScores

Window = tuple[float, float]
CLIP = 2  # seconds of a clip whose saliency is annotated
LONGEST = 86_400.0  # seconds; a longer video is a mistake, and its clips would fill the memory


def saliency(duration: float, clips: Sequence[int], scores: Sequence[Sequence[int]]) -> ClipScores:
    """How well the clips of `CLIP` seconds of a video show what a query asks for, says each of three annotators.

    ``clips`` are the numbers of the relevant clips, from 0, ``scores`` three scores each, from 0 (very bad) to 4.
    """
    table = np.array(scores, dtype=np.int64).reshape(-1, 3)
    return ClipScores(int(duration / CLIP), np.array(clips, dtype=np.int64), table)


@dataclass(frozen=True, slots=True)
class MomentQuery:
    """A query: id, text, video and its duration in seconds, the right windows (start, end) in seconds.

    ``source`` is what the video was cut from, by default itself. Without annotation (the test split of QVHighlights)
    ``windows`` is empty and ``saliency`` is ``None``.
    """

    qid: int | str
    text: str
    video: str
    duration: float
    windows: tuple[Window, ...]
    saliency: ClipScores | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class MomentAnnotations:
    """The queries of a file in its order, and what the rules of the benchmark changed in it, by rule."""

    files: tuple[Path, ...]
    queries: tuple[MomentQuery, ...]
    changes: Mapping[str, int] = field(default_factory=dict)


AnnotationsAndProblems = tuple[MomentAnnotations, list[Problem]]


def without_problems(annotations: MomentAnnotations, problems: Sequence[Problem], fix: str) -> MomentAnnotations:
    """The annotations, if nothing is wrong in their files.

    Raises:
        UserError: something is; everything is listed.
    """
    if problems:
        raise problems_error(annotations.files[0], problems, fix)
    if not annotations.queries:
        raise UserError(f"{annotations.files[0]}: holds no query", fix)
    return annotations
