"""Answers of others, row by row, as a submission file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cmivqa_kit.data.display import count, short_repr
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, QuestionId, Split, Track, Video
from cmivqa_kit.editions import load_edition
from cmivqa_kit.errors import ExitCode, Problem, UserError, problems_error
from cmivqa_kit.submission.guarded import read_guarded
from cmivqa_kit.submission.imports.resolution import Resolution, Unresolved
from cmivqa_kit.submission.imports.rows import Row, read_rows
from cmivqa_kit.submission.imports.times import span, span_of
from cmivqa_kit.submission.validate import Report, validate
from cmivqa_kit.submission.write import Entry, write

CORPUS_TRACKS: tuple[Track, ...] = (2, 3)


@dataclass(frozen=True, slots=True)
class Imported:
    """A submission file that was made of somebody's answers.

    Attributes:
        path: the file.
        tracks: it is for.
        rows: answers that the source holds.
        entries: of them that stand in the file.
        answered: questions with at least one of them.
        questions: of the split.
        problems: what could not be read, each with its line, and what is missing.
        report: what the validator says of the file.
    """

    path: Path
    tracks: tuple[Track, ...]
    rows: int
    entries: int
    answered: int
    questions: int
    problems: tuple[Problem, ...]
    report: Report


@dataclass(frozen=True, slots=True)
class _Answer:
    location: str
    video: str
    span: Span
    rank: float | None
    score: float | None


def import_answers(
    source: Path, split: Split, path: Path, track: Track | None = None, encoding: str | None = None
) -> Imported:
    """Write the answers in ``source`` as a submission for a split.

    Entries of a question stand by rank, else by score (the highest first), else as in the file. What cannot be read is
    a problem with its line; the rest is written.

    Args:
        source: JSON Lines, a JSON array or CSV with the columns ``id`` or ``question``; ``video``; ``start`` and
            ``end``, or ``span``; and ``rank`` or ``score``. Track 1 needs no video, Track 2 no times.
        split: opened for ``track``, or for Track 2 where there is none.
        path: the file to write.
        track: ``None``: one file for Tracks 2 and 3.
        encoding: of a source that is not UTF-8.

    Raises:
        UserError: the source cannot be read, or nothing in it could be (exit code 1); the edition has no common file
            for Tracks 2 and 3.
    """
    edition = load_edition(split.edition)
    if track is None and edition.corpus_files != "shared":
        raise UserError(f"{edition.name} has a file for every track", "Give --track N.")
    rows, problems = read_rows(source, encoding)
    resolution = Resolution(split)
    answers: defaultdict[QuestionId, list[_Answer]] = defaultdict(list)
    for row in rows:
        try:
            question = resolution.question(row.values)
            answers[question.id].append(_answer(row, question, resolution, split, track))
        except ValueError as error:
            problems.append(Problem(row.location, str(error)))
    most = 1 if track == 1 else edition.entries
    written: dict[QuestionId, list[Entry]] = {}
    for question in split.questions:
        ordered = sorted(answers.get(question.id, ()), key=_order)
        if ordered:
            written[question.id] = [(answer.video, answer.span.start, answer.span.end) for answer in ordered[:most]]
        problems += (
            Problem(answer.location, f"is entry {number} of question {short_repr(question.id)}; {most} can be given")
            for number, answer in enumerate(ordered[most:], most + 1)
        )
    problems.sort(key=lambda problem: int(problem.location.split()[1]))  # "line 12", "item 12"
    if not written:
        listed = problems_error(source, problems, f"No answer could be read; nothing was written to {path}.")
        raise UserError(listed.message, listed.fix, ExitCode.FINDINGS)
    lacking = [question for question in split.questions if question.id not in written]
    if lacking:
        some = ", ".join(short_repr(question.id) for question in lacking[:5])
        said = f"{count(len(lacking), 'question')} of {len(split.questions)} without an answer"
        problems.append(Problem(split.name, f"{said}: {some}{', ...' if len(lacking) > 5 else ''}"))
    kept = replace(split, questions=tuple(question for question in split.questions if question.id in written))
    write(written.items(), kept, "corpus" if track is None else track, path)
    tracks = CORPUS_TRACKS if track is None else (track,)
    report = validate(read_guarded(path), tracks, edition, split.name, split.questions, split.videos)
    entries = sum(map(len, written.values()))
    return Imported(path, tracks, len(rows), entries, len(written), len(split.questions), tuple(problems), report)


def _answer(row: Row, question: Question, resolution: Resolution, split: Split, track: Track | None) -> _Answer:
    """A row as an answer.

    Raises:
        ValueError: something in it cannot be read; says what.
    """
    values = row.values
    if "video" in values:
        video = resolution.video(values["video"])
    elif track == 1 and question.video_id is not None:
        video = question.video_id
    else:
        raise Unresolved("has no video")
    if track == 1 and question.video_id not in (None, video):
        raise Unresolved(f"is in video {video!r}; the question is asked of {question.video_id!r}")
    if track != 1 and split.videos and video not in split.videos:
        raise Unresolved(f"video {video!r} is not in the corpus")
    return _Answer(
        row.location,
        video,
        _span(values, split.videos.get(video, Video(video)), track),
        _number(values, "rank"),
        _number(values, "score"),
    )


def _span(values: Mapping[str, Any], video: Video, track: Track | None) -> Span:
    try:
        if "start" in values or "end" in values:
            shown = f"start {short_repr(values.get('start'))}, end {short_repr(values.get('end'))}"
            return span_of(values.get("start"), values.get("end"))
        if "span" in values:
            shown = f"span {short_repr(values['span'])}"
            return span(values["span"])
    except ValueError as error:
        raise ValueError(f"{shown} {error}") from None
    if track == 2:  # which has no spans
        return Span(0.0, video.duration or 1.0)
    raise ValueError("has no span")


def _number(values: Mapping[str, Any], name: str) -> float | None:
    """The rank or the score of a row; ``None`` where it has none."""
    value = values.get(name)
    if value is None:
        return None
    with suppress(ValueError):
        number = float(value) if isinstance(value, str) else value
        if is_finite(number):
            return float(number)
    raise ValueError(f"{name} {short_repr(value)} is no number")


def _order(answer: _Answer) -> tuple[bool, float, float]:
    """By rank, then by score; sorting keeps the order of the file otherwise."""
    return answer.rank is None, answer.rank or 0.0, -(answer.score or 0.0)
