"""Which submission files answer a split, and the data that each of them asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.corpus import load_split
from cmivqa_kit.data.types import Split, Track
from cmivqa_kit.editions import Edition, load_edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Declaration, Target


def targets(files: Catalogue, split: str, tracks: tuple[Track, ...], out: Path) -> list[tuple[Path, Track, Target]]:
    """The files to write: (path, track whose questions are asked, target).

    An edition with one corpus file gets one for Tracks 2 and 3; one whose ids carry the track gets one per track.
    """
    name = files.edition.canonical_split(split) or split
    own = name in files.splits and all(f.tracks == (1, 2, 3) for f in files.questions if f.split == name)
    if set(tracks) == {2, 3} and (files.edition.corpus_files == "shared" or own):
        return [(out, 2, "corpus")]
    if len(tracks) == 1:
        return [(out, tracks[0], tracks[0])]
    return [(out.with_name(f"{out.stem}_track{t}{out.suffix}"), t, t) for t in tracks]


def tracks_asked(declaration: Declaration, track: Track | None, behind_retriever: bool) -> tuple[Track, ...]:
    """The tracks to answer: the one that is named, the only one of a system by itself, else Tracks 2 and 3."""
    if track is not None:
        return (track,)
    return declaration.tracks if len(declaration.tracks) == 1 and not behind_retriever else (2, 3)


@dataclass(frozen=True, slots=True)
class AnswerPlan:
    """The submission files to write for some tracks of a split.

    Attributes:
        out: the name that was asked for; the files are called so, or after it.
        files: as of `targets`.
        tracks: that they serve.
        edition: in whose form they are written.
        load: gives the split with the questions of a track.
    """

    out: Path
    files: Sequence[tuple[Path, Track, Target]]
    tracks: tuple[Track, ...]
    edition: Edition
    load: Callable[[Track], Split]

    @classmethod
    def in_root(
        cls,
        catalogue: Catalogue,
        split: str,
        tracks: tuple[Track, ...],
        out: Path,
        files: Sequence[tuple[Path, Track, Target]] = (),
    ) -> AnswerPlan:
        """The plan for a split of a data root; ``files`` where they are not those of `targets`."""
        chosen = files or targets(catalogue, split, tracks, out)
        return cls(out, chosen, tracks, catalogue.edition, lambda track: load_split(catalogue, split, track))

    @classmethod
    def of_split(cls, split: Split, tracks: tuple[Track, ...], out: Path) -> AnswerPlan:
        """The plan for a split that is open: it has the questions of one track, or of a corpus file.

        Raises:
            UserError: its edition has other questions on every track, and several are to be answered.
        """
        edition = load_edition(split.edition)
        if len(tracks) == 1:
            return cls(out, [(out, tracks[0], tracks[0])], tracks, edition, lambda track: split)
        if edition.corpus_files != "shared":
            raise UserError(
                f"{split.name} of {edition.name} has other questions on every track",
                "Give the track: track=2 or track=3.",
            )
        return cls(out, [(out, 2, "corpus")], tracks, edition, lambda track: split)
