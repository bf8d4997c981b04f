"""The ground of an entry: what a submission is held against, and the same opened, with every file of it read once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmivqa_kit.data.answer_rows import AnswerRows
from cmivqa_kit.data.catalogue import Catalogue, catalogue
from cmivqa_kit.data.opened import OpenRoot
from cmivqa_kit.data.read_once import ReadOnce
from cmivqa_kit.data.types import Track
from cmivqa_kit.editions import DEFAULT_EDITION, Edition, load_edition
from cmivqa_kit.entries.same_answers import split_of_answers
from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring.options import ALL_QUESTIONS, ScoreOptions
from cmivqa_kit.scoring.statistics.bootstrap import AS_USUAL, Resampling
from cmivqa_kit.scoring.truth import answers_in, read_answer_document, split_named
from cmivqa_kit.submission.scan import Limits

if TYPE_CHECKING:
    from cmivqa_kit.plugin.published_figures import Figure
    from cmivqa_kit.submission.read import Document


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Ground:
    """What submissions are held against, and how they are scored.

    Attributes:
        data: the data root; ``None`` for the embedded corpus, which judges only what was made for it.
        truth: an answer file to score against, instead of the answers in the data root.
        split: the split, where it is not to be worked out from ids and question texts.
        track: the one track to look at, where it is not to be worked out.
        edition: name or file of an edition, where it is not to be worked out from the data.
        options: cut-offs, and a part of the questions.
        resampling: how intervals are drawn; ``None`` for none.
        published: whose published figures stand beside: a baseline's name, or ``BASELINE/PRESET``.
        runs: the folder of runs that may have made the submissions.
        limits: what a file may not exceed to be validated.
        encoding: of submissions and answer files that are not UTF-8.
    """

    data: Path | str | None = None
    truth: Path | str | None = None
    split: str | None = None
    track: Track | None = None
    edition: str | None = None
    options: ScoreOptions = ALL_QUESTIONS
    resampling: Resampling | None = AS_USUAL
    published: str | None = None
    runs: Path | str | None = None
    limits: Limits = LIMITS
    encoding: str | None = None


@dataclass(frozen=True, eq=False)
class OpenGround:
    """A ground whose questions, answers and durations are read when first asked for, and once for all entries.

    ``open_catalogue`` lists the data root; ``read_file`` remembers the documents that any of it needs.
    """

    ground: Ground
    open_catalogue: Callable[[], Catalogue] = field(repr=False)
    read_file: ReadOnce = field(default_factory=ReadOnce, repr=False)

    @cached_property
    def root(self) -> OpenRoot:
        """The data root.

        Raises:
            UserError: there is no such folder, or its manifest is damaged.
        """
        return OpenRoot(self.open_catalogue(), self.read_file)

    def on(self, **changes: Any) -> OpenGround:
        """The same files, read once for both, with other fields of `Ground`."""
        other = OpenGround(replace(self.ground, **changes), self.open_catalogue, self.read_file)
        if "root" in vars(self):
            vars(other)["root"] = self.root
        return other

    @property
    def embedded(self) -> bool:
        """True on the embedded corpus: it judges a file only if every question text is one of its own."""
        return self.ground.data is None

    @property
    def form_alone(self) -> bool:
        """True where a track and an edition are all that is known of a file: then its form is checked and no more."""
        known = self.ground
        return (
            self.embedded and known.truth is None and known.split is None and None not in (known.track, known.edition)
        )

    @property
    def truth(self) -> Path | None:
        """The answer file that was given."""
        return None if self.ground.truth is None else Path(self.ground.truth)

    @cached_property
    def edition(self) -> Edition:
        """The rules where no data root has to be opened: the edition stated, else of the answer file, else the default.

        An answer file is of the edition of the data root where the same answers lie there, else of that which its ids
        and its layout tell.
        """
        if self.ground.edition is not None or self.truth is None:
            return load_edition(self.ground.edition or DEFAULT_EDITION)
        with suppress(UserError):
            known = self._same_answers
            return self.root.catalogue.edition if known is not None else load_edition(self.answers.edition)
        return load_edition()

    @property
    def truth_split(self) -> str:
        """The split of the answer file: as stated, as in the data root where the same answers lie there, as named."""
        stated = self.ground.split
        return split_named(self.truth, self.edition, self._same_answers if stated is None else stated)

    @cached_property
    def _same_answers(self) -> str | None:
        """The split of the data root whose answers are those of the answer file; ``None`` for none, or none known."""
        if self.embedded:
            return None
        with suppress(UserError):
            return split_of_answers(self.targets, self.root, self.truth)
        return None

    @property
    def scored_by(self) -> Edition:
        """The edition by whose rules is scored: the data root's, or that of the answer file."""
        return self.root.catalogue.edition if self.truth is None else self.edition

    @cached_property
    def truth_document(self) -> Document:
        """The answer file as the validator reads it."""
        from cmivqa_kit.submission.guarded import read_guarded

        if self.truth is None:
            raise ValueError("no answer file was given")
        return read_guarded(self.truth, self.ground.limits, encoding=self.ground.encoding)

    @cached_property
    def answers(self) -> AnswerRows:
        """The answers in the answer file; not to be changed.

        Raises:
            UserError: it cannot be read, or holds no answers with ids.
        """
        if self.truth is None:
            raise ValueError("no answer file was given")
        document: Document | None = vars(self).get("truth_document")
        known = document is not None and document.readable
        decoded = (
            document.raw if document is not None and known else read_answer_document(self.truth, self.ground.encoding)
        )
        self.read_file.keep(self.truth, decoded)  # it may be a file of the data root
        return answers_in(decoded, self.truth)

    @property
    def targets(self) -> list[Any]:
        """The rows of `answers`."""
        return self.answers.rows

    @property
    def asked(self) -> Sequence[Any]:
        """The rows of the answer file as far as the validator can read it: what submissions are asked."""
        rows = self.truth_document.rows
        with suppress(UserError):
            return self.targets if rows else rows
        return rows

    @cached_property
    def figures(self) -> Sequence[Figure]:
        """The published figures that stand beside; none where no name was given, and then nothing is imported for them.

        Raises:
            UserError: no baseline has that name, or nothing was published of it.
        """
        if self.ground.published is None:
            return ()
        from cmivqa_kit.plugin.published_figures import named

        return named(self.ground.published)


def open_ground(ground: Ground | OpenGround | Path | str | None = None) -> OpenGround:
    """A ground, ready to hold entries against; a path is that of a data root, ``None`` the embedded corpus."""
    if isinstance(ground, OpenGround):
        return ground
    stated = ground if isinstance(ground, Ground) else Ground(data=ground)

    read_file = ReadOnce()

    def open_catalogue() -> Catalogue:
        if stated.data is not None:
            return catalogue(Path(stated.data), stated.edition, read_file=read_file)
        from cmivqa_kit.data.demo import demo_corpus

        return catalogue(demo_corpus(), stated.edition, read_file=read_file)

    return OpenGround(stated, open_catalogue, read_file)


def require_truth(ground: OpenGround) -> None:
    """Refuse an answer file whose questions cannot be read; nothing where none was given.

    Raises:
        UserError: with what is wrong.
    """
    if ground.truth is not None and not ground.truth_document.rows:
        said = "; ".join(finding.message for finding in ground.truth_document.findings)
        raise UserError(f"{ground.truth}: no answers in it: {said}", "Give the organizers' answer file.")
