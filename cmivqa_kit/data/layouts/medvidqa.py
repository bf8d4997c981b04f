"""MedVidQA / MedVidCQA: subtitles inside the annotation, ``answer_start_second``.

``text/train.json``, ``val.json`` and ``test.json`` beside ``features/I3D/<video_id>.npy``. Source: docs/spec/ccgs.md,
section 1.5. The published code reads no ids; files without any get the place of the record, counted from 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cmivqa_kit.data.layouts import Layout, Records, fields, register
from cmivqa_kit.data.layouts.cmivqa import Keys, read_plain
from cmivqa_kit.data.layouts.keys import RecordKeys
from cmivqa_kit.data.subtitles import parse_lines
from cmivqa_kit.data.types import Note, Subtitle, Video
from cmivqa_kit.errors import Problem

SUBTITLES = "video_sub_title"
KEYS = RecordKeys(
    question=frozenset({"id", "question", "language_type"}),
    answer=frozenset({"answer_start_second", "answer_end_second"}),
    video=frozenset({"video_id", "video_length", SUBTITLES}),
    id_substitutes=frozenset({"sample_id"}),
)


def read(records: Sequence[Any]) -> Records:
    """Questions and, from the same records, their videos; ``sample_id`` serves as id where there is no ``id``."""
    notes: tuple[Note, ...] = ()
    if not any(key in record for record in records if isinstance(record, Mapping) for key in ("id", "sample_id")):
        records = [{**one, "id": n} if isinstance(one, Mapping) else one for n, one in enumerate(records)]
        notes = (Note("ids", "there are none: questions are called by their place in the file, from 0"),)
    first: Mapping[str, Any] = next((record for record in records if isinstance(record, Mapping)), {})
    id_key = "id" if "id" in first else "sample_id"
    plain = read_plain(records, Keys(id_key, "answer_start_second", "answer_end_second", "English"))
    problems: list[Problem] = list(plain.problems)
    videos: dict[str, Video] = {}
    for index, record in enumerate(records):
        if not isinstance(record, Mapping) or not isinstance(record.get("video_id"), str):
            continue
        video_id = record["video_id"].strip()
        known = videos.get(video_id)
        if not video_id or (known is not None and known.subtitles):  # the list is repeated with every question
            continue
        lines: tuple[Subtitle, ...] = ()
        if record.get(SUBTITLES) is not None:
            lines, found = parse_lines(record[SUBTITLES], f"/{index}/{SUBTITLES}")
            problems += found
        given = fields.seconds(record, "video_length") or (known.duration if known is not None else None)
        videos[video_id] = Video(video_id, lines, given, "given" if given else None)
    return Records(plain.questions, videos, tuple(problems), notes)


register(
    Layout(
        name="medvidqa",
        title="MedVidQA / MedVidCQA",
        edition="medvidqa",
        keys=KEYS,
        matches=lambda sample: any("sample_id" in r or SUBTITLES in r for r in sample),
        read=read,
    )
)
