"""Metrics that an edition forms of others: Overall and Average.

Source: docs/spec/scoring.md, D1, D2 and section 3.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cmivqa_kit.editions import Edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics import FAMILIES, Metric, Scale
from cmivqa_kit.metrics.scale import combined_scale

POSITION = 90  # after everything they are formed of, unless the track is ranked by them


def combined(track: int, edition: Edition, cutoffs: Sequence[int], single: Mapping[str, Metric]) -> tuple[Metric, ...]:
    """The combinations of an edition that all parts of are defined on the track.

    Raises:
        UserError: a part is no metric on any track, or parts have different units or directions.
    """
    found = []
    for name, rule in edition.metrics.combined.items():
        parts = [
            template.replace("{n}", str(n))
            for template in rule.of
            for n in (cutoffs if "{n}" in template else cutoffs[:1])
        ]
        for part in parts:
            if not any((metric := one.parse(part)) and metric.name == part for one in FAMILIES.values()):
                raise UserError(
                    f"edition {edition.name}: {name} is formed of {part!r}, which is no metric",
                    f"Use {', '.join(FAMILIES)} with or without numbers.",
                )
        if parts and all(part in single for part in parts):
            words = ("mean" if rule.mean else "sum") + f" of {', '.join(parts)}"
            members = tuple(single[part] for part in parts)
            scale = _scale(name, members, rule.mean, edition)
            found.append(Metric(name, words, (track,), POSITION, parts=members, mean=rule.mean, scale=scale))
    return tuple(found)


def _scale(name: str, parts: Sequence[Metric], mean: bool, edition: Edition) -> Scale:
    try:
        return combined_scale([part.scale for part in parts], mean)
    except ValueError:
        said = ", ".join(
            f"{part.name} ({part.scale.unit}, {'higher' if part.scale.higher_is_better else 'lower'} is better)"
            for part in parts
        )
        raise UserError(
            f"edition {edition.name}: {name} is formed of metrics that cannot be added: {said}",
            "Form it of metrics of one unit and direction.",
        ) from None
