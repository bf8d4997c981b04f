"""One submission and all that can be said of it: report, cards with intervals, provenance, figures beside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmivqa_kit.data.answer_rows import rows_of_track
from cmivqa_kit.data.types import Track
from cmivqa_kit.entries.files import STANDARD_INPUT, bytes_of, expand
from cmivqa_kit.entries.ground import Ground, OpenGround, open_ground
from cmivqa_kit.entries.published import beside
from cmivqa_kit.entries.refusals import cannot_be, held_back, no_track
from cmivqa_kit.entries.scores import ScoreWithIntervals
from cmivqa_kit.errors import ExitCode, UserError, naming
from cmivqa_kit.files import UnreadableFile, no_collector
from cmivqa_kit.runs.provenance import find_confidences, find_record
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.crashes import unreadable
from cmivqa_kit.scoring.options import ScoreOptions
from cmivqa_kit.scoring.scorer import score_documents
from cmivqa_kit.scoring.truth import require_fields
from cmivqa_kit.submission.container import content_of
from cmivqa_kit.submission.findings import Finding
from cmivqa_kit.submission.match import Agreement, Match, agreement_of, tracks_of
from cmivqa_kit.submission.read import Document, read_submission

if TYPE_CHECKING:
    from cmivqa_kit.submission.validate import Report


_READ = ("_data", "document", "guarded")  # what is read of a file, under the names that the entry keeps it


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers that a submission is scored against on one track: rows of ``source``, for the split called so."""

    track: Track
    split: str
    targets: list[Any] = field(repr=False)
    source: Path


@dataclass(frozen=True, slots=True)
class Scored:
    """Cards of one submission, one per track, and the answers that each was computed with."""

    cards: tuple[ScoreCard, ...]
    answers: tuple[Answers, ...]


