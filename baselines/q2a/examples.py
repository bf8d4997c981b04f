"""Examples: the questions of annotations with the encoded features of their videos, scripts, texts and buttons.

Source: docs/spec/q2a.md, sections 2.1 and 4.
"""

from __future__ import annotations

from typing import NamedTuple

from baselines.q2a.model import Sample


class Example(NamedTuple):
    """A question about the video of a folder, encoded."""

    folder: str
    question: str
    sample: Sample
