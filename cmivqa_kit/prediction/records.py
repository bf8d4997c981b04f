"""What a submission came from: a copy and a record in the run's ``predictions/``, found again by the hash."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmivqa_kit.errors import UserError
from cmivqa_kit.files import atomic_path, read_json, sha256, write_json

if TYPE_CHECKING:  # `score` looks for records, and is to start fast
    from cmivqa_kit.training.run import RunDirectory

FOLDER, RECORD = "predictions", ".record.json"


def keep(run: RunDirectory, path: Path, **facts: Any) -> Path:
    """Copy a submission file into its run, with a record beside it.

    The record holds the run, its recipe, the hash of its weights (where it has any), of the file, and ``facts``. The
    same file kept twice is one copy.

    Returns:
        The copy.
    """
    digest = sha256(path)
    copy = run.path / FOLDER / f"{path.stem}-{digest[:12]}.json"
    weights = run.path / "model.safetensors"
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
            **facts,
        },
    )
    return copy


def find_record(path: Path, runs: Path) -> Mapping[str, Any] | None:
    """The record of a submission file among the runs below ``runs``; ``None`` where no run made it."""
    if not runs.is_dir() or not path.is_file():
        return None
    digest = sha256(path)
    return next((record for record in _records(runs, digest) if record.get("sha256") == digest), None)


def _records(runs: Path, digest: str) -> Iterator[Mapping[str, Any]]:
    """Records whose name carries the hash; a damaged one is passed over."""
    for path in sorted(runs.glob(f"*/{FOLDER}/*-{digest[:12]}{RECORD}")):
        try:
            document = read_json(path)
        except UserError:
            continue
        if isinstance(document, dict):
            yield document
