"""Captions per language, as M4IVQA 2025 has them: inside question files, or in a file of their own.

A line is ``{"Ch_caption", "Eng_caption", "start", "end", "duration"}``. A file of captions alone is an array of records
with ``video_id`` and ``video_captions``, or an object of such arrays by video id; `read_spoken` reads these and the
plain ``subtitle.json``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cmivqa_kit.data.caption_languages import language_of, named_language
from cmivqa_kit.data.display import escape_pointer
from cmivqa_kit.data.subtitles import parse_lines, read_subtitles
from cmivqa_kit.data.types import Note, Subtitle
from cmivqa_kit.errors import Problem, UserError, problems_error
from cmivqa_kit.files import read_json

CAPTIONS = {"Chinese": "Ch_caption", "English": "Eng_caption"}
FIELD = "video_captions"
NOT_STATED = ""  # the language of lines that state none
Tracks = Mapping[str, tuple[Subtitle, ...]]  # lines by language


def caption_tracks(captions: Any, pointer: str) -> tuple[Tracks, list[Problem]]:
    """The lines of each language that the captions of a video have, and what is wrong with them.

    A language that no line has is not a finding, nor is a line without a text in one of them: it is silent there.
    """
    tracks: dict[str, tuple[Subtitle, ...]] = {}
    problems: list[Problem] = []
    for language, key in CAPTIONS.items():
        if isinstance(captions, list) and not any(isinstance(line, Mapping) and key in line for line in captions):
            continue
        lines, faults = parse_lines(_in(captions, key), pointer, text_key=key)
        problems += faults
        tracks[language] = tuple(line for line in lines if line.text.strip())
    return MappingProxyType(tracks), problems


def _in(captions: Any, key: str) -> Any:
    """The captions with an empty text where a line has none in this language."""
    if not isinstance(captions, list):
        return captions
    return [{**c, key: ""} if isinstance(c, dict) and c.get(key) is None else c for c in captions]


def are_captions(document: Any) -> bool:
    """True for a document of captions per language and nothing else: no questions are in it."""
    if isinstance(document, list) and any(isinstance(record, dict) and _asks(record) for record in document):
        return False
    return any(isinstance(captions, list) and any(map(_is_caption, captions)) for _, _, captions in _entries(document))


def captioned_videos(document: Any) -> frozenset[str]:
    """The videos that a document of captions is about."""
    return frozenset(video for _, video, _ in _entries(document) if isinstance(video, str))


def read_spoken(
    path: Path, known_ids: Collection[str] = frozenset(), read_file: Callable[[Path, str], Any] = read_json
) -> tuple[dict[str, Tracks], tuple[Note, ...]]:
    """What is said in every video of a file of subtitles or captions, by language; and the notes.

    Lines of a plain ``subtitle.json`` are of the language `NOT_STATED`; see `read_subtitles` for what is left out.

    Raises:
        UserError: as `read_subtitles`.
    """
    document = read_file(path, "subtitle file")
    if not are_captions(document):
        lines, notes = read_subtitles(path, known_ids, lambda _path, _noun: document)
        return {video: MappingProxyType({NOT_STATED: spoken}) for video, spoken in lines.items()}, notes
    videos: dict[str, Tracks] = {}
    problems: list[Problem] = []
    for pointer, video, captions in _entries(document):
        if not isinstance(video, str) or not video.strip():
            problems.append(Problem(pointer, "no 'video_id'"))
            continue
        tracks, faults = caption_tracks(captions, pointer)
        problems += faults
        videos.setdefault(video, tracks)
    if problems:
        fix = f"Each line needs {' or '.join(CAPTIONS.values())}, and start and end in seconds."
        raise problems_error(path, problems, fix)
    return videos, ()


def file_language(path: Path) -> str | None:
    """The language of a subtitle file, by its name, else its lines; ``None`` for one with several, or unreadable."""
    try:
        spoken, _ = read_spoken(path)
    except UserError:
        return None
    languages = {language for tracks in spoken.values() for language in tracks}
    if languages != {NOT_STATED}:
        return languages.pop() if len(languages) == 1 else None
    return named_language(path.stem) or language_of(line for tracks in spoken.values() for line in tracks[NOT_STATED])


def _entries(document: Any) -> Iterator[tuple[str, Any, Any]]:
    """JSON pointer of the captions, video id and captions of every video in a document of them."""
    if isinstance(document, list):
        for index, record in enumerate(document):
            if isinstance(record, dict) and FIELD in record:
                yield f"/{index}/{FIELD}", record.get("video_id"), record[FIELD]
    elif isinstance(document, dict):
        for video, captions in document.items():
            within = isinstance(captions, dict) and FIELD in captions
            pointer = f"/{escape_pointer(video)}{f'/{FIELD}' if within else ''}"
            yield pointer, video, captions[FIELD] if within else captions


def _is_caption(line: Any) -> bool:
    return isinstance(line, dict) and any(key in line for key in CAPTIONS.values())


def _asks(record: Mapping[str, Any]) -> bool:
    return any(key.lower().endswith("question") for key in record)
