"""Where the official and the strict score of a question differ, and why.

Both scores are compared question by question, on the metrics that mean the same in both; every question that differs
gets the quirks that make it differ. Source: docs/spec/scoring.md, sections 2.2 and 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.numbers import is_span
from cmivqa_kit.data.types import QuestionId
from cmivqa_kit.scoring.entries import ARRAY, is_entry, overlap
from cmivqa_kit.scoring.official.program import Official
from cmivqa_kit.scoring.official.questions import CUTOFFS, ENTRIES
from cmivqa_kit.scoring.quirks import DIFFERENCES
from cmivqa_kit.scoring.strict import Strict

_SHOWN = 5
# What the program, or the boards from its numbers, form of other metrics.
_FORMED: dict[str, tuple[tuple[str, ...], bool]] = {
    "Overall": ((*(f"R@{k}" for k in CUTOFFS), "MRR"), False),
    "Average": (tuple(f"R@{k}|mIoU" for k in CUTOFFS), True),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One reason why official and strict scores differ.

    Attributes:
        code: number of the quirk (``Q61``), or a word where it has none.
        why: the reason in a plain sentence.
        metrics: the metrics that differ on its questions, in the order of the strict scores.
        questions: how many questions differ for this reason; one may differ for several.
        ids: the first five of them, in the order of the ground truth.
    """

    code: str
    why: str
    metrics: tuple[str, ...]
    questions: int
    ids: tuple[QuestionId, ...]

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin."""
        return {
            "code": self.code,
            "why": self.why,
            "metrics": list(self.metrics),
            "questions": self.questions,
            "ids": list(self.ids),
        }


def comparable(official: Official, strict: Strict) -> tuple[str, ...]:
    """The metrics that mean the same in both, in the order of the strict scores.

    Overall and Average do only at the program's own cut-offs and as the boards form them.
    """
    return tuple(
        metric.name
        for metric in strict.formed
        if metric.name in official.metrics
        and (
            metric.name not in _FORMED
            or (tuple(part.name for part in metric.parts), metric.mean) == _FORMED[metric.name]
        )
    )


def differences(targets: list[Any], official: Official, strict: Strict) -> tuple[Difference, ...]:
    """Every reason why the two scores differ, the one with the most questions first."""
    names = comparable(official, strict)
    differs: dict[str, NDArray[np.bool_]] = {
        name: official.per_question[name] != strict.per_question[name]  # NaN, left out of a mean, differs from all
        for name in names
        if name in official.per_question
    }
    if "Overall" in names:
        differs["Overall"] = np.any([differs[part] for part in _FORMED["Overall"][0]], axis=0)
    questions = np.flatnonzero(np.any(list(differs.values()), axis=0)) if differs else ()
    rows_by_code: dict[str, list[int]] = {}
    for index in map(int, questions):
        for code in causes(targets[index], index, official, strict):
            rows_by_code.setdefault(code, []).append(index)
    return tuple(
        Difference(
            code,
            DIFFERENCES[code].format(entries=strict.entries),
            tuple(name for name in names if differs[name][indices].any()),
            len(indices),
            tuple(targets[index]["id"] for index in indices[:_SHOWN]),
        )
        for code, indices in sorted(rows_by_code.items(), key=lambda item: (-len(item[1]), item[0]))
    )


def causes(target: Any, index: int, official: Official, strict: Strict) -> list[str]:
    """Why the two scores of a question differ, which they do: codes in `DIFFERENCES`."""
    used, item = official.used[index], strict.matching.items[index]
    if strict.matching.answers[index] == "duplicated":
        return ["Q10"]
    if used is None:
        return ["Q12"]
    if used is not item:
        return ["Q18"]
    if strict.track == 1:
        found = _of_times(target, item["start_second"], item["end_second"])
    elif strict.track == 2:
        reciprocal = official.per_question["MRR"][index]
        found = _of_videos(target, item["output"], round(1 / reciprocal) if reciprocal else 0, strict.entries)
    else:
        found = _of_moments(target, item["output"])
    return list(dict.fromkeys(found)) or ["other"]


def _of_moments(target: Any, output: Any) -> Iterator[str]:
    """Causes of the entries whose official overlap is better than all that strict knows up to their cut-off."""
    if not isinstance(output, ARRAY):
        return
    span = target["start_second"], target["end_second"]
    for low, cutoff in zip((0, *CUTOFFS), CUTOFFS, strict=False):
        best = max((_strict_overlap(target, entry) for entry in output[:cutoff]), default=0.0)
        for entry in output[low:cutoff]:
            # The official program has read them all, so what has the right video has three elements.
            if entry[0] == target["video_id"] and overlap(*span, entry[1], entry[2]) > best:
                yield from _of_times(target, entry[1], entry[2])


def _strict_overlap(target: Any, entry: Any) -> float:
    if not is_entry(entry) or entry[0] != target["video_id"] or not is_span(*entry[1:3]):
        return 0.0
    return min(1.0, overlap(target["start_second"], target["end_second"], entry[1], entry[2]))


def _of_times(target: Any, *times: Any) -> Iterator[str]:
    if any(time != time for time in times):
        yield "Q37"
    if any(time < 0 for time in times):
        yield "Q40"
    if any(isinstance(time, bool) for time in times):
        yield "Q41"
    if is_span(*times) and overlap(target["start_second"], target["end_second"], *times) > 1:
        yield "rounding"


def _of_videos(target: Any, output: Any, official: int, entries: int) -> Iterator[str]:
    """Causes of another rank: the official one is the position of the video, the strict one leaves out repetitions."""
    if not isinstance(output, ARRAY):
        yield "Q65"
        return
    video = target["video_id"]
    if 0 < official <= entries and is_entry(output[official - 1]):
        yield "Q61"  # both have found the same entry
        return
    if official and isinstance(output[official - 1], str):
        yield "Q63"
    read = output[:entries]
    strict = next((at for at, entry in enumerate(read, 1) if is_entry(entry) and entry[0] == video), 0)
    if official > entries or (not official and strict > ENTRIES):
        yield "Q60"
    before = [entry[0] for entry in read[: max(strict - 1, 0)] if is_entry(entry)]
    if len(set(before)) < len(before):
        yield "Q61"
