"""Opening a split: `open_split(root, "testA")`."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cmivqa_kit.data.answer_rows import as_scored, records_of, rows_of_track
from cmivqa_kit.data.captions import Tracks, are_captions, read_spoken
from cmivqa_kit.data.catalogue import Catalogue, QuestionFile, catalogue
from cmivqa_kit.data.container import read_durations
from cmivqa_kit.data.dev_corpus import of_dev_corpus
from cmivqa_kit.data.durations import Durations, container_durations, with_duration, with_plausible_lines
from cmivqa_kit.data.feature_entries import OpenedFeatures
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.layouts import Layout, detect
from cmivqa_kit.data.read_once import ReadFile
from cmivqa_kit.data.shared_videos import are_silent, lacks_captions, language_notes, question_file_videos, with_spoken
from cmivqa_kit.data.types import Note, Question, Split, Track, Video
from cmivqa_kit.errors import Problem, UserError, problems_error
from cmivqa_kit.files import fingerprint_lists, read_json


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """The questions of one file, without the corpus; enough to match a submission against."""

    file: QuestionFile
    layout: Layout
    questions: tuple[Question, ...]
    videos: Mapping[str, Video]  # only where the annotation carries subtitles itself
    notes: tuple[Note, ...] = ()
    held: bool = False  # the organizers hold the answers of this split: what the file says of them is not to be used


LoadQuestions = Callable[[str, Track | None], QuestionSet]  # of one data root, by split and track
Lines = dict[str, Tracks]  # by video id
ReadSubtitles = Callable[[Path, frozenset[str]], tuple[Lines, tuple[Note, ...]]]  # a file, and ids of known videos


def open_split(
    root: Path | str,
    name: str,
    track: Track | None = None,
    edition: str | None = None,
    seconds_per_row: float | None = None,
    features: Path | Mapping[str, Path] | None = None,
) -> Split:
    """Questions and corpus of one split.

    >>> import cmivqa_kit as ck
    >>> split = ck.open_split(ck.demo_corpus(), "testA", track=1)
    >>> question = split.questions[0]
    >>> question.id, question.video_id in split.videos, len(split.videos[question.video_id].subtitles)
    (0, True, 31)

    Args:
        root: the data root (any layout; see `cmivqa_kit.data.catalogue`).
        name: a split, by any name its edition knows (``testA``, ``TESTA``, ``val``).
        track: choose the question file for this track where the split has one per track.
        edition: the edition's name, where it should not be detected.
        seconds_per_row: of feature files, where a row is not one second; 0: as measured against the subtitles.
        features: a file or folder of features, or several by name whose rows stand beside each other; by default those
            that lie in the data root.

    Raises:
        UserError: missing or damaged files, with every finding and its place.
    """
    stores = {"": features} if isinstance(features, Path) else features
    return load_split(catalogue(Path(root), edition, seconds_per_row, features=stores), name, track)


def load_split(
    catalogue: Catalogue,
    name: str,
    track: Track | None = None,
    load: LoadQuestions | None = None,
    durations: Durations = read_durations,
    subtitles: ReadSubtitles = read_spoken,
    read_file: ReadFile = read_json,
) -> Split:
    """Read a split of a data root that is already catalogued; otherwise as `open_split`.

    ``load`` (by default `load_questions`), ``durations``, ``subtitles`` and
    ``read_file`` may remember what they have read.
    """
    questions = load(name, track) if load else load_questions(catalogue, name, track)
    folder = questions.file.path.parent
    folders = catalogue.feature_folders(folder)
    videos, notes = _videos(catalogue, questions, [OpenedFeatures(path) for path in folders], subtitles, read_file)
    asked = frozenset(q.video_id for q in questions.questions if q.video_id is not None)
    notes += language_notes(videos, questions.questions)
    _refuse_near_misses(questions, videos)
    videos = dict(sorted(videos.items()))
    ends: dict[str, float | None] = dict.fromkeys(sorted(asked - videos.keys()))
    for video_id, video in videos.items():
        videos[video_id], ends[video_id], odd = with_plausible_lines(video)
        notes += odd
    features = SplitFeatures(folders, ends, catalogue.seconds_per_row, catalogue.assumed_per_row)
    lengths = container_durations(catalogue.media_folders(folder), durations)
    return Split(
        name=questions.file.split,
        questions=questions.questions,
        videos=MappingProxyType({v.id: with_duration(v, lengths, features, ends[v.id]) for v in videos.values()}),
        features=features,
        edition=catalogue.edition.name,
        layout=questions.layout.name,
        source=questions.file.path,
        notes=tuple(notes),
    )


def corpus_videos(
    catalogue: Catalogue,
    questions: QuestionSet,
    subtitles: ReadSubtitles = read_spoken,
    read_file: ReadFile = read_json,
) -> frozenset[str]:
    """The ids of the videos that the questions of a split are asked of; no durations and no features are read.

    Raises:
        UserError: missing or damaged files.
    """
    opened = [OpenedFeatures(path) for path in catalogue.feature_folders(questions.file.path.parent)]
    return frozenset(_videos(catalogue, questions, opened, subtitles, read_file)[0])


def _videos(
    catalogue: Catalogue,
    questions: QuestionSet,
    opened: Sequence[OpenedFeatures],
    subtitles: ReadSubtitles,
    read_file: ReadFile,
) -> tuple[dict[str, Video], list[Note]]:
    """The videos of a split as its files have them, without durations, and what was noticed."""
    split = questions.file.split
    notes = [*catalogue.notes, *questions.notes]
    stems = frozenset(name for features in opened for name in features.ids)
    asked = frozenset(q.video_id for q in questions.questions if q.video_id is not None)
    videos, file_notes = question_file_videos(catalogue, questions.file, questions.videos, read_file)
    notes += file_notes
    files = catalogue.subtitle_files(questions.file.path.parent, split)
    own = _is_of(split, catalogue, files)
    if own or lacks_captions(videos, questions.questions):
        # Beside captions of all its videos, a file that serves several splits adds none to the corpus of this one.
        corpus = None if own or are_silent(videos) else asked | videos.keys()
        for file in files:
            spoken, found = subtitles(file, asked | stems)
            notes += found
            for video_id, tracks in spoken.items():
                if corpus is None or video_id in corpus:
                    videos[video_id] = with_spoken(videos.get(video_id, Video(video_id)), tracks, file)
    if not videos:
        if not files:
            notes.append(Note("subtitle.json", "none found: videos have no subtitles"))
        videos = {video_id: Video(video_id) for video_id in _in_files(opened, asked)}
    videos, drawn = of_dev_corpus(videos, questions.file.path, split, read_file)
    return videos, [*notes, *drawn]


def load_questions(
    catalogue: Catalogue, name: str, track: Track | None = None, read_file: ReadFile = read_json
) -> QuestionSet:
    """The questions of a split only: no subtitles, no features are touched.

    What a layout does not know is cut out before it reads the file. Where the organizers hold the answers, Tracks 2
    and 3 ask for the video: then only the keys of questions are left, since a development-phase file may still name
    videos (spec ccgs 1.2). ``read_file`` decodes the file, and may remember it.

    Raises:
        UserError: a file that is no list of questions, or records with findings (all are listed).
    """
    file = catalogue.question_file(name, track)
    records = read_file(file.path, "question file")
    if not isinstance(records, list) or not records:
        what = "an empty array" if records == [] else f"{type(records).__name__}, not an array of questions"
        raise UserError(f"{file.path}: {what}", "Download the question file again, or name another with --data.")
    by_organizers = catalogue.edition.splits[file.split].answers == "organizers"
    corpus_only = by_organizers and 1 not in file.tracks  # no honest record of this file names a video
    layout = detect(records, questions_only=corpus_only)
    if layout is None and are_captions(records):
        raise UserError(
            f"{file.path}: captions of videos and no questions",
            f"Rename it: {shlex.join(['mv', str(file.path), str(file.path.with_name('subtitle.json'))])}",
        )
    if layout is None:
        raise UserError(
            f"{file.path}: no record has a question ('question', 'Chinese_question' or 'English_question')",
            "This is not a question file; move it out of the data root.",
        )
    read = layout.read(layout.keys.questions_only(records) if corpus_only else layout.keys.known(records))
    problems = [*read.problems, *_duplicate_ids(read.questions)]
    if problems:
        raise problems_error(file.path, problems, "Mend these records, or remove them from the file.")
    notes = list(read.notes)
    hide = by_organizers and track in (2, 3) and not corpus_only
    questions = layout.read(layout.keys.questions_only(records)).questions if hide else read.questions
    if track is not None:
        questions = _of_track(questions, track, catalogue, notes)
    if file.tracks == (1,) or track == 1:
        _require_videos(file, questions)
    return QuestionSet(file, layout, questions, read.videos, tuple(notes), by_organizers)


def _of_track(
    questions: tuple[Question, ...], track: Track, catalogue: Catalogue, notes: list[Note]
) -> tuple[Question, ...]:
    """The questions for ``track`` where the ids of one file carry several track numbers."""
    kept = tuple(q for q in questions if catalogue.edition.track_of_id(q.id) in (None, track))
    if not kept or len(kept) == len(questions):
        return questions
    notes.append(Note(f"Track {track}", f"{len(questions) - len(kept)} questions of other tracks in the same file"))
    return kept


def _require_videos(file: QuestionFile, questions: Sequence[Question]) -> None:
    missing = [q.id for q in questions if q.video_id is None]
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


def _is_of(split: str, catalogue: Catalogue, subtitle_files: Sequence[Path]) -> bool:
    """True where subtitle files lie beside question files of this split alone: all their videos are of its corpus."""
    folders = {path.parent for path in subtitle_files} - {catalogue.root}
    beside = {file.split for file in catalogue.questions if file.path.parent in folders}
    return beside == {split}


def _in_files(opened: Iterable[OpenedFeatures], asked: frozenset[str]) -> Iterable[str]:
    """The videos of a corpus that only its features name: ids that are asked about, else names of files or keys."""
    for features in opened:
        names = features.names(asked)
        yield from (*names.files, *(item.stem if isinstance(item, Path) else item for item in names.unnamed))


def truth_records(
    catalogue: Catalogue,
    split: str,
    track: Track,
    load: LoadQuestions | None = None,
    read_file: ReadFile = read_json,
) -> tuple[list[Any], Path] | None:
    """The answers of a split as the official program wants them, with their file; ``None`` where they are not here.

    The organizers' answer file where there is one, else the annotated question file of a split whose answers are
    public. Answers that stand in the question file of a split whose answers the organizers hold are no ground truth
    (somebody's predictions, or placeholders) and never taken for it. Only scoring calls this.

    Raises:
        UserError: the file cannot be read, or the question file holds answers that it should not.
    """
    path = catalogue.answer_file(split, track)
    if path is not None:
        records = read_file(path, "answer file")
        if not isinstance(records, list):
            raise UserError(f"{path}: {type(records).__name__}, not an array of answers", "Check the answer file.")
        return rows_of_track(as_scored(records, path), track, catalogue.edition), path
    questions = load(split, track) if load else load_questions(catalogue, split, track)
    if all(question.answer is None for question in questions.questions):
        return None
    if questions.held:
        raise UserError(
            f"{questions.file.path}: holds answers, but those of {split} are the organizers'; not used for scoring",
            "If these are the true answers, put a copy into a folder answers/ of the data root, or give --truth.",
        )
    return records_of(questions.questions), questions.file.path


def data_fingerprint(split: Split) -> str:
    """Twelve hex digits that stand for the questions and subtitles of a split."""
    questions = (
        [q.id, q.text, q.video_id, [q.answer.start, q.answer.end] if q.answer else None] for q in split.questions
    )
    videos = ([v.id, [[s.text, s.start, s.duration] for s in v.subtitles]] for v in split.videos.values())
    return fingerprint_lists((questions, videos))
