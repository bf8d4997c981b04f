"""MMIVQA 2024: string ids ``NLPCC2024_Task1_1`` and a ``language_type`` column. Source: docs/spec/ccgs.md, section 1.5.

Integer ids with ``language_type`` are left to the plain CMIVQA layout: converted corpora of the 2023 edition have them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cmivqa_kit.data.layouts import Layout, Records, register
from cmivqa_kit.data.layouts.cmivqa import KEYS, Keys, read_plain
from cmivqa_kit.data.layouts.languages import with_languages


def _is_mmivqa(record: Mapping[str, Any]) -> bool:
    identity = record.get("id")
    return (
        "question" in record
        and isinstance(identity, str)
        and (identity.startswith("NLPCC2024_") or "language_type" in record)
    )


def read(records: Sequence[Any]) -> Records:
    """The plain fields; an id shared by a Chinese and an English record gets its language."""
    plain = read_plain(records, Keys())
    questions, notes = with_languages(plain.questions)
    return Records(questions, plain.videos, plain.problems, notes)


register(
    Layout(
        name="mmivqa",
        title="MMIVQA 2024",
        edition="mmivqa-2024",
        keys=KEYS,
        matches=lambda sample: all(_is_mmivqa(record) for record in sample),
        read=read,
        as_scored=True,
    )
)
