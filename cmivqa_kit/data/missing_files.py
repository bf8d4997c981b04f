"""What a data root lacks of what its edition hands out."""

from __future__ import annotations

from collections.abc import Iterator

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.recognise import recognise
from cmivqa_kit.data.types import TRACKS
from cmivqa_kit.editions import Edition


def missing_files(catalogue: Catalogue, edition: Edition) -> Iterator[str]:
    """What a user of this edition would still want, per split that is there at all, then the splits that are not."""
    for split in catalogue.splits:
        of_split = [file for file in catalogue.questions if file.split == split]
        beside = of_split[0].path.parent
        inline = any(recognise(file.path, file.path.name).inline for file in of_split)
        if not inline and catalogue.subtitle_file(beside, split) is None:
            yield f"{split}: subtitle.json"
        if not catalogue.feature_folders(beside):
            yield f"{split}: video features (text baselines do without)"
        have = {track for file in of_split for track in file.tracks}
        yield from (f"{split}: the question file of Track {track}" for track in TRACKS if track not in have)
    for split, facts in edition.splits.items():
        if split not in catalogue.splits:
            divisible = len({file.tracks for file in catalogue.questions if file.split == "train"}) == 1
            how = " (make one with: cmivqa data split)" if split == "dev" and divisible else ""
            size = f", {facts.questions} questions" if facts.questions else ""
            yield f"{split}: not among the files{size}{how}"
