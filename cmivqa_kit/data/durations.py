"""How long the videos of a split are, from the best source there is, and nothing that cannot be meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from cmivqa_kit.data.feature_clock import outlasts
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.line_times import plausible
from cmivqa_kit.data.types import Note, Video

Durations = Callable[[Path], dict[str, float]]  # of the video files in a folder, in seconds


def container_durations(folders: Iterable[Path], durations: Durations) -> dict[str, float]:
    """Seconds by video id, of the video files in some folders; of two of one video the first counts."""
    lengths: dict[str, float] = {}
    for folder in folders:
        lengths = {**durations(folder), **lengths}
    return lengths


def with_plausible_lines(video: Video) -> tuple[Video, float | None, list[Note]]:
    """The video without ends of lines that cannot be meant, the end of its last line, and what was noticed."""
    languages = {"": video.subtitles, **video.translations}
    looked = {language: plausible(lines, video.id) for language, lines in languages.items() if lines}
    notes = list(dict.fromkeys(note for lines in looked.values() for note in lines.notes))
    end = max((lines.end for lines in looked.values() if lines.end is not None), default=None)
    if any(lines.lines != languages[language] for language, lines in looked.items()):
        translations = {name: looked[name].lines if name in looked else () for name in video.translations}
        spoken = looked[""].lines if "" in looked else ()
        video = replace(video, subtitles=spoken, translations=MappingProxyType(translations))
    return video, end, notes


def with_duration(video: Video, containers: Mapping[str, float], features: SplitFeatures, end: float | None) -> Video:
    """The best duration known: given, from the container, from the feature rows, or the last subtitle's end.

    Rows tell nothing while it is not settled how long one is, nor where the subtitles go on long after them.
    """
    if video.duration is not None:
        return video
    if video.id in containers:
        return replace(video, duration=containers[video.id], duration_source="container")
    seconds = features.seconds(video.id)
    if seconds is not None and (end is None or not outlasts(end, seconds)):
        return replace(video, duration=seconds, duration_source="features")
    return replace(video, duration=end, duration_source="subtitles") if end is not None else video
