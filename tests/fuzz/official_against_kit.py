"""One pair of files through the official program as the specification has it, and through the kit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cmivqa_kit.editions import load_edition
from cmivqa_kit.scoring.crashes import unreadable
from cmivqa_kit.scoring.results import OfficialResult
from cmivqa_kit.scoring.scorer import score_documents
from cmivqa_kit.submission.read import read_submission
from tests.fuzz.official_inputs import Files, files
from tests.fuzz.official_program import Stopped, evaluate, read, repaired

EDITIONS = ("cmivqa-2023", "mmivqa-2024", "m4ivqa-2025", "medvidqa")


def disagreement(seed: int, folder: Path) -> str:
    """What differs between the two on the files of a seed; empty where nothing does."""
    pair = files(seed)
    targets = read(pair.targets)
    expected = evaluate(pair.track, pair.predictions, pair.targets)
    told: OfficialResult | None = None
    for edition in EDITIONS if seed % 10 == 0 else (EDITIONS[seed % 4],):
        told = kit(pair, targets, edition, folder)
        shown = Stopped(told.crash.exception, told.crash.stage, told.crash.target_index) if told.crash else told.raw
        if repr(shown) != repr(expected):  # bit for bit, and NaN is NaN
            return f"official, {edition}, Track {pair.track}: {shown} where the program gives {expected}"
    assert told is not None
    if isinstance(expected, Stopped) and expected.stage == "score":
        mended = repaired(pair.track, read(pair.predictions), targets)
        if repr(told.repaired_raw) != repr(mended):
            return f"repaired, Track {pair.track}: {told.repaired_raw} where the specification gives {mended}"
    return ""


def kit(pair: Files, targets: Any, edition: str, folder: Path) -> OfficialResult:
    """The kit's official result on the same files."""
    path = folder / "submission.json"
    path.write_bytes(pair.predictions)
    document = read_submission(path)
    crash = unreadable(document)
    card = score_documents(document.raw, targets, pair.track, load_edition(edition), unreadable=crash)  # type: ignore[arg-type]
    return card.official
