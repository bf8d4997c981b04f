"""The splits of AssistQ that are encoded: their annotation files, and where the videos lie that they are about.

Source: docs/spec/q2a.md, sections 1.1 and 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.bench.tasks.step_choice.evaluator import (
    SPLITS_22,
    SPLITS_23,
    WITHOUT_ANSWERS_22,
    WITHOUT_ANSWERS_23,
)
from cmivqa_kit.errors import UserError

FOLDERS = "Name the folder that holds train.json and train/, test_without_gt.json and test/, as AssistQ is handed out."


@dataclass(frozen=True, slots=True)
class AssistQSplit:
    """A split: names of its annotation file, the usual one first, and the folder of its videos."""

    name: str
    files: tuple[str, ...]
    media: str

    def annotations(self, root: Path) -> Path | None:
        """The annotation file below a data root; ``None`` where there is none."""
        return next((root / name for name in self.files if (root / name).is_file()), None)


SPLITS = {
    split.name: split
    for split in (
        AssistQSplit("train", SPLITS_22["train"], "train"),
        AssistQSplit("test", (*SPLITS_22["test"], *WITHOUT_ANSWERS_22["test"]), "test"),
        AssistQSplit("test2023", (*SPLITS_23["test"], *WITHOUT_ANSWERS_23["test"]), "train"),
    )
}


def splits_below(root: Path, name: str | None = None) -> list[tuple[AssistQSplit, Path]]:
    """The splits whose annotations lie below a data root, with the file; or the one that is asked for.

    Raises:
        UserError: there is none.
    """
    asked = list(SPLITS.values()) if name is None else [SPLITS[name]]
    there = [(split, path) for split in asked if (path := split.annotations(root)) is not None]
    if not there:
        expected = " or ".join(file for split in asked for file in split.files)
        raise UserError(f"{root}: no {expected}", FOLDERS)
    return there
