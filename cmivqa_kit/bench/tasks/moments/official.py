"""What the published evaluation programs print for moments: in percent, with two decimals, in their structure.

MESM's program (Charades-STA, -CD, -CG and TACoS) and Moment-DETR's (QVHighlights).
Source: docs/spec/moments.md, section 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.metrics.benchmarks.highlights import LEVELS, HighlightValues
from cmivqa_kit.metrics.benchmarks.moments import THRESHOLDS, MomentValues

Numbers = dict[str, Any]
Ranged = Mapping[str, MomentValues]  # values by the name of the range, `FULL` among them
FULL = "full"


def mesm_numbers(ranged: Ranged, thresholds: Sequence[float]) -> Numbers:
    """What MESM's evaluation prints; a range that no query has is left out, in ``brief`` it is ``None``."""
    blocks = {name: _block(values, thresholds, True) for name, values in ranged.items() if _about(values).any()}
    full = blocks[FULL]
    brief: Numbers = {f"MR-full-R1@{mu}": full["MR-R1"][str(mu)] for mu in (0.3, 0.5, 0.7)}
    brief |= {"MR-full-miou": full["MR-R1"]["miou"], **_brief_precisions(full["MR-mAP"])}
    for name in ("short", "middle", "long", "superlong"):
        brief[f"MR-{name}-mAP"] = blocks[name]["MR-mAP"]["average"] if name in blocks else None
    return {"brief": dict(sorted(brief.items())), **dict(sorted(blocks.items()))}


def moment_detr_numbers(ranged: Ranged | None, highlights: HighlightValues | None) -> Numbers:
    """What Moment-DETR's evaluation prints; without windows, or without saliency, it leaves that half out.

    Raises:
        ZeroDivisionError: no query has a right window in a range: there the program stops.
    """
    numbers: Numbers = {}
    brief: Numbers = {}
    if ranged is not None:
        for name, values in ranged.items():
            if not _about(values).any():
                raise ZeroDivisionError(name)
            numbers[name] = _block(values, THRESHOLDS, False)
        shown = {f"MR-full-R1@{mu}": numbers[FULL]["MR-R1"][str(mu)] for mu in (0.5, 0.7)}
        shown |= _brief_precisions(numbers[FULL]["MR-mAP"])
        shown |= {f"MR-{name}-mAP": block["MR-mAP"]["average"] for name, block in numbers.items() if name != FULL}
        brief |= dict(sorted(shown.items()))
    if highlights is not None:
        for level, name in enumerate(LEVELS):
            precision = _percent(np.mean(highlights.precision[:, level]))
            block = {"HL-mAP": precision, "HL-Hit1": _percent(np.mean(highlights.hit[:, level]))}
            numbers[f"HL-min-{name}"] = block
            brief |= {f"HL-min-{name}-mAP": block["HL-mAP"], f"HL-min-{name}-Hit1": block["HL-Hit1"]}
    return {"brief": brief, **dict(sorted(numbers.items()))}


def _about(values: MomentValues) -> NDArray[np.bool_]:
    """(n,) which queries have a right window in the range."""
    return ~np.isnan(values.precision[:, 0])


def _block(values: MomentValues, thresholds: Sequence[float], overlap: bool) -> dict[str, dict[str, float | None]]:
    """Average precisions and recalls of the queries with a right window in a range."""
    about = _about(values)
    means = values.precision[about].mean(axis=0)
    precision = {str(mu): _percent(value) for mu, value in zip(THRESHOLDS, means, strict=True)}
    precision["average"] = _percent(np.mean(means))
    first = values.hull[about, 0]
    recall = {str(mu): _percent(np.mean(first >= mu)) for mu in thresholds}
    if overlap:
        recall["miou"] = _percent(np.mean(values.union[about, 0]))
    return {"MR-mAP": precision, "MR-R1": recall}


def _brief_precisions(precision: Mapping[str, float | None]) -> Numbers:
    named = {"MR-full-mAP": "average", "MR-full-mAP@0.5": "0.5", "MR-full-mAP@0.75": "0.75"}
    return {key: precision.get(threshold) for key, threshold in named.items()}


def _percent(value: np.floating[Any] | NDArray[np.float64]) -> float | None:
    """A mean in percent with two decimals; ``None`` for what is printed as NaN."""
    return None if np.isnan(value) else float(f"{100 * float(value):.2f}")
