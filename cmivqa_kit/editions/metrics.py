"""Which metrics there are: by name, and for a track of an edition."""

from __future__ import annotations

from collections.abc import Sequence

from cmivqa_kit.editions import DEFAULT_EDITION, Edition, load_edition
from cmivqa_kit.editions.combined_metrics import combined
from cmivqa_kit.errors import UserError, closest
from cmivqa_kit.metrics import FAMILIES, Metric


def parse(name: str, edition: Edition | None = None, cutoffs: Sequence[int] | None = None) -> Metric:
    """The metric with a canonical name, any cut-off and threshold included: ``parse("R@5")``.

    Overall and Average are those of ``edition`` (default: the first one) at its cut-offs, or at ``cutoffs``.

    Raises:
        UserError: no metric is called so; the message names the nearest.
    """
    rules = edition or load_edition(DEFAULT_EDITION)
    for one in FAMILIES.values():
        metric = one.parse(name)
        if metric is not None and metric.name == name:
            return metric
        if metric is not None:
            raise UserError(f"unknown metric {name!r}", f"Write it {metric.name!r}: a metric has one name.")
    known = {metric.name: metric for track in (1, 2, 3) for metric in metrics_of(track, rules, cutoffs)}
    if name not in known:
        raise UserError(f"unknown metric {name!r}.{closest(name, known)}", f"There are: {', '.join(known)}.")
    return known[name]


def metrics_of(track: int, edition: Edition, cutoffs: Sequence[int] | None = None) -> tuple[Metric, ...]:
    """Every metric of a track at the edition's thresholds and cut-offs, or other ``cutoffs``; what ranks comes first.

    Raises:
        UserError: the cut-offs are no positive integers, or the edition forms a metric of unknown ones.
    """
    chosen = check_cutoffs(cutoffs if cutoffs is not None else edition.cutoffs)
    rules = edition.metrics
    # The one answer of Track 1 is its first.
    within = (1,) if track == 1 else chosen
    families = [one for one in FAMILIES.values() if track in one.tracks]
    single = {metric.name: metric for one in families for metric in one.members(within, rules.thresholds)}
    found = [*single.values(), *combined(track, edition, chosen, single)]
    ranks = rules.ranks[track - 1]
    if ranks not in (metric.name for metric in found):
        raise UserError(
            f"edition {edition.name}: Track {track} is ranked by {ranks!r}, which is not computed at the cut-offs "
            f"{', '.join(map(str, chosen))}",
            f"There are: {', '.join(metric.name for metric in found)}.",
        )
    return tuple(sorted(found, key=lambda metric: (metric.name != ranks, metric.position)))


def check_cutoffs(cutoffs: Sequence[int]) -> tuple[int, ...]:
    """Cut-offs in ascending order, each once.

    Raises:
        UserError: there is none, or one that is not a positive integer.
    """
    if not cutoffs or not all(isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= 10**6 for n in cutoffs):
        raise UserError(
            f"cut-offs {', '.join(str(n)[:60] for n in cutoffs) or '(none)'}: not positive integers",
            "Give some, e.g. 1,10,100.",
        )
    return tuple(sorted(set(cutoffs)))
