"""Writing a submission exactly in the organizers' format. Source: docs/spec/scoring.md, section 1.2."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, SupportsFloat

from cmivqa_kit.data.display import count, short_repr, target_in_words
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.spelling import near_id
from cmivqa_kit.data.types import Question, QuestionId, Split
from cmivqa_kit.editions import Edition, load_edition
from cmivqa_kit.errors import SHOWN, Problem, UserError, problems_error
from cmivqa_kit.files import write_json
from cmivqa_kit.submission.form import submission_form

Entry = tuple[str, SupportsFloat, SupportsFloat]  # video id, start, end (seconds)
Row = tuple[QuestionId, Sequence[Entry]]


def write(rows: Iterable[Row], split: Split, track: int | str, path: Path | str) -> Path:
    """Write answers as a submission file: UTF-8, no ASCII escapes, unrounded floats, ids as in the questions file.

    >>> import cmivqa_kit as ck
    >>> split = ck.open_split(ck.demo_corpus(), "testA", track=3)
    >>> first = next(iter(split.videos))
    >>> rows = [(question.id, [(first, 12.5, 31.0)]) for question in split.questions]
    >>> ck.write(rows, split, "corpus", "own.json").name
    'own.json'

    Args:
        rows: ``(question id, [(video id, start, end), ...])`` in any order, best entry first, times in seconds. Track 1
            takes the first entry of each; Tracks 2 and 3 at most as many as the official program reads (50).
        split: the questions that are answered (`cmivqa_kit.data.corpus.open_split`).
        track: 1, 2, 3, or "corpus" for the one file that the 2023 edition wants for Tracks 2 and 3.
        path: the file; it is written whole or not at all.

    Returns:
        The path written.

    Raises:
        UserError: unknown, repeated or unanswered questions, unusable times or ids, videos that the corpus does not
            have (as far as it is known); all findings are listed. An edition that names no submission form.
    """
    path = Path(path)
    edition = load_edition(split.edition)
    submission_form(edition)
    track = "corpus" if track == 23 else track  # as it was called before
    if track not in (1, 2, 3, "corpus"):
        raise UserError(
            f"track {track!r} does not exist", "Tracks are 1, 2, 3, and 'corpus' for the file of both 2 and 3."
        )
    problems: list[Problem] = []
    answers = _by_id(rows, split, problems)
    records = []
    for question in split.questions:
        if question.id in answers:
            entries = _entries(question, answers[question.id], track, edition, problems)
            records.append(_record(question, entries, track, edition))
        else:
            problems.append(Problem(f"question {question.id!r}", "has no answer"))
    outside = _outside(answers, split, track)
    problems += outside
    if problems:
        served = target_in_words(track)
        total = f"; {count(len(outside), 'video')} outside the corpus" if outside else ""
        fix = f"Nothing was written to {path}."
        raise problems_error(f"submission for {split.name}, {served}{total}", problems, fix)
    write_json(path, records, indent=4)  # as in the organizers' samples
    return path


def _by_id(rows: Iterable[Row], split: Split, problems: list[Problem]) -> dict[QuestionId, list[Any]]:
    known = {question.id for question in split.questions}
    answers: dict[QuestionId, list[Any]] = {}
    for number, row in enumerate(rows, 1):
        try:
            identity, given = row
            # A NumPy integer equals the id but would not be written as one.
            plain: Any = identity.item() if hasattr(identity, "item") else identity
            entries = list(given)
        except (TypeError, ValueError):
            problems.append(Problem(f"row {number}", f"{short_repr(row)} is not (question id, list of entries)"))
            continue
        if not isinstance(plain, int | str) or isinstance(plain, bool) or plain not in known:
            problems.append(Problem(f"question {short_repr(plain)}", f"is not a question of {split.name}"))
        elif plain in answers:
            problems.append(Problem(f"question {plain!r}", "is answered twice"))
        else:
            answers[plain] = entries
    return answers


def _outside(answers: Mapping[QuestionId, list[Any]], split: Split, track: int | str) -> list[Problem]:
    """One problem for each video that is answered with and is not in the corpus, with the number of its entries."""
    if not split.videos or track == 1:  # Track 1 asks of a given video, in the corpus or not
        return []
    counts: Counter[str] = Counter()
    first: dict[str, QuestionId] = {}
    for question in split.questions:
        for video_id in _videos(answers.get(question.id, ())):
            if video_id not in split.videos:
                counts[video_id] += 1
                first.setdefault(video_id, question.id)
    problems: list[Problem] = []
    for video_id, number in counts.items():
        near = near_id(video_id, split.videos) if len(problems) < SHOWN else None
        hint = f"; the corpus has {near!r}" if near is not None else ""
        message = f"is not in the corpus ({_entries_in_words(number)}, first of question {first[video_id]!r}){hint}"
        problems.append(Problem(f"video {short_repr(video_id)}", message))
    return problems


def _entries_in_words(number: int) -> str:
    return f"{number:,} entr{'y' if number == 1 else 'ies'}"


def _videos(entries: Iterable[Any]) -> Iterator[str]:
    """The video ids of the entries that have one; the others are told as no entries."""
    for entry in entries:
        try:
            video_id = "" if isinstance(entry, str) else entry[0]
        except (TypeError, LookupError):
            continue
        if isinstance(video_id, str) and video_id:
            yield video_id


def _entries(
    question: Question, entries: list[Any], track: int | str, edition: Edition, problems: list[Problem]
) -> list[list[Any]]:
    where = f"question {question.id!r}"
    if not entries:
        problems.append(Problem(where, "has an empty list of entries"))
    if track != 1 and len(entries) > edition.entries:
        problems.append(Problem(where, f"has {len(entries)} entries; {edition.entries} are read"))
    plain: list[list[Any]] = []
    for rank, entry in enumerate(entries[:1] if track == 1 else entries, 1):
        try:
            video_id, start, end = entry[0], float(entry[1]), float(entry[2])
        except (TypeError, ValueError, LookupError, OverflowError):
            problems.append(Problem(f"{where}, entry {rank}", f"{short_repr(entry)} is not (video id, start, end)"))
            continue
        if not isinstance(video_id, str) or not video_id:
            problems.append(Problem(f"{where}, entry {rank}", f"video id {short_repr(video_id)} is not a text"))
        if not Span(start, end).valid:
            problems.append(Problem(f"{where}, entry {rank}", f"span {start} to {end}: 0 <= start < end is needed"))
        plain.append([video_id, start, end])
    if track == 1 and plain and question.video_id is not None and plain[0][0] != question.video_id:
        problems.append(Problem(where, f"is asked of video {question.video_id!r}, answered in {plain[0][0]!r}"))
    return plain


def _record(question: Question, entries: list[list[Any]], track: int | str, edition: Edition) -> dict[str, Any]:
    record: dict[str, Any] = {"id": question.id}
    if track == 1:
        video_id, start, end = entries[0] if entries else (question.video_id, 0.0, 0.0)
        record |= {"video_id": video_id, "question": question.text, "start_second": start, "end_second": end}
    else:
        record |= {"question": question.text, "output": entries}
    if edition.language_column and question.language:
        record["language_type"] = question.language
    return record
