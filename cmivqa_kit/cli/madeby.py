"""Which system made a submission: what its run's record says, as output names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def system_of(record: Mapping[str, Any]) -> str:
    """The system with its recipe: ``ccgs (recipe kit: not the published baseline)``."""
    from cmivqa_kit.plugin.settings import name_recipe

    return behind(name_recipe(str(record.get("baseline")), str(record.get("recipe"))), record.get("retriever"))


def behind(system: str, retriever: object) -> str:
    """``mutualsl behind bm25`` where a retriever stood in front."""
    return f"{system} behind {retriever}" if retriever else system


def made_by(record: Mapping[str, Any]) -> str:
    """``made by ccgs (recipe published), run ccgs-7``."""
    return f"made by {system_of(record)}, run {record.get('run')}"
