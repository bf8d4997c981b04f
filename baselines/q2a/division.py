"""Which questions are learnt from, and which a training is evaluated on: by videos, or as the paper's by questions.

Source: docs/spec/q2a.md, section 7.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from cmivqa_kit.bench.tasks.step_choice.annotations import StepAnnotations

HELD_OUT = 0.2  # share of the questions that the paper's split holds out


def by_videos(
    annotations: StepAnnotations, share: float, seed: int
) -> tuple[StepAnnotations, StepAnnotations | None]:  # fmt: skip
    """Questions to learn from, and those about the videos that are held out, drawn by the seed; all of a video.

    Args:
        annotations: of the training videos.
        share: of the videos that are held out.
        seed: of the run.
    """
    folders = sorted({question.folder for question in annotations.questions})
    count = round(share * len(folders))
    held_out = set(random.Random(f"held out {seed}").sample(folders, min(count, len(folders) - 1)))
    own, other = (
        replace(annotations, questions=tuple(q for q in annotations.questions if (q.folder in held_out) == held))
        for held in (False, True)
    )
    return own, (with_answers(other) if held_out else None)


def by_questions(
    annotations: Sequence[StepAnnotations], seed: int
) -> tuple[list[StepAnnotations], list[StepAnnotations]]:  # fmt: skip
    """The paper's split: all questions with answers shuffled once, and a fifth of them (rounded down) held out.

    Args:
        annotations: of the training and of the test videos.
        seed: of the run.

    Returns:
        What is learnt from, and what is held out, of each.
    """
    known = [with_answers(part) or replace(part, questions=()) for part in annotations]
    order = [(number, question) for number, part in enumerate(known) for question in part.questions]
    random.Random(f"questions held out {seed}").shuffle(order)
    count = int(HELD_OUT * len(order))

    def parts(chosen: Sequence[tuple[int, object]]) -> list[StepAnnotations]:
        """The chosen questions of each part, in their order there."""
        keys = {(number, id(question)) for number, question in chosen}
        return [
            replace(part, questions=tuple(q for q in part.questions if (number, id(q)) in keys))
            for number, part in enumerate(known)
        ]

    return parts(order[count:]), parts(order[:count])


def with_answers(annotations: StepAnnotations) -> StepAnnotations | None:
    """The questions whose steps all have a label; ``None`` where there is no such one."""
    known = tuple(q for q in annotations.questions if all(step.label is not None for step in q.steps))
    return replace(annotations, questions=known) if known else None
