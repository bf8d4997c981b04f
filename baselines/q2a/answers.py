"""What a trained network answers: scores of every candidate of every step, as LOVEU takes them.

Source: docs/spec/q2a.md, sections 3.2 and 5.5.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch

from baselines.q2a.examples import Example
from baselines.q2a.model import StepNetwork
from cmivqa_kit.bench.tasks.step_choice.predictions import ScoredFolders, ScoredQuestion


@torch.no_grad()
def scored_questions(model: StepNetwork, examples: Iterable[Example], history: str) -> ScoredFolders:
    """The logits of all steps; folders in the order of their first question.

    Args:
        model: in evaluation mode.
        examples: what is asked.
        history: whose state the next step is given: that of the candidate with the best score, or nobody's.
    """
    device = model.state.device
    folders: dict[str, tuple[ScoredQuestion, ...]] = {}
    for folder, question, sample in examples:
        scores = tuple(tuple(row.float().tolist()) for row in model(sample._replace(labels=None).to(device), history))
        folders[folder] = (*folders.get(folder, ()), ScoredQuestion(question, scores))
    return folders
