"""Which video a file's name, a key or a link names."""

from __future__ import annotations

import pytest

from cmivqa_kit.data.video_names import id_among, name_of, plain_id


@pytest.mark.parametrize(
    ("stem", "video", "language"),
    [
        ("aaaaaaaaaaa", "aaaaaaaaaaa", None),
        ("aaaaaaaaaaa.en", "aaaaaaaaaaa", "en"),
        ("aaaaaaaaaaa.zh-Hans", "aaaaaaaaaaa", "zh-Hans"),
        ("aaaaaaaaaaa.en-orig", "aaaaaaaaaaa", "en-orig"),
        ("aaaaaaaaaaa.en-eEY6OEpapPo", "aaaaaaaaaaa", "en"),
        ("aaaaaaaaaaa.zh-Hans-en-nP7-2PuUl7o", "aaaaaaaaaaa", "zh-Hans-en"),
        ("aaaaaaaaaaa.mp4", "aaaaaaaaaaa", None),
        ("aaaaaaaaaaa.mp4.en", "aaaaaaaaaaa", "en"),
        ("aaaaaaaaaaa (1)", "aaaaaaaaaaa", None),
        ("aaaaaaaaaaa.en (2)", "aaaaaaaaaaa", "en"),
        ("aaaaaaaaaaa - 副本", "aaaaaaaaaaa", None),
        ("Wash hands [dQw4w9WgXcQ].en", "dQw4w9WgXcQ", "en"),
        ("急救 [BV1xx411c7mD].zh-CN", "BV1xx411c7mD", "zh-CN"),
        ("Wash hands-ccccccccccc.en", "ccccccccccc", "en"),
        ("Wash_hands-dQw4w9WgXcQ", "dQw4w9WgXcQ", None),
    ],
)
def test_downloaders_names(stem: str, video: str, language: str | None) -> None:
    name = name_of(stem)
    assert (name.video_id, name.language, name.recognised) == (video, language, True)


@pytest.mark.parametrize(
    ("stem", "known", "video"),
    [
        ("knee 1 of the clinic_video-12345.en", {"video-12345"}, "video-12345"),
        ("video-12345", {"video-12345"}, "video-12345"),
        ("my.en", {"my.en"}, "my.en"),
        ("Title [dQw4w9WgXcQ] aaaaaaaaaaa", {"aaaaaaaaaaa"}, "aaaaaaaaaaa"),
        ("12", {"12"}, "12"),
        ("12 (1)", {"12"}, "12"),
    ],
)
def test_a_known_id_is_taken_wherever_it_stands_alone(stem: str, known: set[str], video: str) -> None:
    assert name_of(stem, known).video_id == video
    assert name_of(stem, known).recognised


@pytest.mark.parametrize(
    ("stem", "known"),
    [
        ("first-aid-instruction", set[str]()),
        ("lesson one", set[str]()),
        ("part 12 of 40", {"12", "40"}),
        ("aaaaaaaaaaa and bbbbbbbbbbb", {"aaaaaaaaaaa", "bbbbbbbbbbb"}),
        ("xaaaaaaaaaaax", {"aaaaaaaaaaa"}),
    ],
)
def test_no_id_is_guessed(stem: str, known: set[str]) -> None:
    assert name_of(stem, known).video_id == stem
    assert not name_of(stem, known).recognised


@pytest.mark.parametrize(
    "text",
    [
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=30s",
        "http://m.youtube.com/watch?t=5&v=dQw4w9WgXcQ",
        "youtube.com/watch?v=dQw4w9WgXcQ",
        "https://youtu.be/dQw4w9WgXcQ?t=4",
        "https://www.youtube.com/embed/dQw4w9WgXcQ",
        "https://www.youtube.com/shorts/dQw4w9WgXcQ",
        "dQw4w9WgXcQ.mp4",
        "dQw4w9WgXcQ.WEBM",
        "dQw4w9WgXcQ",
    ],
)
def test_the_id_in_a_link_or_a_files_name(text: str) -> None:
    assert plain_id(text) == "dQw4w9WgXcQ"


@pytest.mark.parametrize(
    "text", ["https://example.org/watch?v=dQw4w9WgXcQ", "knee.mp4", "a/b", "http://[", "youtu.be/"]
)
def test_anything_else_stays(text: str) -> None:
    assert plain_id(text) == text


def test_the_stem_of_any_file_is_taken_where_it_is_known() -> None:
    assert id_among("knee.mp4", {"knee"}) == "knee"
    assert id_among("knee.mp4", {"knee.mp4", "knee"}) == "knee.mp4"
