"""The split of a data root whose answers are those of an answer file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from cmivqa_kit.data.answer_rows import rows_of_track
from cmivqa_kit.data.opened import OpenRoot
from cmivqa_kit.data.types import TRACKS
from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring.truth import split_named, truth_fingerprint


def split_of_answers(targets: list[Any], root: OpenRoot, path: Path | None) -> str | None:
    """The split with the same answers on some track, looked for first where the name of the file says; else ``None``.

    Only answers are read, no corpus; what cannot be read is passed over.

    Raises:
        UserError: ``targets`` hold what no JSON file can hold.
    """
    files = root.catalogue
    named = split_named(path, files.edition)
    digests = {track: truth_fingerprint(rows_of_track(targets, track, files.edition)) for track in TRACKS}
    for split in sorted(files.splits, key=lambda name: name != named):
        seen: set[int] = set()
        for track in TRACKS:
            with suppress(UserError):
                known = root.answers(split, track) if files.scorable(split, track) else None
                if known is None or id(known[0]) in seen:
                    continue
                seen.add(id(known[0]))
                if truth_fingerprint(known[0]) == digests[track]:
                    return split
    return None