@dataclass(frozen=True, eq=False)
class Entry:
    """A submission file on its ground. Everything is worked out when it is first asked for; the file is read once.

    What cannot be worked out raises a `cmivqa_kit.errors.UserError`; the rest can be asked for all the same: a file for
    a split whose answers the organizers hold has a `report` and no `cards`.
    """

    path: Path
    ground: OpenGround = field(repr=False)
    _agreements: dict[Track | None, Agreement] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def report(self) -> Report:
        """What the validator says of the file.

        Raises:
            UserError: no split of the data root fits, or its files cannot be read.
        """
        from cmivqa_kit.entries.checking import check

        return check(self)

    @property
    def cards(self) -> tuple[ScoreCard, ...]:
        """The score cards, one per track; none where nothing in the file could be scored.

        Raises:
            UserError: no answers belong to the file, or the options do not fit them.
        """
        return self._scored.cards

    @cached_property
    def scores(self) -> tuple[ScoreWithIntervals, ...]:
        """The cards with the published figures that stand beside them, and the size of their corpus.

        Raises:
            UserError: as `cards`; or nothing was published under the name that the ground gives.
        """
        return tuple(
            ScoreWithIntervals(card, beside(card, self.ground), self._corpus_videos(card)) for card in self.cards
        )

    def _corpus_videos(self, card: ScoreCard) -> int | None:
        """How many videos the lists of a card rank; ``None`` where that is not known."""
        if card.track == 1 or self.ground.truth is not None:
            return None
        with suppress(UserError):  # the scores do not need it
            return len(self.ground.root.videos(card.split, card.track)) or None
        return None

    @cached_property
    def made_by(self) -> Mapping[str, Any] | None:
        """The record of the run that made the file; ``None`` where none of the ground's runs did."""
        runs = self.ground.ground.runs
        if runs is None or not Path(runs).is_dir() or self._data is None:
            return None
        with suppress(UnreadableFile):
            return find_record(self.path, Path(runs), content_of(self.path, self._data).data)
        return None

    @cached_property
    def confidences(self) -> Mapping[str, Sequence[float | None]]:
        """Question id -> the IoU that the run expected of each answer; empty where no run kept it."""
        runs = self.ground.ground.runs
        if runs is None or not Path(runs).is_dir() or self._data is None:
            return {}
        with suppress(UnreadableFile):
            return find_confidences(Path(runs), content_of(self.path, self._data).data)
        return {}

    @property
    def truth(self) -> Path | None:
        """The answer file behind the cards; ``None`` where there are none."""
        return next((answers.source for answers in self._scored.answers), None)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with the file as a whole; `report` has the rest."""
        return tuple(finding for finding in self.document.findings if finding.index is None)

    @property
    def sound(self) -> bool:
        """True where the official program has numbers for it, on every track."""
        return bool(self.cards) and all(card.official.status == "ok" for card in self.cards)

    @cached_property
    def document(self) -> Document:
        """The decoded file, read as the official program does, without limits."""
        guarded: Document | None = vars(self).get("guarded")
        return (
            guarded
            if guarded is not None and guarded.readable
            else read_submission(self.path, self._data, self.ground.ground.encoding)
        )

    @cached_property
    def guarded(self) -> Document:
        """The decoded file, read as the validator does, within the limits of the ground."""
        from cmivqa_kit.submission.guarded import bytes_within, read_guarded

        limits = self.ground.ground.limits
        if self.path == STANDARD_INPUT:
            return read_guarded(self.path, limits, self._data)  # it cannot be read a second time
        with suppress(UnreadableFile):
            if "_data" not in vars(self) and len(data := bytes_within(self.path, limits.size)) <= limits.size:
                vars(self)["_data"] = data
        return read_guarded(self.path, limits, vars(self).get("_data"), self.ground.ground.encoding)

    @cached_property
    def _data(self) -> bytes | None:
        """The bytes of the file; ``None`` where it cannot be read: the reader that tries again says why."""
        with suppress(UnreadableFile):
            return bytes_of(self.path)
        return None

    @cached_property
    def _scored(self) -> Scored:
        """The cards; none where nothing in the file could be held against answers: the findings say why."""
        track = self.ground.ground.track
        if not self.document.readable or (not self.document.rows and track is None):
            return Scored((), ())
        return self.score(track)

    def on(self, ground: OpenGround) -> Entry:
        """The same file on another ground; what was read of it is not read again."""
        other = Entry(self.path, ground)
        vars(other).update({name: value for name, value in vars(self).items() if name in _READ})
        return other

    def agreement(self, document: Document, track: Track | None) -> Agreement:
        """How far the decoded file agrees with the splits of the data root, on one track or on all it may be for.

        Raises:
            UserError: the track cannot be told; there is no such data root.
        """
        if track not in self._agreements:
            root, split = self.ground.root, self.ground.ground.split
            self._agreements[track] = agreement_of(document.rows, root.catalogue, split, track, root.questions)
        return self._agreements[track]

    def match(self, document: Document, track: Track | None) -> Match:
        """The split and tracks that the decoded file answers; on the embedded corpus every item has to be of it.

        Raises:
            UserError: as `agreement`; no split fits, or several do.
        """
        agreement = self.agreement(document, track)
        return agreement.best(exact=self.ground.embedded and not agreement.all_asked, texts_suffice=True)

    def score(self, track: Track | None) -> Scored:
        """Score the file on one track, or on all that it is for.

        Raises:
            UserError: no answers belong to it, the track cannot be told, or the options do not fit the answers.
        """
        document, ground = self.document, self.ground
        first, *others = ground.ground.options.readings(ground.scored_by.id_form != "string")
        with no_collector(), naming(self.path, *(() if ground.truth is None else (ground.truth,))):
            answers = self._answers(document, track)
            try:
                return self._cards(document, answers, first)
            except UserError:
                for other in others:
                    with suppress(UserError):
                        return self._cards(document, answers, other)
                raise

    def require(self, purpose: str, track: Track | None) -> Scored:
        """As `score`, for an entry that must have scores to be ``purpose`` (compared, diagnosed).

        Raises:
            UserError: it cannot be read, or as `score`. The exit code 3 is that of `cmivqa score` alone.
        """
        known: Scored | None = vars(self).get("_scored")
        if known is not None and known.cards and track == self.ground.ground.track:
            return known
        if not self.document.readable:
            raise cannot_be(purpose, self.document)
        try:
            return self.score(track)
        except UserError as error:
            if error.code != ExitCode.UNREADABLE:
                raise
            raise UserError(error.message, error.fix) from None

    def _answers(self, document: Document, track: Track | None) -> tuple[Answers, ...]:
        """The answers that the file is scored against, one per track."""
        ground = self.ground
        if ground.truth is not None:
            targets = ground.targets
            tracks = (track,) if track else tracks_of(document.rows, ground.edition)
            if not tracks:
                raise no_track(document)
            return tuple(
                Answers(number, ground.truth_split, rows_of_track(targets, number, ground.edition), ground.truth)
                for number in tracks
            )
        if not document.rows and (ground.ground.split is None or track is None):
            raise no_track(document)
        match = self.match(document, track)
        answers = []
        for number in match.tracks:
            known = ground.root.answers(match.split, number)
            if known is None:
                raise held_back(self.path, match, ground.root.catalogue)
            answers.append(Answers(number, match.split, *known))
        return tuple(answers)

    def _cards(self, document: Document, answers: tuple[Answers, ...], options: ScoreOptions) -> Scored:
        for one in answers:
            require_fields(one.targets, one.track, one.source)
        crash = unreadable(document, self._data)
        cards = (
            score_documents(
                document.raw, one.targets, one.track, self.ground.scored_by, one.split,
                cutoffs=options.cutoffs, only=options.ids, unreadable=crash,
            )
            for one in answers
        )  # fmt: skip
        return Scored(tuple(replace(card, resampling=self.ground.ground.resampling) for card in cards), answers)

    def release(self) -> None:
        """Let go of the decoded file, which may be large; what was worked out stays."""
        _ = self.findings, self.made_by
        self.forget()

    def forget(self) -> None:
        """Let go of the decoded file without working anything out first: what needs it reads it again."""
        for name in _READ if self.path != STANDARD_INPUT else ():
            vars(self).pop(name, None)
        self._agreements.clear()

    def to_dict(self) -> dict[str, Any]:
        """One file in ``score --format json``.

        Keys: ``file``; ``status``, ok or unreadable; ``findings`` about the file as a whole, as of ``validate``;
        ``truth``, the answer file; ``made_by``, the record of the run that made it, or ``null``; ``scores``, one per
        track (`ScoreWithIntervals.to_dict`).
        """
        return {
            "file": self.path,
            "status": "unreadable" if self.truth is None else "ok",
            "findings": [finding.to_dict() for finding in self.findings],
            "truth": self.truth,
            "made_by": self.made_by,
            "scores": [score.to_dict() for score in self.scores],
        }


def open_entry(path: Path | str, ground: Ground | OpenGround | Path | str | None = None) -> Entry:
    """A submission on its ground. Nothing is read yet: ask the entry.

    >>> import cmivqa_kit as ck
    >>> entry = ck.open_entry("mine.json", ck.Ground(published="ccgs"))  # made for the embedded corpus
    >>> entry.report.ok, entry.report.split
    (True, 'testA')
    >>> for card in entry.cards:
    ...     interval = card.intervals[card.headline]
    ...     print(f"{card.headline} {card.strict.metrics[card.headline]:.4f} [{interval.low:.4f}, {interval.high:.4f}]")
    Overall 2.7848 [2.5094, 3.0426]
    Average 0.1844 [0.1457, 0.2270]
    >>> {name: f"{value:.4f}" for name, value in entry.scores[0].published.confirmed.items()}["Overall"]
    '2.0144'

    Args:
        path: the submission file; ``-`` for standard input.
        ground: what it is held against: a data root's path, a `Ground`, or one that is open; by default the embedded
            corpus.
    """
    return Entry(Path(path), open_ground(ground))


def open_entries(
    paths: Path | str | Iterable[Path | str], ground: Ground | OpenGround | Path | str | None = None
) -> Iterator[Entry]:
    """Submissions on one ground, of which questions, answers and durations are read once.

    >>> import cmivqa_kit as ck
    >>> for entry in ck.open_entries(["mine.json", "template.json"]):
    ...     print(entry.path.name, f"{entry.cards[0].metrics['Overall']:.4f}")
    mine.json 2.7801
    template.json 1.0882

    Args:
        paths: a folder, whose ``.json`` files are meant, or files and folders.
        ground: as of `open_entry`.

    Raises:
        UserError: a folder holds no ``.json`` file.
    """
    opened = open_ground(ground)
    for path in expand([Path(paths)] if isinstance(paths, Path | str) else map(Path, paths)):
        yield Entry(path, opened)
