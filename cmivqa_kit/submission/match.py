"""Which split and tracks a submission is for, worked out from its shape, ids and question texts."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.corpus import LoadQuestions, QuestionSet, load_questions
from cmivqa_kit.data.folding import fold
from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.editions import Edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.submission.read import Shape, matched_id, shape_of

ENOUGH = 0.5  # share of rows that must agree before a split is taken without being named


class NoSplit(UserError):
    """A submission that answers no split of a data root."""


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """How far ``rows`` items agree with ``split``.

    ``ids`` of them match in id, ``both`` in id and text, and ``texts`` ask one of its questions under whatever id.
    """

    split: str
    tracks: tuple[Track, ...]
    questions: QuestionSet
    rows: int
    ids: int
    both: int
    texts: int


def tracks_of(rows: Sequence[Any], edition: Edition) -> tuple[Track, ...]:
    """The tracks the rows are for: by shape, and by the track number their ids carry. Empty if it cannot be told."""
    return _by_number(rows, edition, tracks_of_shape(shape_of(rows)))


def tracks_of_shape(shape: Shape | None) -> tuple[Track, ...]:
    """Track 1 for spans, Tracks 2 and 3 for lists."""
    if shape is None:
        return ()
    return (1,) if shape == "span" else (2, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """How far a submission agrees with each split of a data root that it may be for.

    Attributes:
        catalogue: the data root.
        split: the only split looked at, where one was named.
        tracks: those the submission is for.
        matches: one per split and track whose questions could be read.
        failures: why the others could not.
        with_texts: whether any item carries a question text.
    """

    catalogue: Catalogue
    split: str | None
    tracks: tuple[Track, ...]
    matches: tuple[Match, ...]
    failures: tuple[UserError, ...]
    with_texts: bool

    @property
    def all_asked(self) -> bool:
        """True where every item asks a question of one split, under whatever id."""
        return any(m.texts == m.rows > 0 for m in self.matches)

    def best(self, exact: bool = False, texts_suffice: bool = False) -> Match:
        """The split and tracks that the submission answers.

        Args:
            exact: every row must match in id and question text (the rule for the embedded corpus).
            texts_suffice: where no ids fit, take the split whose questions are asked; what is wrong with the ids is
                then said.

        Raises:
            UserError: nothing fits, or several splits fit equally well; the message names the flag to give.
        """
        fitting = list(self.matches)
        if self.failures and self.split is not None and not fitting:
            raise self.failures[0]
        # Question texts decide; a file that carries none at all is judged by its ids, but never taken for the demo.
        by_text = exact or self.with_texts
        agreement = {m: m.both if by_text else m.ids for m in fitting}
        if exact:
            fitting = [m for m in fitting if agreement[m] == m.rows > 0]
        elif self.split is None:
            fitting = [m for m in fitting if m.rows and agreement[m] >= ENOUGH * m.rows]
            if not fitting and texts_suffice:
                agreement = {m: m.texts for m in self.matches}
                fitting = [m for m in self.matches if m.rows and m.texts >= ENOUGH * m.rows]
        if not fitting:
            nearest = max(agreement, key=lambda m: agreement[m], default=None)
            raise _no_match(self.catalogue, self.split, exact, self.failures, nearest)
        most = max(agreement[m] for m in fitting)
        top = [m for m in fitting if agreement[m] == most]
        splits = list(dict.fromkeys(m.split for m in top))
        if len(splits) > 1:
            raise UserError(
                f"the file fits {' and '.join(splits)} equally well",
                f"Say which: --split {' or --split '.join(splits)}",
            )
        return replace(top[0], tracks=tuple(t for t in self.tracks for m in top if t in m.tracks))


def agreement_of(
    rows: Sequence[Any],
    catalogue: Catalogue,
    split: str | None = None,
    track: Track | None = None,
    load: LoadQuestions | None = None,
) -> Agreement:
    """How far ``rows`` agree with the splits of a data root.

    Args:
        rows: items of the submission.
        catalogue: the data root to look in.
        split: only this split; then agreement is not required.
        track: only this track.
        load: reads the questions of a split and track, and may remember them.

    Raises:
        UserError: the track cannot be told.
    """
    wanted = (track,) if track is not None else tracks_of(rows, catalogue.edition)
    if not wanted:
        raise UserError(
            "cannot tell the track: no item has 'output' (Tracks 2, 3) or 'start_second' (Track 1)",
            "Give --track 1, --track 2 or --track 3.",
        )
    names = (split,) if split is not None else catalogue.splits
    failures: list[UserError] = []
    matches = tuple(match for name in names for match in _matches(rows, catalogue, name, wanted, failures, load))
    with_texts = any(isinstance(row, dict) and "question" in row for row in rows)
    return Agreement(catalogue, split, wanted, matches, tuple(failures), with_texts)


def find(
    rows: Sequence[Any],
    catalogue: Catalogue,
    split: str | None = None,
    track: Track | None = None,
    exact: bool = False,
    texts_suffice: bool = False,
    load: LoadQuestions | None = None,
) -> Match:
    """The split and tracks that ``rows`` answer: the best of `agreement_of`.

    Raises:
        UserError: as `agreement_of` and `Agreement.best`.
    """
    return agreement_of(rows, catalogue, split, track, load).best(exact, texts_suffice)


def _no_match(
    catalogue: Catalogue, split: str | None, exact: bool, failures: Sequence[UserError], best: Match | None
) -> NoSplit:
    if exact:
        near = f"; {best.both} of {best.rows} items are those of {best.split}" if best is not None and best.both else ""
        return NoSplit(
            f"nothing is judged on the {catalogue.name} unless every question text is that of one of its splits "
            f"({', '.join(catalogue.splits)}){near or f': this file was not made for {split or catalogue.name}'}",
            "To score it: --truth ANSWERS.json. To judge it on the organizers' questions: `cmivqa init --from "
            "DOWNLOADS` first, or give --data DIR.",
        )
    reasons = dict.fromkeys(error.message.splitlines()[0] for error in failures)
    unseen = "".join(f"\n  not looked at: {reason}" for reason in reasons)
    return NoSplit(
        f"the file matches no split of {catalogue.name} ({', '.join(catalogue.splits) or 'no splits'}) "
        f"in ids and question texts{unseen}",
        "Give --split NAME to check it against one anyway, --truth FILE to score it against your own answers, "
        "or --data DIR for other data (`cmivqa init --from DOWNLOADS` makes it).",
    )


def _matches(
    rows: Sequence[Any],
    catalogue: Catalogue,
    split: str,
    tracks: Iterable[Track],
    failures: list[UserError],
    load: LoadQuestions | None,
) -> Iterable[Match]:
    """How far the rows agree with the questions of a split, per track; a file that cannot be used is a failure."""
    cache: dict[tuple[Path, Track | None], Match] = {}
    for track in tracks:
        try:
            # Where ids carry no track number, Tracks 2 and 3 ask the same questions of one file.
            key = (catalogue.question_file(split, track).path, track if catalogue.edition.id_pattern else None)
            if key not in cache:
                cache[key] = _agreement(rows, load(split, track) if load else load_questions(catalogue, split, track))
        except UserError as error:
            failures.append(error)  # e.g. a split with files for Tracks 2 and 3 only
        else:
            yield replace(cache[key], tracks=(track,))


def _agreement(rows: Sequence[Any], questions: QuestionSet) -> Match:
    texts: Mapping[Hashable, str] = {plain_key(question.id): fold(question.text) for question in questions.questions}
    asked = set(texts.values())
    ids = both = known = 0
    for row in rows:
        text = row.get("question") if isinstance(row, Mapping) else None
        folded = fold(text) if isinstance(text, str) else None
        known += folded in asked
        expected = texts.get(plain_key(identity)) if (identity := matched_id(row)) is not None else None
        if expected is not None:
            ids += 1
            both += folded == expected
    return Match(questions.file.split, (), questions, len(rows), ids, both, known)


def _by_number(rows: Sequence[Any], edition: Edition, tracks: tuple[Track, ...]) -> tuple[Track, ...]:
    """Drop the tracks that no id carries, where ids carry one."""
    numbers = {edition.track_of_id(row.get("id")) for row in rows[:200] if isinstance(row, dict)} - {None}
    return tuple(t for t in tracks if t in numbers) if numbers & set(TRACKS) & set(tracks) else tracks
