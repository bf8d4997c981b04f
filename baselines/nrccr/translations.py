"""A user's own translations of questions: a file by question id, and two languages of a question in one score.

Source: docs/spec/nrccr.md, sections 5.1 and 5.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.errors import Problem, problems_error
from cmivqa_kit.files import read_json

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Translation:
    """A question in the other language, and translated back; either may be empty."""

    text: str = ""
    back: str = ""


NOTHING = Translation()
NOTHING_GIVEN: Mapping[str, Translation] = {}


def read_translations(path: Path) -> Mapping[str, Translation]:
    """A user's translations by question id: ``{id: {"translation": text, "back": text}}``, either text may be left out.

    Raises:
        UserError: the file is missing or damaged, or has other entries; all of them are listed.
    """
    document = read_json(path, "translations")
    entries = document.items() if isinstance(document, dict) else [("", document)]
    problems, given = [], {}
    for name, entry in entries:
        texts: dict[str, Any] = entry if isinstance(entry, dict) else {"": None}
        if texts.keys() <= {"translation", "back"} and all(isinstance(text, str) for text in texts.values()):
            given[name] = Translation(texts.get("translation", ""), texts.get("back", ""))
        else:
            problems.append(Problem(f"/{name}", "not an object of texts translation and back"))
    if problems:
        raise problems_error(path, problems, 'It holds {"QUESTION ID": {"translation": "...", "back": "..."}, ...}.')
    return given


def translations_in(name: str) -> Mapping[str, Translation]:
    """`read_translations` of a file named in the settings; without a name there are none."""
    return read_translations(Path(name)) if name else NOTHING_GIVEN


def mixed_scores(questions: Scores, translations: Scores, translated: Sequence[int], weight: float) -> Scores:
    """Scores of questions, of which some have a translation, against m videos.

    Args:
        questions: (n, m) cosines.
        translations: (k, m) cosines of the translations.
        translated: (k,) the numbers of their questions.
        weight: of the question beside its translation.

    Returns:
        (n, m) both stretched to 0 .. 1 over all of a matrix, then mixed; a question without a translation has its own.
    """
    scores = _stretched(questions)
    numbers = list(translated)
    scores[numbers] = weight * scores[numbers] + (1 - weight) * _stretched(translations)
    return scores


def _stretched(scores: Scores) -> Scores:
    """A matrix from 0, its least, to 1, its largest; zeros where all are equal."""
    above: Scores = scores - scores.min()
    return above / (float(above.max()) or 1.0)
