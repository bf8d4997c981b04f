"""MMIVQA 2024: string ids ``NLPCC2024_Task1_1`` and a ``language_type`` column. Source: specs/ccgs.md, section 1.5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmivqa_kit.data.layouts import Layout, register
from cmivqa_kit.data.layouts.cmivqa import Keys, read_plain


def _is_mmivqa(record: Mapping[str, Any]) -> bool:
    return "question" in record and isinstance(record.get("id"), str) and str(record["id"]).startswith("NLPCC2024_")


register(
    Layout(
        name="mmivqa",
        title="MMIVQA 2024",
        edition="mmivqa-2024",
        matches=lambda sample: all(_is_mmivqa(record) for record in sample),
        read=lambda records: read_plain(records, Keys()),
    )
)
