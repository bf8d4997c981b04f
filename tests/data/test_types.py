"""What a baseline may see, and what a video knows of itself."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Note, Question, Split, Subtitle, Track, Video

CHINESE, ENGLISH = (Subtitle("中", 0.0, 1.0),), (Subtitle("en", 0.0, 1.0),)


def split(*videos: Video) -> Split:
    questions = (
        Question(1, "q1", "Chinese", "b", Span(1, 2)),
        Question("2", "q2", "English", "only-asked", Span(3, 4)),
        Question(3, "q3"),
    )
    corpus = MappingProxyType({video.id: video for video in videos})
    return Split("testA", questions, corpus, SplitFeatures(), notes=(Note("x", "gold is b"),))


@pytest.mark.parametrize("track", [1, 2, 3])
def test_answers_never_pass(track: Track) -> None:
    full = split(Video("a"), Video("b", CHINESE))
    shown = full.for_prediction(track)
    assert full.has_answers
    assert not shown.has_answers
    assert [(q.id, q.text, q.language) for q in shown.questions] == [
        (1, "q1", "Chinese"),
        ("2", "q2", "English"),
        (3, "q3", None),
    ]
    assert shown.notes == ()
    assert shown.source is None


def test_track_1_shows_the_video_and_adds_one_that_only_the_question_names() -> None:
    shown = split(Video("z"), Video("b", CHINESE)).for_prediction(1)
    assert [q.video_id for q in shown.questions] == ["b", "only-asked", None]
    assert list(shown.videos) == ["b", "only-asked", "z"]
    assert shown.videos["only-asked"] == Video("only-asked")


@pytest.mark.parametrize("track", [2, 3])
def test_tracks_2_and_3_see_the_corpus_only(track: Track) -> None:
    shown = split(Video("z"), Video("b", CHINESE)).for_prediction(track)
    assert [q.video_id for q in shown.questions] == [None, None, None]
    assert list(shown.videos) == ["b", "z"]


def test_subtitles_in_a_language() -> None:
    both = Video("v", CHINESE, translations=MappingProxyType({"Chinese": CHINESE, "English": ENGLISH}))
    assert both.subtitles_in("English") == ENGLISH
    assert both.subtitles_in("French") == both.subtitles_in(None) == CHINESE
    assert Video("v", CHINESE).subtitles_in("English") == CHINESE


def test_which_durations_are_exact() -> None:
    sources = ("given", "container", "features", "subtitles", None)
    assert [Video("v", (), 5.0, source).duration_is_exact for source in sources] == [True, True, False, False, False]


def test_subtitle_ends_are_not_rounded() -> None:
    assert Subtitle("x", 0.1, 0.2).end == 0.1 + 0.2
