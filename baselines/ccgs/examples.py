"""From text and seconds to token sequences, IoU matrices and training pairs.

    [CLS] [CLS] question [SEP]  line 1 [SEP]  line 2 [SEP]  ...  line n [SEP]

with marks (``token_types``) on every separator that is put here, whatever the text itself contains. Source:
docs/spec/ccgs.md, sections 1.6 and 2.1 to 2.3.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Subtitle
from cmivqa_kit.neural.tokens import Ids, Special, pad_rows

EXTRA = 3  # two [CLS] and the question's [SEP]


@dataclass(frozen=True, slots=True)
class Row:
    """One row for the network: token ids, and the marks of the same length (1 on boundaries)."""

    ids: Ids
    marks: Ids


def sequence(question: Ids, lines: Sequence[Ids], special: Special) -> Row:
    """Question and lines as one row of 3 + |question| + sum(|line| + 1) tokens; an empty line is a lone [SEP]."""
    ids = [special.cls, special.cls, *question, special.sep]
    marks = [0] * (len(ids) - 1) + [1]
    for line in lines:
        ids += [*line, special.sep]
        marks += [0] * len(line) + [1]
    return Row(tuple(ids), tuple(marks))


def length(question: int, lines: Sequence[int]) -> int:
    """How many tokens `sequence` makes of parts of so many."""
    return EXTRA + question + sum(lines) + len(lines)


def batch(rows: Sequence[Row], pad: int) -> dict[str, Tensor]:
    """Rows padded on the right: ``input_ids``, ``attention_mask``, ``token_types``, each (B, L) int64."""
    ids, mask, types = pad_rows([row.ids for row in rows], [row.marks for row in rows], pad)
    return {"input_ids": ids, "attention_mask": mask, "token_types": types}


def iou_matrix(subtitles: Sequence[Subtitle], answer: Span) -> NDArray[np.float32]:
    """IoU of every span with the answer, (n, n): row = first line, column = last line, 0 below the diagonal.

    Over the hull of both intervals, not their union; computed in double precision, kept in single as published (ties
    of the target are ties of the single precision numbers).
    """
    start = np.array([line.start for line in subtitles])[:, None]
    end = np.array([line.end for line in subtitles])[None, :]
    shared = np.minimum(end, answer.end) - np.maximum(start, answer.start)
    hull = np.maximum(end, answer.end) - np.minimum(start, answer.start)
    iou = np.divide(shared, hull, out=np.zeros_like(shared), where=hull > 0)
    upper: NDArray[np.float32] = np.triu(np.maximum(iou, 0)).astype(np.float32)
    return upper


def target(ious: NDArray[np.float32]) -> tuple[int, int]:
    """The first best cell (row, column) in row-major order; (0, 0) where no span overlaps the answer."""
    row, column = divmod(int(np.argmax(ious)), ious.shape[1])
    return row, column


def reference_negative(generator: random.Random, questions: int) -> int:
    """The published draw: any training question, the same one and others of the same video included."""
    return generator.randint(0, questions - 1)


def draw_question(
    seed: int,
    epoch: int,
    index: int,
    number: int,
    questions: Sequence[Question],
    any_question: bool,
    same: Sequence[int] | None = None,
) -> int:
    """Negative ``number`` of the published kind: a question to stand against question ``index`` on its own video.

    It depends on the arguments alone. ``any_question`` is the published draw. Kit: only questions about other videos,
    as one about the same video may be answered by it; where there are none, any other text, and where there is none
    either, the published draw. ``same`` are the numbers of the questions about its video, in order, where they are
    known: no search through all questions is needed then.
    """
    generator = random.Random(f"question {seed} {epoch} {index} {number}")
    asked = questions[index]
    if not any_question:
        if same is None:
            same = [n for n, other in enumerate(questions) if other.video_id == asked.video_id]
        if len(same) < len(questions):
            return _without(same, generator.choice(range(len(questions) - len(same))))
        others = [n for n, other in enumerate(questions) if other.text != asked.text]
        if others:
            return generator.choice(others)
    return reference_negative(generator, len(questions))


def _without(left_out: Sequence[int], rank: int) -> int:
    """The number of this rank (from 0) among 0, 1, 2, ... without some, given in order."""
    for number in left_out:
        if number > rank:
            break
        rank += 1
    return rank


def draw_video(seed: int, epoch: int, index: int, number: int, own: str, videos: Sequence[str]) -> str | None:
    """Negative ``number`` of the paper's kind: another video for the same question; None where there is no other."""
    others = [video for video in videos if video != own]
    return random.Random(f"video {seed} {epoch} {index} {number}").choice(others) if others else None
