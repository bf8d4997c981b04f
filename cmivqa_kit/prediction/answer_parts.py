"""The answers of a system that looks through a corpus for every question, kept in the run part by part.

While they are under way they lie in ``RUN/predictions/SPLIT-TARGETS.partial``: a command that is killed loses the part
that it was working on, and several processes share the parts. ``answers.json`` says what the answers depend on, so that
nothing is mixed. Which questions stand in a part never depends on what was done before: the same bytes come out.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from cmivqa_kit import __version__
from cmivqa_kit.data.corpus import data_fingerprint
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Track
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.files import fingerprint, read_json, sha256, write_json
from cmivqa_kit.plugin.types import Candidate, Prediction, PredictOptions, Target
from cmivqa_kit.prediction.pairs.pass_options import PassOptions
from cmivqa_kit.runs.directory import PREDICTIONS, WEIGHTS, RunDirectory
from cmivqa_kit.runs.lock import locked

PART = 16  # questions of a part
RECORD = "answers.json"
PARTIAL = ".partial"
Answering = Callable[[Sequence[Question]], Sequence[Prediction]]  # some questions of a split -> their answers
Asked = Sequence[tuple[Split, Track, Target]]  # the files to write: what each asks, without answers


@runtime_checkable
class AnswersInParts(Protocol):
    """A system whose answers to some questions depend on the corpus and on nothing that was asked before."""

    def answering(self, split: Split, target: Target, options: PredictOptions) -> Answering:
        """How some questions of a split are answered; its corpus is opened at the first of them."""
        ...


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """Questions of a file that are answered together."""

    number: int
    file: int
    questions: Sequence[Question]


def in_parts(questions: Sequence[Question]) -> list[Sequence[Question]]:
    """Neighbouring questions, `PART` of them together."""
    return [questions[begin : begin + PART] for begin in range(0, len(questions), PART)]


def answer_in_parts(
    system: AnswersInParts, run: RunDirectory, asked: Asked, options: PredictOptions, pass_options: PassOptions
) -> Callable[[Split, Track, Target], Iterator[Prediction]] | None:
    """Answer every question of some files; what is done already is not asked again.

    Args:
        system: the loaded baseline.
        run: where it was loaded from; the answers are kept there until all of a file were handed out.
        asked: the files.
        options: effective settings and device.
        pass_options: whether an unfinished one is gone on with, and the processes that share the work.

    Returns:
        The answers of each file, in the order of its questions; ``None`` in a process that is not the main one.

    Raises:
        UserError: an unfinished one is in the way, or there is none to resume, or another process works on it.
        RunFailed: memory or disk ran out; what is done stays.
    """
    name = f"{asked[0][0].name}{pass_options.label}-{'-'.join(str(target) for _, _, target in asked)}"
    folder, group = run.path / PREDICTIONS / f"{name}{PARTIAL}", pass_options.group
    parts: list[AnswerPart] = []
    for file, (split, _, _) in enumerate(asked):
        parts += [AnswerPart(len(parts) + n, file, some) for n, some in enumerate(in_parts(split.questions))]
    with locked(folder.parent, group.main, f".{name}.lock"):
        group.first(lambda: _begin(folder, _record(run, asked, options), parts, pass_options))
        lacking = [part.number for part in parts if _read(folder, part) is None]
        answering: dict[int, Answering] = {}
        for done, number in enumerate(group.share(range(len(parts)))):
            part = parts[number]
            if number in lacking:
                if part.file not in answering:
                    split, _, target = asked[part.file]
                    answering = {part.file: system.answering(split, target, options)}
                _write(folder, part, answering[part.file](part.questions))
            if group.main and answering:
                options.report("answering", min(len(parts), (done + 1) * group.count), len(parts))
        group.check()
    if not group.main:
        return None
    left = {(track, target): file for file, (_, track, target) in enumerate(asked)}

    def answers(split: Split, track: Track, target: Target) -> Iterator[Prediction]:
        file = left.pop((track, target))
        for part in parts:
            if part.file == file:
                yield from _read(folder, part) or _vanished(folder, part)
        if not left:
            shutil.rmtree(folder, ignore_errors=True)

    return answers


def _record(run: RunDirectory, asked: Asked, options: PredictOptions) -> dict[str, Any]:
    """All that the answers depend on."""
    weights = run.path / WEIGHTS
    return {
        "kit": __version__,
        "baseline": run.baseline,
        "recipe": run.recipe,
        "run": run.path.name,
        "weights": sha256(weights) if weights.is_file() else None,
        "data": [data_fingerprint(split) for split, _, _ in asked],
        "config": fingerprint(options.config),
        "entries": options.limit,
        "questions": [[[question.id, question.text] for question in split.questions] for split, _, _ in asked],
    }


def _begin(folder: Path, record: Mapping[str, Any], parts: Sequence[AnswerPart], pass_options: PassOptions) -> None:
    """Make the folder of answers, or go on with the one that was left unfinished.

    Raises:
        UserError: there is one and neither ``resume`` nor ``force``, it is of others, or there is nothing to resume.
    """
    path = folder / RECORD
    if pass_options.resume:
        if not path.is_file():
            raise UserError(f"{folder.with_suffix('')}: nothing to resume", "Leave out --resume.")
        before = read_json(path, "record of answers")
        if before != record:
            same = before if isinstance(before, dict) else {}
            names = ", ".join(sorted(name for name in record if same.get(name) != record[name])) or "something"
            raise UserError(
                f"{folder}: the answers that were begun differ in {names}",
                "Repeat the command as it was, or begin anew with --force.",
            )
        return
    if path.is_file() and not pass_options.force:
        done = sum(_read(folder, part) is not None for part in parts)
        raise UserError(
            f"{folder}: answers were begun here, {done} of {len(parts)} parts are done",
            "Go on with --resume, or begin anew with --force.",
        )
    shutil.rmtree(folder, ignore_errors=True)
    write_json(path, record, indent=None)


def _path(folder: Path, part: AnswerPart) -> Path:
    return folder / f"part-{part.number:05}.json"


def _write(folder: Path, part: AnswerPart, predictions: Iterable[Prediction]) -> None:
    rows = [
        [p.question_id, [[c.video_id, c.span.start, c.span.end, c.score, c.confidence] for c in p.candidates]]
        for p in predictions
    ]
    try:
        write_json(_path(folder, part), rows, indent=None)
    except RunFailed as error:
        raise RunFailed(error.message, "Free some space, then run the same command with --resume.") from None


def _read(folder: Path, part: AnswerPart) -> list[Prediction] | None:
    """The answers of a part; ``None`` where they are not there, or damaged."""
    try:
        rows = read_json(_path(folder, part), "part of answers")
        predictions = [
            Prediction(name, tuple(Candidate(video, Span(start, end), *more) for video, start, end, *more in entries))
            for name, entries in rows
        ]
    except (UserError, TypeError, ValueError):
        return None
    asked = [question.id for question in part.questions]
    return predictions if [prediction.question_id for prediction in predictions] == asked else None


def _vanished(folder: Path, part: AnswerPart) -> list[Prediction]:
    raise RunFailed(f"{_path(folder, part)}: vanished or was damaged while it was read", "Run the same command again.")
