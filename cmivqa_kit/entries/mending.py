"""Mending a submission file on its ground: its own items say what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.data.types import Question, Track, Video
from cmivqa_kit.entries.checking import questions_in
from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.entries.files import STANDARD_INPUT, bytes_of
from cmivqa_kit.entries.ground import Ground, OpenGround, open_ground
from cmivqa_kit.errors import UserError
from cmivqa_kit.submission.codes import CODES
from cmivqa_kit.submission.context import as_corpus
from cmivqa_kit.submission.fix import Context, Fixed, mend_file, mended, would_mend
from cmivqa_kit.submission.fix.copies import once
from cmivqa_kit.submission.fix.model import Log
from cmivqa_kit.submission.fix.run import repairs
from cmivqa_kit.submission.match import agreement_of, tracks_of
from cmivqa_kit.submission.units import Unit, read_unit


@dataclass(frozen=True, slots=True)
class Mended:
    """What mending a file came to. ``path`` is the file to go on with: the copy, or the input where none was written.

    ``by_questions`` is False where no questions fit the file: then its ids were left as they are.
    """

    path: Path
    fixed: Fixed
    by_questions: bool


def mend_entry(
    path: Path | str,
    out: Path | str,
    ground: Ground | OpenGround | Path | str | None = None,
    force: bool = False,
    unit: str | None = None,
) -> Mended:
    """Write a mended copy of a submission file to ``out``; no answer is guessed, and ``path`` is never touched.

    >>> import cmivqa_kit as ck
    >>> with open("comma.json", "w", encoding="utf-8") as file:
    ...     _ = file.write(open("mine.json", encoding="utf-8").read().rstrip()[:-1] + ",]")
    >>> mended = ck.mend("comma.json", "mended.json")
    >>> [(change.code, change.count) for change in mended.fixed.changes], ck.validate(mended.path).ok
    ([('E105', 1)], True)

    Args:
        path: the file; ``-`` for standard input. Of an archive the one submission in it is mended.
        out: the copy.
        ground: what the file is held against, as of `open_entry`.
        force: replace ``out``.
        unit: what the file's times are in, where they are no seconds: ``ms``, ``fraction`` (of the video's length) or
            ``frames=FPS``. They become seconds.

    Raises:
        UserError: ``out`` is the input, or exists without ``force``; a file cannot be read or written; the split that
            the ground names cannot be read; there is no such unit.
    """
    opened, path, out = open_ground(ground), Path(path), Path(out)
    times = None if unit is None else read_unit(unit)
    contexts: list[Context] = []

    def learn(rows: list[Any]) -> Context:
        contexts.append(_context(rows, opened, times))
        return contexts[-1]

    data = bytes_of(path) if path == STANDARD_INPUT else None
    ground_limits, encoding = opened.ground.limits, opened.ground.encoding
    fixed = mend_file(path, out, force, Context(None, opened.edition), learn, ground_limits.size, data, encoding)
    known = opened.truth is not None or any(context.known for context in contexts)
    return Mended(path if fixed.text is None else out, fixed, known)


def mendable(codes: Iterable[str]) -> bool:
    """True where some of the codes are errors that a repair may mend: to try the repairs costs more than the report."""
    mended_codes = {code for repair in repairs() for code in repair.codes}
    # E1xx, about the file as a whole, is what reading and writing it again mends too.
    return any(code.startswith("E1") or (code.startswith("E") and code in mended_codes) for code in codes)


def mends(entry: Entry) -> bool:
    """True where mending the file without a unit would change something that is an error in it.

    Its decoded items are looked at where they are at hand and nothing is wrong with the file as a whole; else it is
    read again, and the entry lets go of what it has.
    """
    path, ground, codes = entry.path, entry.ground, entry.report.counts.keys()
    try:
        if not any(code.startswith("E1") and code != "E106" for code in codes):
            rows = list(entry.guarded.rows)
            before = Context(None, ground.edition)
            return would_mend(rows, _context(once(rows, before, Log()), ground, None), codes)
        entry.forget()
        limit = ground.ground.limits.size
        fixed = mended(path, Context(None, ground.edition), lambda rows: _context(rows, ground, None), limit)
    except UserError:
        return False
    return fixed.text is not None and any(CODES[change.code].severity == "E" for change in fixed.changes)


def _context(rows: Sequence[Any], ground: OpenGround, unit: Unit | None) -> Context:
    """What is known of a file beside itself, as far as its items tell which questions it answers."""
    stated: tuple[Track, ...] = (ground.ground.track,) if ground.ground.track is not None else ()
    questions: Sequence[Question] | None = None
    corpus: Mapping[str, Video] = {}
    tracks, edition = stated, ground.edition
    if ground.form_alone:
        tracks = stated
    elif ground.truth is not None:
        tracks, questions = stated or tracks_of(rows, ground.edition), questions_in(ground.asked)
    elif rows:
        split, track = ground.ground.split, ground.ground.track
        # Ids alone never make a file one of the embedded corpus; its question texts do, unlike in a score half suffice.
        exact = ground.embedded and not any(isinstance(row, dict) and "question" in row for row in rows)
        try:
            agreement = agreement_of(rows, ground.root.catalogue, split, track, ground.root.questions)
            match = agreement.best(exact=exact, texts_suffice=True)
        except UserError:
            if split is not None:
                raise
            tracks = stated or tracks_of(rows, ground.edition)
        else:
            questions, tracks, edition = match.questions.questions, match.tracks, ground.root.catalogue.edition
            if unit is not None and not unit.per_second:
                corpus = as_corpus(ground.root.split(match.split, match.tracks[0]).videos)
    return Context.of(questions, max(tracks, default=None), edition, unit, corpus)
