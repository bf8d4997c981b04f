"""Scores of Tracks 1, 2 and 3: official, bit for bit, and corrected.

``score(predictions, truth, track=2)`` scores paths or plain Python objects and returns a `ScoreCard`. Imports only
`cmivqa_kit.data`, `cmivqa_kit.submission`, the editions and NumPy, and those only when something is scored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmivqa_kit.scoring.api import score
    from cmivqa_kit.scoring.card import ScoreCard

__all__ = ["ScoreCard", "score"]

_FROM = {"score": "scoring.api", "ScoreCard": "scoring.card"}


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first used."""
    from cmivqa_kit.lazy import public_name

    return public_name(__name__, _FROM, name)
