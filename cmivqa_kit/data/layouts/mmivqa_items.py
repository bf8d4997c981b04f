"""MMIVQA 2024 files whose items carry ``Chinese_question`` or ``English_question``, one question each.

So the READMEs of 2024 and 2025 describe the annotation (docs/spec/scoring.md, section 1.3), while the released samples
have
``question`` and ``language_type``. What marks 2025 is missing here: captions inside, or both questions in one record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmivqa_kit.data.layouts import Layout, register
from cmivqa_kit.data.layouts.m4ivqa import KEYS, QUESTIONS, read


def _is_item(record: Mapping[str, Any]) -> bool:
    both = all(record.get(key) not in (None, "") for key in QUESTIONS.values())
    return any(key in record for key in QUESTIONS.values()) and not both and "video_captions" not in record


register(
    Layout(
        name="mmivqa_items",
        title="MMIVQA 2024, one item per language",
        edition="mmivqa-2024",
        keys=KEYS,
        matches=lambda sample: all(_is_item(record) for record in sample),
        read=read,
        tentative=True,
    )
)
