"""What `cmivqa init` says of the data root it filled, beside what is missing: features and times that mean trouble."""

from __future__ import annotations

from contextlib import suppress

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.display import count
from cmivqa_kit.data.feature_notes import STRAY, feature_notes
from cmivqa_kit.data.line_times import KINDS
from cmivqa_kit.data.opened import OpenRoot
from cmivqa_kit.data.types import Note, Split
from cmivqa_kit.data.unused_files import unused_question_files
from cmivqa_kit.errors import UserError


def root_remarks(catalogue: Catalogue) -> tuple[str, ...]:
    """A sentence per kind of trouble and split; a split that cannot be read is left to `cmivqa data check`.

    Only the headers of feature files are read. What is used here is what `cmivqa data check` and training use.
    """
    root = OpenRoot(catalogue)
    splits: list[Split] = []
    for name in catalogue.splits:
        with suppress(UserError):
            splits.append(root.split(name))
    known = frozenset(video for split in splits for video in split.features.videos)
    notes: dict[Note, str] = {note: f"{note.subject}: {note.why}" for note in catalogue.notes if note.kind == STRAY}
    for note in (note for name in catalogue.splits for note in unused_question_files(catalogue, name)):
        notes[note] = f"{note.subject}: {note.why}"
    for split in splits:
        for note in feature_notes(split.features, known):
            notes.setdefault(note, f"{split.name}: {note.subject}: {note.why}")
        if split.features.transposed:
            share = f"{len(split.features.transposed)} of {count(len(split.features), 'feature file')}"
            why = f"{share} look transposed: (dimensions, time) instead of (seconds, dimensions)"
            notes[Note(split.name, why)] = f"{split.name}: {why}"
        odd = [note for note in split.notes if note.kind in KINDS]
        for kind in dict.fromkeys(note.kind for note in odd):
            alike = [note for note in odd if note.kind == kind]
            rest = f" (and so in {len(alike) - 1} more)" if len(alike) > 1 else ""
            notes[Note(split.name, kind)] = f"{split.name}: subtitles of {alike[0].subject}: {alike[0].why}{rest}"
    return tuple(notes.values())
