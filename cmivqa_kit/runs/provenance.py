"""Provenance of a submission: a copy and a record in the run's ``predictions/``, found again by the hash."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cmivqa_kit.errors import UserError
from cmivqa_kit.files import atomic_path, read_json, sha256, write_json
from cmivqa_kit.runs.directory import PREDICTIONS, WEIGHTS, RunDirectory

RECORD, CONFIDENCE = ".record.json", ".confidence.json"
Confidences = Mapping[Any, Sequence[float | None]]  # question id -> the IoU expected of each of its answers
NameRecipe = Callable[[str, str], str]  # a system and its recipe -> how output names it


def keep(run: RunDirectory, path: Path, confidences: Confidences | None = None, **facts: Any) -> Path:
    """Copy a submission file into its run, with a record beside it.

    The record holds the run, its recipe, the hash of its weights (where it has any) and of code that its encoder
    brings, of the file, and ``facts``. What the system expected of its answers stands in another file beside. The same
    file kept twice is one copy.

    Returns:
        The copy.
    """
    digest = sha256(path)
    copy = run.path / PREDICTIONS / f"{path.stem}-{digest[:12]}.json"
    weights = run.path / WEIGHTS
    with atomic_path(copy) as temporary:
        shutil.copyfile(path, temporary)
    write_json(
        copy.with_suffix(RECORD),
        {
            "sha256": digest,
            "run": run.path.name,
            "baseline": run.baseline,
            "recipe": run.recipe,
            "weights": sha256(weights) if weights.is_file() else None,
            **({"foreign_code": run.foreign_code} if run.foreign_code else {}),
            **facts,
        },
    )
    if confidences:
        questions = [{"id": identity, "confidence": list(values)} for identity, values in confidences.items()]
        write_json(copy.with_suffix(CONFIDENCE), {"sha256": digest, "questions": questions})
    return copy


def find_record(path: Path, runs: Path, data: bytes | None = None) -> Mapping[str, Any] | None:
    """The record of a submission file among the runs below ``runs``; ``None`` where no run made it.

    ``data`` are its bytes, where they are at hand.
    """
    if not runs.is_dir() or not path.is_file():
        return None
    digest = sha256(path) if data is None else hashlib.sha256(data).hexdigest()
    return next((record for record in _records(runs, digest) if record.get("sha256") == digest), None)


def find_confidences(runs: Path, data: bytes) -> Confidences:
    """What a run below ``runs`` expected of the answers in a file with these bytes; empty where none kept it.

    A damaged document is passed over, and what is no number between 0 and 1 in it is not known.
    """
    digest = hashlib.sha256(data).hexdigest()
    for document in _records(runs, digest, CONFIDENCE):
        rows = document.get("questions")
        if document.get("sha256") == digest and isinstance(rows, list):
            return {row["id"]: _expected(row) for row in rows if isinstance(row, dict) and _is_id(row.get("id"))}
    return {}


def _expected(row: Mapping[str, Any]) -> list[float | None]:
    values = row.get("confidence")
    given = values if isinstance(values, list) else []
    return [value if isinstance(value, int | float) and 0 <= value <= 1 else None for value in given]


def _is_id(value: object) -> bool:
    return isinstance(value, str | int)


def run_of(runs: Path, path: Path) -> str | None:
    """The name of the run below ``runs`` that made a file; ``None`` where none did."""
    record = find_record(path, runs)
    return None if record is None else str(record.get("run"))


def _records(runs: Path, digest: str, suffix: str = RECORD) -> Iterator[Mapping[str, Any]]:
    """Records whose name carries the hash; a damaged one is passed over."""
    for path in sorted(runs.glob(f"*/{PREDICTIONS}/*-{digest[:12]}{suffix}")):
        try:
            document = read_json(path)
        except UserError:
            continue
        if isinstance(document, dict):
            yield document


def system_of(record: Mapping[str, Any], name_recipe: NameRecipe) -> str:
    """The system of a record with its recipe: ``ccgs (recipe kit: not the published baseline)``.

    ``name_recipe`` is `cmivqa_kit.plugin.settings.name_recipe`, which knows the installed systems.
    """
    return behind(name_recipe(str(record.get("baseline")), str(record.get("recipe"))), record.get("retriever"))


def behind(system: str, retriever: object) -> str:
    """``mutualsl behind bm25`` where a retriever stood in front."""
    return f"{system} behind {retriever}" if retriever else system


def made_by(record: Mapping[str, Any], name_recipe: NameRecipe) -> str:
    """``made by ccgs (recipe published), run ccgs-7``."""
    return f"made by {system_of(record, name_recipe)}, run {record.get('run')}"
