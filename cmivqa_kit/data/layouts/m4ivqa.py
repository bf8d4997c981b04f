"""M4IVQA 2025: one record, two questions (Chinese and English), captions per language inside the record.

Source: docs/spec/ccgs.md, section 1.5. How the 2025 organizers want ids in a submission was never published; the two
questions of record 7 are called ``7_Chinese`` and ``7_English`` (see `cmivqa_kit.data.layouts.languages`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cmivqa_kit.data.captions import FIELD, caption_tracks
from cmivqa_kit.data.layouts import Layout, Records, fields, register
from cmivqa_kit.data.layouts.keys import RecordKeys
from cmivqa_kit.data.layouts.languages import with_languages
from cmivqa_kit.data.types import Question, Video
from cmivqa_kit.errors import Problem

QUESTIONS = {"Chinese": "Chinese_question", "English": "English_question"}
KEYS = RecordKeys(
    question=frozenset({"id", *QUESTIONS.values()}),
    answer=frozenset({"start_second", "end_second"}),
    video=frozenset({"video_id", FIELD}),
)


def read(records: Sequence[Any]) -> Records:
    """Two questions per record (one where only one language is there), and its video with captions per language."""
    questions: list[Question] = []  # with the ids of their records
    videos: dict[str, Video] = {}
    problems: list[Problem] = []
    for where, record in fields.objects(records, problems):
        faults: list[Problem] = []
        identity = fields.question_id(record, "id", where, faults)
        video_id = fields.video_id(record, where, faults)
        answer = fields.span(record, "start_second", "end_second", where, faults)
        texts = {
            language: fields.text(record, key, where, faults)
            for language, key in QUESTIONS.items()
            if record.get(key) not in (None, "")
        }
        if not texts:
            faults.append(Problem(where, "neither 'Chinese_question' nor 'English_question'"))
        problems += faults
        if not faults and identity is not None:
            questions += [
                Question(identity, text, language, video_id, answer)
                for language, text in texts.items()
                if text is not None
            ]
        if video_id is not None and video_id not in videos:
            videos[video_id] = _video(video_id, record, where, problems)
    inline = any(isinstance(record, Mapping) and FIELD in record for record in records)
    named, notes = with_languages(questions)
    return Records(named, videos if inline else {}, tuple(problems), notes)


def _video(video_id: str, record: Mapping[str, Any], pointer: str, problems: list[Problem]) -> Video:
    captions = record.get(FIELD)
    if captions is None:
        return Video(video_id)
    tracks, faults = caption_tracks(captions, f"{pointer}/{FIELD}")
    problems += faults
    return Video(video_id, next(iter(tracks.values()), ()), translations=tracks)


register(
    Layout(
        name="m4ivqa",
        title="M4IVQA 2025",
        edition="m4ivqa-2025",
        keys=KEYS,
        matches=lambda sample: any(key in record for record in sample for key in QUESTIONS.values()),
        read=read,
    )
)
