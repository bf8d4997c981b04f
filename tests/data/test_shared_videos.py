"""The corpus of a split in the 2025 layout: captions in one file only, in files of their own, in one language."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.caption_languages import language_of, named_language
from cmivqa_kit.data.captions import file_language, read_spoken
from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.check import check
from cmivqa_kit.data.corpus import load_questions, open_split
from cmivqa_kit.data.intake import gather
from cmivqa_kit.data.types import Split, Subtitle, Track
from cmivqa_kit.errors import UserError
from tests.data.corpora import (
    TEST_A_VIDEOS,
    TRAIN_VIDEOS,
    Record,
    lines,
    m4ivqa_record,
    read,
    subtitles,
    write,
)

TRACKS: tuple[Track, ...] = (1, 2, 3)
BOTH = {"Chinese", "English"}


def corpus(root: Path, captions: Sequence[int] = (), keys: Sequence[str] = ("Ch_caption", "Eng_caption")) -> Path:
    """Test and train, one file per task; those of the tasks ``captions`` carry captions with the texts ``keys``."""
    for split, videos in (("train", TRAIN_VIDEOS), ("test", TEST_A_VIDEOS)):
        for task in TRACKS:
            records = []
            for number, video in enumerate(videos):
                record = m4ivqa_record(number, video, id=f"NLPCC2025_Task{task}_{number}")
                dropped = {"Ch_caption", "Eng_caption"} - set(keys)
                kept = [{k: v for k, v in c.items() if k not in dropped} for c in record.pop("video_captions")]
                if task in captions:
                    record["video_captions"] = kept
                if split == "test":
                    del record["start_second"], record["end_second"]
                    if task > 1:
                        record.pop("video_id")
                        record.pop("video_captions", None)
                records.append(record)
            write(root / split / f"M4IVQA_{split}_task{task}.json", records)
    return root


def captions_of(videos: Sequence[str]) -> dict[str, Any]:
    return {video: m4ivqa_record(1, video)["video_captions"] for video in videos}


def english(videos: Sequence[str]) -> dict[str, list[Record]]:
    return {video: lines(4, text="line number {} of it") for video in videos}


def languages(split: Split) -> set[frozenset[str]]:
    return {frozenset(video.translations) for video in split.videos.values()}


def notes(split: Split) -> dict[str, str]:
    return {note.subject: note.why for note in split.notes if "captions" in note.subject}


@pytest.mark.parametrize("captions", [[1], [2], [3], [1, 3], [1, 2, 3]])
@pytest.mark.parametrize("track", TRACKS)
def test_captions_of_any_task_serve_all(tmp_path: Path, captions: list[int], track: Track) -> None:
    root = corpus(tmp_path, captions)
    assert list(open_split(root, "train", track).videos) == TRAIN_VIDEOS
    if 1 in captions:
        split = open_split(root, "test", track)
        assert list(split.videos) == TEST_A_VIDEOS
        assert languages(split) == {frozenset(BOTH)}
        assert not notes(split)


@pytest.mark.parametrize("track", TRACKS)
@pytest.mark.parametrize("form", ["list", "object", "records"])
@pytest.mark.parametrize("name", ["captions.json", "字幕.json", "subtitle.json"])
def test_a_file_of_captions_alone(tmp_path: Path, track: Track, form: str, name: str) -> None:
    root = corpus(tmp_path)
    spoken: Any = captions_of(TEST_A_VIDEOS)
    if form == "list":
        spoken = [{"video_id": video, "video_captions": said} for video, said in spoken.items()]
    elif form == "records":
        spoken = {video: {"video_captions": said} for video, said in spoken.items()}
    write(root / "test" / name, spoken)
    split = open_split(root, "test", track)
    assert list(split.videos) == TEST_A_VIDEOS
    assert languages(split) == {frozenset(BOTH)}
    assert [line.text for line in split.videos[TEST_A_VIDEOS[0]].subtitles_in("English")][:2] == ["en 0", "en 1"]


@pytest.mark.parametrize("track", TRACKS)
@pytest.mark.parametrize(("language", "lacking"), [("Chinese", "English"), ("English", "Chinese")])
def test_a_subtitle_file_in_one_language(tmp_path: Path, track: Track, language: str, lacking: str) -> None:
    root = corpus(tmp_path)
    write(root / "test" / "subtitle.json", (subtitles if language == "Chinese" else english)(TEST_A_VIDEOS))
    split = open_split(root, "test", track)
    assert list(split.videos) == TEST_A_VIDEOS
    assert notes(split) == {
        f"{lacking} captions": f"3 of 3 videos have none; other captions serve questions in {lacking}"
    }
    assert not check(split).counts


@pytest.mark.parametrize("track", TRACKS)
def test_a_file_per_language(tmp_path: Path, track: Track) -> None:
    root = corpus(tmp_path)
    write(root / "test" / "subtitle_zh.json", subtitles(TEST_A_VIDEOS))
    write(root / "test" / "subtitle_en.json", english(TEST_A_VIDEOS))
    split = open_split(root, "test", track)
    assert languages(split) == {frozenset(BOTH)}
    said = split.videos[TEST_A_VIDEOS[0]]
    assert said.subtitles_in("Chinese")[0].text == "第0句"
    assert said.subtitles_in("English")[0].text == "line number 0 of it"
    write(root / "test" / "subtitle_english.json", english(TEST_A_VIDEOS))
    with pytest.raises(UserError, match="several subtitle files") as caught:
        open_split(root, "test", track)
    assert "subtitle_Chinese.json and subtitle_English.json" in caught.value.fix


def test_captions_in_one_language_and_a_file_in_the_other(tmp_path: Path) -> None:
    root = corpus(tmp_path, captions=[1], keys=["Eng_caption"])
    write(root / "subtitle.json", subtitles([*TEST_A_VIDEOS, *TRAIN_VIDEOS]))
    split = open_split(root, "test", 2)
    assert list(split.videos) == TEST_A_VIDEOS  # a file for several splits adds no video to a captioned corpus
    said = split.videos[TEST_A_VIDEOS[0]]
    assert [said.subtitles_in(language)[0].text for language in ("Chinese", "English")] == ["第0句", "en 0"]


def test_captions_of_half_of_the_videos(tmp_path: Path) -> None:
    root = corpus(tmp_path, captions=[1])
    file = root / "test" / "M4IVQA_test_task1.json"
    records = read(file)
    del records[0]["video_captions"]
    write(file, records)
    report = check(open_split(root, "test", 1))
    assert report.counts == {"no-subtitles": 2}


@pytest.mark.parametrize("track", [2, 3])
def test_no_captions_at_all_are_a_finding(tmp_path: Path, track: Track) -> None:
    split = open_split(corpus(tmp_path), "test", track)
    assert not split.videos
    assert check(split).counts == {"no-corpus": 6}


def test_captions_beside_hidden_questions_are_not_read(tmp_path: Path) -> None:
    """They would say which video answers which question; the video ids alone are in the corpus anyway."""
    root = corpus(tmp_path)
    records = [m4ivqa_record(number, video) for number, video in enumerate(TEST_A_VIDEOS)]
    write(root / "test" / "M4IVQA_test_task2.json", records)
    split = open_split(root, "test", 1)
    assert not split.videos
    assert notes(split) == {}
    assert any("stand beside their questions" in note.why for note in split.notes)
    assert not open_split(root, "test", 2).videos


def test_another_tasks_file_that_is_broken_stops_nothing(tmp_path: Path) -> None:
    root = corpus(tmp_path, captions=[1])
    (root / "test" / "M4IVQA_test_task3.json").write_text("[{", encoding="utf-8")
    split = open_split(root, "test", 2)
    assert list(split.videos) == TEST_A_VIDEOS
    assert any(note.why == "cannot be read; captions in it are not used" for note in split.notes)


def test_captions_called_questions_are_explained(tmp_path: Path) -> None:
    write(tmp_path / "test.json", [{"video_id": "a", "video_captions": captions_of(["a"])["a"]}])
    write(tmp_path / "corpus.json", {"edition": "m4ivqa-2025"})
    with pytest.raises(UserError, match="captions of videos and no questions") as caught:
        load_questions(catalogue(tmp_path), "test")
    assert caught.value.fix.startswith("Rename it: mv ")


def test_damaged_captions_are_all_named(tmp_path: Path) -> None:
    damaged = [{"video_id": "a", "video_captions": [{"Ch_caption": 5, "start": 0, "end": 1}]}, {"video_captions": []}]
    with pytest.raises(UserError, match="2 problems") as caught:
        read_spoken(write(tmp_path / "captions.json", damaged))
    assert "/0/video_captions/0/Ch_caption: is a number" in caught.value.message
    assert "/1/video_captions: no 'video_id'" in caught.value.message


def test_languages_of_names_and_lines(tmp_path: Path) -> None:
    names = [
        "subtitle_zh",
        "subtitle.chinese",
        "中文字幕",
        "subtitle_en",
        "ENG_subtitle",
        "英文字幕",
        "zh_en",
    ]
    assert [named_language(name) for name in names] == [*["Chinese"] * 3, *["English"] * 3, None]
    assert language_of([Subtitle("用 CPR 急救", 0, 1)]) == "Chinese"
    assert language_of([Subtitle("Press 30 times", 0, 1)]) == "English"
    assert language_of([Subtitle(" ", 0, 1)]) is None
    assert file_language(write(tmp_path / "a.json", english(["a"]))) == "English"
    assert file_language(write(tmp_path / "b.json", captions_of(["a"]))) is None
    assert file_language(tmp_path / "missing.json") is None


@pytest.mark.parametrize("names", [("subtitle_zh.json", "subtitle_en.json"), ("a.json", "b.json")])
def test_downloads_of_both_languages_lie_beside_each_other(tmp_path: Path, names: tuple[str, str]) -> None:
    downloads = corpus(tmp_path / "downloads")
    write(downloads / names[0], subtitles(TEST_A_VIDEOS))
    write(downloads / names[1], english(TEST_A_VIDEOS))
    root = tmp_path / "data"
    intake = gather([downloads], root)
    spoken = {place.target.name for place in intake.placements if place.kind == "subtitles"}
    assert len(spoken) == 2
    assert not any(missing.startswith("test: subtitle") for missing in intake.missing)
    assert languages(open_split(root, "test", 3)) == {frozenset(BOTH)}
    assert gather([downloads], root).placements  # the same again is fine


def test_downloaded_captions_join_their_split(tmp_path: Path) -> None:
    downloads = corpus(tmp_path / "downloads")
    write(downloads / "c1.json", captions_of(TEST_A_VIDEOS))
    write(downloads / "c2.json", [{"video_id": v, "video_captions": c} for v, c in captions_of(TRAIN_VIDEOS).items()])
    root = tmp_path / "data"
    intake = gather([downloads], root)
    assert not [missing for missing in intake.missing if "subtitle.json" in missing]
    assert not [missing for missing in intake.missing if "data split" in missing]  # there are three files to divide
    assert list(open_split(root, "test", 2).videos) == TEST_A_VIDEOS
    assert list(open_split(root, "train", 2).videos) == TRAIN_VIDEOS


def test_items_in_one_language_beside_captions_are_of_the_edition_with_captions(tmp_path: Path) -> None:
    """A 2025 file without captions whose records ask in one language looks like one of 2024."""
    downloads = corpus(tmp_path / "downloads", captions=[1])
    for file in downloads.rglob("*task[23].json"):
        write(file, [{k: v for k, v in record.items() if k != "Chinese_question"} for record in read(file)])
    assert catalogue(downloads).edition.name == "m4ivqa-2025"
    assert gather([downloads], tmp_path / "data").edition.name == "m4ivqa-2025"
    for file in downloads.rglob("*task1.json"):
        file.unlink()
    assert catalogue(downloads).edition.name == "mmivqa-2024"
