"""The stored features of a split as a source of visual rows, refused at once where they would spoil a training."""

from __future__ import annotations

import logging

from cmivqa_kit.data.feature_clock import rate_words
from cmivqa_kit.data.feature_faults import faults_error
from cmivqa_kit.data.feature_notes import name_notes, unsettled_fix
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.runs.processes import ALONE, Group

log = logging.getLogger(__name__)
HOW_TO_NAME = (
    "Call each file <video_id>.npy (cmivqa data check says more); or make rows of what is said: "
    "--set features=subtitle-embedding"
)


class FeatureFiles:
    """The source of a split that has feature files.

    Args:
        seconds_per_row: of the run that goes on or answers; ``None`` for a new one.
        group: the processes that ask for the same features together; one of them looks at the files.
        needed: False for a network that has no use for them: then they are not looked at.
    """

    size = None

    def __init__(self, seconds_per_row: float | None = None, group: Group = ALONE, needed: bool = True) -> None:
        self.seconds_per_row, self.group, self.needed = seconds_per_row, group, needed

    def features(self, split: Split) -> SplitFeatures:
        """The split's own feature files, once all of those that it may need were read.

        All processes of the group have to call it.

        Raises:
            UserError: some of them cannot be used (all are named), none is called by a video, or nobody says how long
                a row is and the videos speak against what it is taken for.
        """
        store, seconds = split.features, self.seconds_per_row
        if seconds is not None:
            store = store.assuming(seconds)
        if self.needed:
            self.group.first(lambda: _require_usable(store, split, seconds))
        return store


def _require_usable(store: SplitFeatures, split: Split, of_run: float | None) -> None:
    """Refuse features that would stop a training on its way, or let it learn nonsense.

    Args:
        store: the features of the split.
        split: whose videos they are.
        of_run: the seconds of a row that the run takes, where that is settled already.
    """
    asked = {question.video_id for question in split.questions if question.video_id is not None}
    faults = store.faults(sorted(asked | split.videos.keys()))
    if faults:
        raise faults_error(faults, len(store))
    if not len(store):
        unused = next(name_notes(store), None)
        if unused is not None:
            raise UserError(f"{unused.subject}: {unused.why}", HOW_TO_NAME)
    elif not store.settled and store.measured is not None:
        if of_run is None:
            raise UserError(f"{store.folders[0]}: {store.measured.words}", unsettled_fix(store))
        raise UserError(
            f"{store.folders[0]}: {store.measured.words} The run takes {rate_words(of_run)}",
            "Give features that were extracted as those it was trained on; "
            f"if these were, say so: --seconds-per-row {of_run:g}",
        )
    elif store.stated and store.measured is not None and not store.measured.agrees(store.stated):
        log.warning("%s is stated, but %s", rate_words(store.stated), store.measured.words)
    elif store.outlasted:
        log.warning("%d of %d videos have subtitles that go on long after their feature rows, the first: %s",
                    len(store.outlasted), len(store), next(iter(store.outlasted)))  # fmt: skip
