"""Fusing in one call."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Split, Track
from cmivqa_kit.entries.comparing import compare_entries
from cmivqa_kit.entries.entry import Entry, open_entry
from cmivqa_kit.entries.fusion.parts import Parts, read_parts
from cmivqa_kit.entries.fusion.ranks import CONSTANT, fused_rows, merge
from cmivqa_kit.entries.fusion.weights import Fit, fit
from cmivqa_kit.entries.ground import Ground, OpenGround, open_ground
from cmivqa_kit.errors import UserError
from cmivqa_kit.output_paths import require_writable
from cmivqa_kit.scoring.statistics.comparison import Comparison
from cmivqa_kit.scoring.statistics.paired import DEFAULTS, Settings
from cmivqa_kit.submission.write import write


@dataclass(frozen=True, slots=True)
class Fused:
    """A fused submission: the file, what it is made of, and with which weights; ``fit`` where they were fitted."""

    path: Path
    parts: Parts
    weights: tuple[float, ...]
    constant: float
    fit: Fit | None = None


def fuse(
    files: Sequence[Path | str],
    out: Path | str,
    ground: Ground | OpenGround | Path | str | None = None,
    *,
    weights: Sequence[float] | None = None,
    fit_on: Sequence[Path | str] = (),
    fit_ground: Ground | OpenGround | Path | str | None = None,
    constant: float = CONSTANT,
    force: bool = False,
) -> Fused:
    """Fuse submissions by reciprocal rank and write the result as a submission of its own.

    >>> import cmivqa_kit as ck
    >>> fused = ck.fuse(["mine.json", "template.json"], "fused.json", weights=[0.7, 0.3])
    >>> ck.validate(fused.path).ok
    True

    Args:
        files: two or more, for the same questions. A question that some of them do not answer is answered by the rest.
        out: the file to write.
        ground: of the files, as of `open_entry`; no answers are needed.
        weights: one per file, not negative; by default all are equal.
        fit_on: submissions of the same systems in the same order, for a split with answers: weights are fitted there.
        fit_ground: of those; by default the same.
        constant: added to every rank; the larger it is, the less the top of a list counts.
        force: replace ``out``.

    Raises:
        UserError: as `read_parts`; weights of another number; ``out`` exists without ``force`` or is read; no answers
            to fit on; a question that no file answers soundly.
    """
    out = Path(out)
    paths, dev = [Path(file) for file in files], [Path(file) for file in fit_on]
    require_writable(out, force, [*paths, *dev])
    opened = open_ground(ground)
    entries = [open_entry(path, opened) for path in paths]
    chosen = _check_weights(weights, len(paths), len(dev))
    if not 0 <= constant < math.inf:
        raise UserError(f"the constant {constant:g} is no number from 0 on", f"Leave it at {CONSTANT:g}.")
    parts = read_parts(entries, opened.ground.track)
    fitted = None
    if dev:
        on = opened if fit_ground is None else open_ground(fit_ground)
        fitted = fit([open_entry(path, on) for path in dev], _track_to_fit(parts), constant)
        chosen = fitted.weights
    rows = fused_rows(merge(parts), chosen, constant)
    track: int | str = "corpus" if len(parts.tracks) > 1 else parts.tracks[0]
    write(rows, Split("the fused files", parts.questions, {}, SplitFeatures(), parts.edition.name), track, out)
    return Fused(out, parts, chosen, constant, fitted)


def gains(fused: Fused, ground: OpenGround, settings: Settings = DEFAULTS) -> list[Comparison]:
    """The fused file beside each of its parts, on what ranks each track; the last system is the fused one.

    Raises:
        UserError: no answers belong to them.
    """
    entries: list[Entry] = [open_entry(path, ground) for path in (*fused.parts.files, fused.path)]
    metrics = [fused.parts.edition.metrics.ranks[track - 1] for track in fused.parts.tracks]
    return compare_entries(entries, metrics, settings, all_pairs=True)


def _track_to_fit(parts: Parts) -> Track:
    """The track whose metric is fitted: of a file for Tracks 2 and 3 the third, which needs both."""
    return max(parts.tracks)


def _check_weights(weights: Sequence[float] | None, files: int, dev: int) -> tuple[float, ...]:
    if weights is not None and dev:
        raise UserError("weights are given and to be fitted too", "Give one of --weights and --fit-on.")
    if dev not in (0, files):
        raise UserError(
            f"{files} files to fuse, and {dev} to fit their weights on", "Give one for each, in the same order."
        )
    if weights is None:
        return (1 / files,) * files
    sound = all(math.isfinite(weight) and weight >= 0 for weight in weights)
    if len(weights) != files or not sound or not any(weights):
        said = ", ".join(f"{weight:g}" for weight in weights)
        raise UserError(
            f"weights {said}: not {files} numbers from 0 on, one of them above 0", "Give one for each file, in order."
        )
    return tuple(weights)
