"""Provenance of a submission: a copy and a record in the run's ``predictions/``, found again by the hash."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cmivqa_kit.errors import UserError
from cmivqa_kit.files import atomic_path, read_json, sha256, write_json
from cmivqa_kit.runs.directory import PREDICTIONS, WEIGHTS, RunDirectory

RECORD = ".record.json"
NameRecipe = Callable[[str, str], str]  # a system and its recipe -> how output names it


def keep(run: RunDirectory, path: Path, **facts: Any) -> Path:
    """Copy a submission file into its run, with a record beside it.

    The record holds the run, its recipe, the hash of its weights (where it has any) and of code that its encoder
    brings, of the file, and ``facts``. The same file kept twice is one copy.

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
    return copy


def find_record(path: Path, runs: Path, data: bytes | None = None) -> Mapping[str, Any] | None:
    """The record of a submission file among the runs below ``runs``; ``None`` where no run made it.

    ``data`` are its bytes, where they are at hand.
    """
    if not runs.is_dir() or not path.is_file():
        return None
    digest = sha256(path) if data is None else hashlib.sha256(data).hexdigest()
    return next((record for record in _records(runs, digest) if record.get("sha256") == digest), None)


def run_of(runs: Path, path: Path) -> str | None:
    """The name of the run below ``runs`` that made a file; ``None`` where none did."""
    record = find_record(path, runs)
    return None if record is None else str(record.get("run"))


def _records(runs: Path, digest: str) -> Iterator[Mapping[str, Any]]:
    """Records whose name carries the hash; a damaged one is passed over."""
    for path in sorted(runs.glob(f"*/{PREDICTIONS}/*-{digest[:12]}{RECORD}")):
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
