"""A template: a valid submission whose answers are placeholders."""

from __future__ import annotations

from pathlib import Path

from cmivqa_kit.data.types import Split, Track, Video
from cmivqa_kit.editions import load_edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.submission.write import Entry, write


def write_sample(split: Split, track: Track, path: Path) -> Path:
    """Write a template for the questions of a split: the first videos of the corpus, each from start to end.

    Raises:
        UserError: the corpus has no videos (Tracks 2 and 3).
    """
    if track != 1 and not split.videos:
        raise UserError(f"{split.name}: the corpus has no videos", "Add subtitle.json to the data root.")
    entries = [_whole(video) for video in list(split.videos.values())[: load_edition(split.edition).entries]]

    def answer(video_id: str | None) -> list[Entry]:
        return [_whole(split.videos.get(video_id or "", Video(video_id or "unknown")))] if track == 1 else entries

    return write(((question.id, answer(question.video_id)) for question in split.questions), split, track, path)


def _whole(video: Video) -> Entry:
    return video.id, 0.0, video.duration or 1.0
