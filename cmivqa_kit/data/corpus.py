"""Opening a split: `open_split(root, "testA")`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cmivqa_kit.data.catalogue import Catalogue, QuestionFile, catalogue
from cmivqa_kit.data.container import read_durations
from cmivqa_kit.data.features import FeatureStore
from cmivqa_kit.data.layouts import Layout, Records, detect
from cmivqa_kit.data.subtitles import read_subtitles
from cmivqa_kit.data.types import Note, Question, Split, Track, Video
from cmivqa_kit.errors import Problem, UserError, problems_error
from cmivqa_kit.files import read_json


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """The questions of one file, without the corpus; enough to match a submission against."""

    file: QuestionFile
    layout: Layout
    questions: tuple[Question, ...]
    videos: Mapping[str, Video]  # only where the annotation carries subtitles itself
    notes: tuple[Note, ...] = ()


def open_split(root: Path | str, name: str, track: Track | None = None, edition: str | None = None) -> Split:
    """Questions and corpus of one split.

    Args:
        root: the data root (any layout; see `cmivqa_kit.data.catalogue`).
        name: a split, by any name its edition knows (``testA``, ``TESTA``, ``val``).
        track: choose the question file for this track where the split has one per track.
        edition: the edition's name, where it should not be detected.

    Raises:
        UserError: missing or damaged files, with every finding and its place.
    """
    return load_split(catalogue(Path(root), edition), name, track)


def load_split(files: Catalogue, name: str, track: Track | None = None) -> Split:
    """As `open_split`, on a data root that is already catalogued."""
    questions = load_questions(files, name, track)
    folder = questions.file.path.parent
    split = questions.file.split
    notes = [*files.notes, *questions.notes]
    subtitle_file = files.subtitle_file(folder, split)
    features = FeatureStore(files.feature_folders(folder))
    asked = frozenset(q.video_id for q in questions.questions if q.video_id is not None)
    if questions.videos:
        videos = dict(questions.videos)
    elif subtitle_file is not None:
        lines, found = read_subtitles(subtitle_file, known_ids=asked)
        notes += found
        videos = {video_id: Video(video_id, subtitles) for video_id, subtitles in lines.items()}
    else:
        notes.append(Note("subtitle.json", "none found: videos have no subtitles"))
        videos = {video_id: Video(video_id) for video_id in features}
    _refuse_near_misses(questions, videos)
    videos = dict(sorted(videos.items()))
    durations = _container_durations(files.media_folders(folder))
    return Split(
        name=split,
        questions=questions.questions,
        videos=MappingProxyType({v.id: _with_duration(v, durations, features) for v in videos.values()}),
        features=features,
        edition=files.edition.name,
        layout=questions.layout.name,
        source=questions.file.path,
        notes=tuple(notes),
    )


def load_questions(files: Catalogue, name: str, track: Track | None = None) -> QuestionSet:
    """The questions of a split only: no subtitles, no features are touched.

    Raises:
        UserError: a file that is no list of questions, or records with findings (all are listed).
    """
    file = files.question_file(name, track)
    records = read_json(file.path, "question file")
    if not isinstance(records, list) or not records:
        what = "an empty array" if records == [] else f"{type(records).__name__}, not an array of questions"
        raise UserError(f"{file.path}: {what}", "Download the question file again, or name another with --data.")
    layout = detect(records)
    if layout is None:
        raise UserError(
            f"{file.path}: no record has a question ('question', 'Chinese_question' or 'English_question')",
            "This is not a question file; move it out of the data root.",
        )
    read = layout.read(records)
    problems = [*read.problems, *_duplicate_ids(read.questions)]
    if problems:
        raise problems_error(file.path, problems, "Mend these records, or remove them from the file.")
    if file.tracks == (1,) or track == 1:
        _require_videos(file, read)
    return QuestionSet(file, layout, read.questions, read.videos)


def _require_videos(file: QuestionFile, read: Records) -> None:
    missing = [q.id for q in read.questions if q.video_id is None]
    if missing:
        raise problems_error(
            file.path,
            (Problem(f"id {i!r}", "no 'video_id'; Track 1 asks within a given video") for i in missing),
            "Use the Track 1 question file of this split.",
        )


def _duplicate_ids(questions: Sequence[Question]) -> Iterable[Problem]:
    """Ids that are equal, or equal but for case and blanks: neither can be told apart in a submission."""
    seen: dict[str, Question] = {}
    for question in questions:
        plain = f"{type(question.id).__name__}:{str(question.id).strip().casefold()}"
        first = seen.setdefault(plain, question)
        if first is not question:
            how = "stands twice" if first.id == question.id else f"differs from {first.id!r} only by case or blanks"
            yield Problem(f"id {question.id!r}", how)


def _refuse_near_misses(questions: QuestionSet, videos: Mapping[str, Video]) -> None:
    folded = {video_id.strip().casefold(): video_id for video_id in videos}
    near = [
        Problem(f"id {q.id!r}", f"video {q.video_id!r} is written {folded[q.video_id.strip().casefold()]!r} there")
        for q in questions.questions
        if q.video_id is not None and q.video_id not in videos and q.video_id.strip().casefold() in folded
    ]
    if near:
        raise problems_error(
            f"{questions.file.path}: video ids differ from the subtitle file's by case or blanks",
            near,
            "Write each id as YouTube does, the same in both files.",
        )


def _container_durations(folders: Iterable[Path]) -> dict[str, float]:
    found: dict[str, float] = {}
    for folder in folders:
        found = {**read_durations(folder), **found}
    return found


def _with_duration(video: Video, containers: Mapping[str, float], features: FeatureStore) -> Video:
    """The best duration known: given, from the container, one second per feature row, or the last subtitle's end."""
    if video.duration is not None:
        return video
    if video.id in containers:
        return replace(video, duration=containers[video.id], duration_source="container")
    rows = features.rows(video.id)
    if rows is not None:
        return replace(video, duration=float(rows), duration_source="features")
    lines = [line for lines in (video.subtitles, *video.translations.values()) for line in lines]
    if lines:
        return replace(video, duration=max(line.end for line in lines), duration_source="subtitles")
    return video


def truth_records(files: Catalogue, split: str, track: Track) -> tuple[list[Any], Path] | None:
    """The answers of a split as the official program wants them, with their file; ``None`` where they are not here.

    The organizers' answer file where there is one, else the annotated question file. Only scoring calls this.

    Raises:
        UserError: the file cannot be read.
    """
    path = files.answer_file(split, track)
    if path is not None:
        records = read_json(path, "answer file")
        if not isinstance(records, list):
            raise UserError(f"{path}: {type(records).__name__}, not an array of answers", "Check the answer file.")
        return records, path
    questions = load_questions(files, split, track)
    if all(question.answer is None for question in questions.questions):
        return None
    return [
        {
            "id": question.id,
            "video_id": question.video_id,
            "question": question.text,
            **({"start_second": question.answer.start, "end_second": question.answer.end} if question.answer else {}),
            **({"language_type": question.language} if question.language else {}),
        }
        for question in questions.questions
    ], questions.file.path
