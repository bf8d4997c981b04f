"""The feature rows of a split are as long as those that a run was trained beside, or the difference is named."""

from __future__ import annotations

import logging
from dataclasses import replace

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.feature_clock import rate_words
from cmivqa_kit.data.feature_notes import UNUSED_CLOCK
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.runs.directory import RunDirectory

log = logging.getLogger(__name__)


def with_clock_of(run: RunDirectory, catalogue: Catalogue) -> Catalogue:
    """The data root with its feature rows taken for as long as those of the run, unless the user states otherwise."""
    seconds = run.seconds_per_row
    return catalogue if seconds is None else replace(catalogue, assumed_per_row=seconds)


def require_clock_of(run: RunDirectory, split: Split) -> None:
    """Refuse a length of the feature rows that is stated and not that of the run.

    Raises:
        UserError: naming both, and what the videos say.
    """
    store, seconds = split.features, run.seconds_per_row
    if store.stated is not None and not len(store):
        log.warning("%s", UNUSED_CLOCK)
    if seconds is None or store.stated is None or not len(store):
        return
    stated = store.seconds_per_row
    agrees = stated == seconds if store.stated else store.measured is None or store.measured.agrees(seconds)
    if agrees:
        return
    origin = "stated" if store.stated else "measured"
    raise UserError(
        f"{store.folders[0]}: {rate_words(stated)} is {origin} (--seconds-per-row, or data.seconds_per_row in "
        f"cmivqa.toml); {run.path} was trained with {rate_words(seconds)}",
        f"Give --seconds-per-row {seconds:g} if these features are as those; else train on features like these.",
    )
