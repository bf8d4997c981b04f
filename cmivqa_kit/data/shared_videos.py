"""The corpus of a split, which its question files share: captions in any of them, and in files of their own.

Per language what there is: a video has the captions that the question files carry, then those of the subtitle files.
Of a question file only the videos are taken here, without which question is about which, and never of one
for the tracks that ask for the video.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cmivqa_kit.data.caption_languages import language_of, named_language
from cmivqa_kit.data.captions import NOT_STATED, Tracks
from cmivqa_kit.data.catalogue import Catalogue, QuestionFile
from cmivqa_kit.data.layouts import detect
from cmivqa_kit.data.types import Note, Question, Video
from cmivqa_kit.errors import UserError

LANGUAGES = ("Chinese", "English")


def question_file_videos(
    catalogue: Catalogue, file: QuestionFile, own: Mapping[str, Video], read_file: Callable[[Path, str], Any]
) -> tuple[dict[str, Video], list[Note]]:
    """The videos whose captions stand in the question files of a split, whatever the track of the file; and notes.

    ``own`` are those of the question file ``file``, which is read already. Another file that cannot be read is left to
    the track that it is for, with a note.
    """
    videos = dict(own)
    notes: list[Note] = []
    for other in _others(catalogue, file):
        try:
            records = read_file(other.path, "question file")
        except UserError:
            notes.append(Note(str(other.path), "cannot be read; captions in it are not used"))
            continue
        layout = detect(records) if isinstance(records, list) else None
        if layout is None:
            continue
        read = layout.read(layout.keys.without_answers(records)).videos
        # As where its own questions are read: a file for Tracks 2 and 3 of a test says nothing about videos.
        if read and 1 not in other.tracks and _hidden(other.split, catalogue):
            notes.append(Note(other.path.name, "captions in it are not used: they stand beside their questions"))
            continue
        for video in read.values():
            known = videos.get(video.id)
            videos[video.id] = video if known is None else _joined(known, video)
    return videos, notes


def with_spoken(video: Video, tracks: Tracks, path: Path) -> Video:
    """A video with the lines of a subtitle file in the languages that it lacks."""
    stated = {language or named_language(path.stem) or NOT_STATED: lines for language, lines in tracks.items()}
    plain = stated.pop(NOT_STATED, ())
    if plain and not video.translations and not stated:
        return video if video.subtitles else replace(video, subtitles=plain)
    if plain:
        stated.setdefault(language_of(plain) or NOT_STATED, plain)
    before = dict(video.translations)
    if video.subtitles and not before:  # of a language not stated, from the file before
        before = {language_of(video.subtitles) or NOT_STATED: video.subtitles}
    both = {**stated, **{language: lines for language, lines in before.items() if lines}}
    ordered = {language: both[language] for language in sorted(both)}
    subtitles = video.subtitles or next((lines for lines in ordered.values() if lines), ())
    return replace(video, subtitles=subtitles, translations=MappingProxyType(ordered))


def are_silent(videos: Mapping[str, Video]) -> bool:
    """True where there are no videos, or one says nothing."""
    return not videos or any(not (video.subtitles or video.translations) for video in videos.values())


def lacks_captions(videos: Mapping[str, Video], questions: Sequence[Question]) -> bool:
    """True where some video says nothing, or nothing in a language that is asked in and captions are in elsewhere."""
    asked = {question.language for question in questions if question.language} & set(LANGUAGES)
    return are_silent(videos) or any(
        video.translations and any(not video.translations.get(language) for language in asked)
        for video in videos.values()
    )


def language_notes(videos: Mapping[str, Video], questions: Sequence[Question]) -> Iterator[Note]:
    """A note per language that captions lack, where every question is asked in each or captions are per language."""
    asked = [language for language in LANGUAGES if any(q.language == language for q in questions)]
    spoken = [video for video in videos.values() if video.subtitles or video.translations]
    if not any(video.translations for video in spoken) and not _in_both(questions):
        return
    for language in asked:
        lacking = [v for v in spoken if not v.translations.get(language) and language_of(v.subtitles) != language]
        if lacking:
            why = f"{len(lacking)} of {len(spoken)} videos have none; other captions serve questions in {language}"
            yield Note(f"{language} captions", why)


def _in_both(questions: Sequence[Question]) -> bool:
    """True where a record asks in both languages: then its two ids differ by the language alone."""
    ids = {str(question.id) for question in questions}
    return any(id_.endswith("_Chinese") and f"{id_.removesuffix('Chinese')}English" in ids for id_ in ids)


def _others(catalogue: Catalogue, file: QuestionFile) -> list[QuestionFile]:
    """The other question files that some track of the split uses, in order of their paths."""
    files: dict[Path, QuestionFile] = {}
    for track in catalogue.tracks(file.split):
        try:
            other = catalogue.question_file(file.split, track)
        except UserError:  # several that differ: an error of that track
            continue
        files[other.path] = other
    return [files[path] for path in sorted(files) if path != file.path]


def _hidden(split: str, catalogue: Catalogue) -> bool:
    return catalogue.edition.splits[split].answers == "organizers"


def _joined(video: Video, other: Video) -> Video:
    """A video with the captions of two records of it."""
    translations = {**other.translations, **{k: lines for k, lines in video.translations.items() if lines}}
    ordered = MappingProxyType({language: translations[language] for language in sorted(translations)})
    return replace(
        video,
        subtitles=video.subtitles or other.subtitles,
        translations=ordered,
        duration=video.duration if video.duration is not None else other.duration,
        duration_source=video.duration_source or other.duration_source,
    )
