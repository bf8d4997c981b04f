"""The evaluators of the benchmarks of moments."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from cmivqa_kit.bench.tasks.moments.charades import JSON_FIX, TEXT_FIX, read_charades_json, read_charades_sta
from cmivqa_kit.bench.tasks.moments.evaluator import MomentEvaluator
from cmivqa_kit.bench.tasks.moments.qvhighlights import FIX as QVHIGHLIGHTS_FIX
from cmivqa_kit.bench.tasks.moments.qvhighlights import read_qvhighlights
from cmivqa_kit.bench.tasks.moments.tacos import FIX as TACOS_FIX
from cmivqa_kit.bench.tasks.moments.tacos import read_tacos
from cmivqa_kit.bench.tasks.moments.types import AnnotationsAndProblems
from cmivqa_kit.metrics.benchmarks.moments import LONG, MIDDLE, SHORT, SUPERLONG, THRESHOLDS

CHARADES_RECALLS = ((1, 0.5), (1, 0.7), (1, 0.3), (5, 0.5), (5, 0.7))
CHARADES_OFFICIAL = (0.3, *THRESHOLDS)
RANGES = (SHORT, MIDDLE, LONG)


def charades_sta() -> MomentEvaluator:
    """Charades-STA, as MESM's program evaluates it."""
    files = {split: (f"charades_sta_{split}.txt", f"Charades_v1_{split}.csv") for split in ("test", "train")}
    folders = ("annotations", "charades-sta", "charades/annotations", "Charades-STA", "charades")
    return MomentEvaluator(
        "Charades-STA", files, folders, read_charades_sta, TEXT_FIX, RANGES, CHARADES_RECALLS, CHARADES_OFFICIAL
    )


def charades_cd() -> MomentEvaluator:
    """Charades-CD, as MESM's program evaluates it."""
    splits = ("test_ood", "val", "test_iid", "train")
    files = {split: (f"charades_{split}.json",) for split in splits}
    folders = ("annotations", "charades-cd", "Charades-CD")
    read = partial(_json, duration_key="video_duration")
    return MomentEvaluator("Charades-CD", files, folders, read, JSON_FIX, RANGES, CHARADES_RECALLS, CHARADES_OFFICIAL)


def charades_cg() -> MomentEvaluator:
    """Charades-CG, as MESM's program evaluates it."""
    files = {split: (f"{split}.json",) for split in ("novel_composition", "novel_word", "test_trivial", "train")}
    folders = ("annotations", "charades-cg", "Charades-CG")
    read = partial(_json, duration_key="duration")
    return MomentEvaluator("Charades-CG", files, folders, read, JSON_FIX, RANGES, CHARADES_RECALLS, CHARADES_OFFICIAL)


def tacos() -> MomentEvaluator:
    """TACoS, as MESM's program evaluates it."""
    files = {split: (f"{split}.json",) for split in ("test", "val", "train")}
    folders = ("annotations", "tacos", "TACoS/annotations", "TACoS")
    levels = (0.5, 0.7, 0.3, 0.1)
    recalls = (*((1, mu) for mu in levels), *((5, mu) for mu in levels[:3]))
    return MomentEvaluator(
        "TACoS", files, folders, _tacos, TACOS_FIX, (*RANGES, SUPERLONG), recalls, tuple(sorted(levels))
    )


def qvhighlights() -> MomentEvaluator:
    """QVHighlights, moments and highlights, as Moment-DETR's program evaluates it."""
    files = {split: (f"highlight_{split}_release.jsonl",) for split in ("val", "train", "test")}
    folders = ("annotations", "qvhighlights", "qvhighlights/annotations", "QVHighlights")
    return MomentEvaluator(
        "QVHighlights", files, folders, _qvhighlights, QVHIGHLIGHTS_FIX, RANGES, ((1, 0.5), (1, 0.7)),
        highlights=True, precision_first=True,
    )  # fmt: skip


def _json(files: Sequence[Path], duration_key: str) -> AnnotationsAndProblems:
    return read_charades_json(files[0], duration_key)


def _tacos(files: Sequence[Path]) -> AnnotationsAndProblems:
    return read_tacos(files[0])


def _qvhighlights(files: Sequence[Path]) -> AnnotationsAndProblems:
    return read_qvhighlights(files[0])
