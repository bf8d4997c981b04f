"""Question files of a data root that no track uses, though they say something else than the file that is used."""

from __future__ import annotations

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.question_match import AskedById, difference, questions_in
from cmivqa_kit.data.types import Note
from cmivqa_kit.errors import UserError


def unused_question_files(catalogue: Catalogue, split: str) -> tuple[Note, ...]:
    """A note on every question file of a split that stands behind another and differs from it, with the difference.

    Times in a file of a test are such a difference. A copy is none, nor is the whole file that a division into train
    and dev was made from.
    """
    split = catalogue.edition.canonical_split(split) or split
    files = {file for file in catalogue.questions if file.split == split}
    notes: list[Note] = []
    for track in (None, *catalogue.tracks(split)):
        try:
            used = catalogue.question_file(split, track)
        except UserError:  # several that differ, which is an error of its own
            return ()
        files.discard(used)
    for file in sorted(files, key=lambda file: str(file.path)):
        used = catalogue.question_file(split, file.tracks[0])
        ours, other = questions_in(used.path), questions_in(file.path)
        public = catalogue.edition.splits[split].answers == "public"
        fault = difference(ours, other, answers=public)
        if not public and other is not None and any(asked.answer is not None for asked in other.values()):
            fault = "it has times like answers or predictions; true answers go into answers/, whatever they are called"
        if fault and not _is_part(ours, other):
            why = f"not used: {used.path.name} is the question file of {split}; {fault}"
            notes.append(Note(file.path.relative_to(catalogue.root).as_posix(), why, "not used"))
    return tuple(notes)


def _is_part(part: AskedById | None, whole: AskedById | None) -> bool:
    if not part or whole is None:
        return False
    return all(whole.get(identity) == asked for identity, asked in part.items())
