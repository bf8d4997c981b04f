"""A result card: the scores of one file with all that is needed to compute them again, and nothing that tells answers.

The answers are told apart by the digest that stands in every signature. It is of all answers at once, so it tells none
of them as long as they are too many to be guessed together; of fewer it is withheld.
"""

from __future__ import annotations

import platform
import re
from pathlib import Path
from typing import Any

from cmivqa_kit import __version__
from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.entries.scores import ScoreWithIntervals
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import sha256
from cmivqa_kit.scoring.results import OfficialResult

FORMAT = "cmivqa-kit result card, version 1"
FEWEST = 10  # questions whose answers together cannot be guessed: at least 7 bits each
_TRUTH = re.compile(r"truth:[0-9a-f]+$")
Seconds = dict[str, float]


def result_card(entry: Entry, seconds: Seconds | None = None) -> dict[str, Any]:
    """The card of an entry, fit for JSON.

    Args:
        entry: scored on all questions.
        seconds: what it took, ``wall`` and ``processor``.

    Raises:
        UserError: nothing in the file could be scored, or only some of the questions are.
    """
    ground = entry.ground.ground
    if ground.options.only is not None:
        raise UserError("a card is of all questions, and --only chooses some", "Leave out one of the two.")
    if not entry.cards or entry.truth is None:
        raise UserError(f"{entry.path}: no card, nothing in it could be scored", "See what `validate` says of it.")
    resampling = ground.resampling
    return {
        "format": FORMAT,
        "file": {"name": entry.path.name, "bytes": entry.path.stat().st_size, "sha256": sha256(entry.path)},
        "truth": {"name": Path(entry.truth).name},
        "settings": {
            "edition": entry.cards[0].edition,
            "split": entry.cards[0].split,
            "track": ground.track,
            "cutoffs": None if ground.options.cutoffs is None else list(ground.options.cutoffs),
            "resamples": None if resampling is None else resampling.resamples,
            "seed": None if resampling is None else resampling.seed,
        },
        "scores": [_score(score) for score in entry.scores],
        "environment": {
            "cmivqa-kit": __version__,
            "python": platform.python_version(),
            "implementation": platform.python_implementation(),
            "numpy": _numpy_version(),
            "system": platform.system(),
            "machine": platform.machine(),
        },
        "seconds": seconds,
    }


def _score(score: ScoreWithIntervals) -> dict[str, Any]:
    """One track. Of a crash only its kind is told: the place can tell which video is right."""
    card, document = score.card, score.to_dict()
    few = card.counts["questions"] < FEWEST
    return {
        "track": card.track,
        "split": card.split,
        "edition": card.edition,
        "headline": card.headline,
        "signature": _TRUTH.sub("truth:withheld", card.signature) if few else card.signature,
        "truth": None if few else card.signature.rpartition(":")[2],
        "counts": document["counts"],
        "official": {**_official(card.official), "repaired": document["official"]["repaired"]},
        "strict": {name: document["strict"][name] for name in ("status", "error", "metrics", "by_language")},
        "intervals": document["intervals"],
        "resampling": document["resampling"],
    }


def _official(result: OfficialResult) -> dict[str, Any]:
    document = result.to_dict()
    crash = None
    if result.crash is not None:
        crash = {"exception": result.crash.exception, "stage": result.crash.stage}
    return {"status": result.status, "metrics": document["metrics"], "raw": document["raw"], "crash": crash}


def _numpy_version() -> str:
    import numpy

    return numpy.__version__
