"""Examples: the questions of annotations with the encoded features of their videos, scripts, texts and buttons.

Source: docs/spec/q2a.md, sections 2.1 and 4.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from baselines.q2a.model import Sample, Step
from cmivqa_kit.bench.tasks.step_choice.annotations import StepAnnotations, StepQuestion
from cmivqa_kit.bench.tasks.step_choice.encoded import AGAIN, EncodedQuestion, EncodedSplit
from cmivqa_kit.errors import UserError

NO_LABEL, OUTSIDE = "no-label", "label-outside"  # why a question cannot be learnt from


class Example(NamedTuple):
    """A question about the video of a folder, encoded."""

    folder: str
    question: str
    sample: Sample


@dataclass(frozen=True, slots=True)
class Examples:
    """Examples in the order of the annotations, questions that are left out by reason, and what all have in common.

    ``dim`` is the width of the features, ``images`` the number of pictures of a button.
    """

    usable: tuple[Example, ...]
    dropped: Mapping[str, int]
    dim: int
    images: int


def build_examples(annotations: StepAnnotations, features: EncodedSplit, labelled: bool) -> Examples:
    """The questions of annotations with their features.

    Args:
        annotations: of a split.
        features: of the same split.
        labelled: leave out questions that cannot be learnt from: a step without a label, or one that is no candidate.

    Raises:
        UserError: features are missing or damaged, of other annotations, or of several widths.
    """
    examples, dropped = [], Counter[str]()
    for folder, questions in annotations.by_folder():
        video, script = (_tensor(rows) for rows in (features.video(folder), features.script(folder)))
        encoded = features.questions(folder, questions)
        for at, question in enumerate(questions):
            reason = _unusable(question) if labelled else ""
            if reason:
                dropped[reason] += 1
                continue
            own = _matching(question, encoded[at] if at < len(encoded) else None, features)
            examples.append(Example(folder, question.question, _sample(question, own, video, script, features)))
    if not examples:
        raise UserError(f"{annotations.path}: no question that can be learnt from", "Give annotations with answers.")
    shapes = {(step.buttons.shape[1], step.buttons.shape[2]) for one in examples for step in one.sample.steps}
    widths = {tensor.shape[1] for one in examples for tensor in (one.sample.video, one.sample.script)}
    if len(shapes) > 1 or widths != {next(iter(shapes))[1]}:
        listed = ", ".join(map(str, sorted({width for _, width in shapes} | widths)))
        raise UserError(f"{features.path}: features of several widths or numbers of pictures ({listed})", AGAIN)
    ((images, dim),) = shapes
    return Examples(tuple(examples), +dropped, dim, images)


def _unusable(question: StepQuestion) -> str:
    labels = [(step.label, len(step.candidates)) for step in question.steps]
    if any(label is None for label, _ in labels):
        return NO_LABEL
    return OUTSIDE if any(not 1 <= (label or 0) <= count for label, count in labels) else ""


def _matching(question: StepQuestion, own: EncodedQuestion | None, features: EncodedSplit) -> EncodedQuestion:
    """The features of a question, which have to be of its text."""
    if own is None or own.text != question.question:
        raise UserError(
            f"{features.path}: the features of {question.folder} are not those of its question {question.number} "
            f"({question.question!r})",
            AGAIN,
        )
    return own


def _sample(
    question: StepQuestion, encoded: EncodedQuestion, video: Tensor, script: Tensor, features: EncodedSplit
) -> Sample:
    dim = encoded.question.shape[1]
    steps = []
    for number, step in enumerate(question.steps, 1):
        texts, buttons = encoded.steps[number - 1] if number <= len(encoded.steps) else (np.empty((0, 0)),) * 2
        if len(texts) != len(step.candidates) or len(buttons) != len(texts) or buttons.shape[1] % dim:
            raise UserError(
                f"{features.path}: {question.folder}, question {question.number}, step {number}: features of "
                f"{len(texts)} texts and {len(buttons)} buttons for {len(step.candidates)} candidates",
                AGAIN,
            )
        steps.append(Step(_tensor(texts), _tensor(buttons.reshape(len(buttons), -1, dim))))
    labels = [(step.label or 0) - 1 for step in question.steps]
    return Sample(video, script, _tensor(encoded.question), tuple(steps), torch.tensor(labels))


def _tensor(rows: NDArray[np.floating]) -> Tensor:
    return torch.from_numpy(np.array(rows, np.float32))
