"""docs/spec/tutorialvqa.md on a corpus made by hand, and on the real one where it lies."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.convert import convert_into, converter, converters
from cmivqa_kit.data.convert.tutorialvqa import RawVideo, anchor_points, sentence_times, subtitles, unseen_videos
from cmivqa_kit.data.corpus import open_split, truth_records
from cmivqa_kit.errors import RunFailed, UserError
from tests.data.corpora import read, write

TEN = tuple("one two" if n % 2 else "one two three four" for n in range(10))  # 4, 2, 4, 2 ... words


def video(*segments: tuple[int, int, float, float], sentences: Sequence[str] = TEN) -> RawVideo:
    return RawVideo("v", tuple(sentences), segments)


def test_anchors_are_the_begin_of_the_first_sentence_and_of_the_one_after_the_last() -> None:
    assert anchor_points(video((2, 4, 10.0, 20.0))) == {2: 10.0, 5: 20.0}


def test_of_two_anchors_for_one_sentence_the_smaller_counts() -> None:
    assert anchor_points(video((2, 4, 10.0, 20.0), (5, 6, 19.5, 30.0))) == {2: 10.0, 5: 19.5, 7: 30.0}
    assert anchor_points(video((5, 6, 21.0, 30.0), (2, 4, 10.0, 20.0))) == {2: 10.0, 5: 20.0, 7: 30.0}


def test_times_run_with_the_words_between_anchors() -> None:
    times = sentence_times(video((2, 4, 10.0, 20.0)))
    assert times[2:6] == [10.0, 14.0, 16.0, 20.0]  # 4, 2 and 4 words in 10 seconds


def test_before_the_first_anchor_the_clock_starts_at_0() -> None:
    assert sentence_times(video((2, 4, 12.0, 22.0)))[:3] == [0.0, 8.0, 12.0]  # 4 and 2 words in 12 seconds


def test_an_anchor_for_sentence_0_wins_over_the_clock() -> None:
    assert sentence_times(video((0, 4, 3.0, 19.0)))[0] == 3.0


def test_after_the_last_anchor_the_median_rate_of_the_video_goes_on() -> None:
    # 6 words in 3 s (2.0 per second), 6 in 6 s (1.0), 6 in 2 s (3.0): the median is 2.0.
    times = sentence_times(video((0, 1, 0.0, 3.0), (2, 3, 3.0, 9.0), (4, 5, 9.0, 11.0)))
    assert times[6:] == [11.0, 13.0, 14.0, 16.0, 17.0]


@pytest.mark.parametrize("segments", [(), ((0, 0, 5.0, 5.0),)])
def test_without_a_usable_segment_speech_runs_at_3_1_words_per_second(
    segments: tuple[tuple[int, int, float, float], ...],
) -> None:
    times = sentence_times(video(*segments, sentences=["a b c", "d", "e f"]))
    begin = 5.0 if segments else 0.0
    assert times[-1] == pytest.approx(begin + (3 if segments else 6) / 3.1)


def test_an_anchor_after_the_last_sentence_ends_it() -> None:
    assert sentence_times(video((1, 2, 4.0, 7.5), sentences=["a", "b", "c"]))[3] == 7.5


def test_lines_are_rounded_and_shown_for_a_tenth_of_a_second_at_least() -> None:
    lines = subtitles(video((0, 0, 0.0, 0.05), (1, 3, 0.05, 1.05), sentences=["a", "b", "c", "d"]))
    assert lines == [
        {"text": "a", "start": 0.0, "duration": 0.1},
        {"text": "b", "start": 0.05, "duration": 0.33},
        {"text": "c", "start": 0.38, "duration": 0.33},
        {"text": "d", "start": 0.72, "duration": 0.33},
    ]


def test_sentences_without_words_share_the_time() -> None:
    assert sentence_times(video((0, 3, 0.0, 8.0), sentences=["", " ", "", ""])) == [0.0, 2.0, 4.0, 6.0, 8.0]


def test_the_unseen_protocol_orders_ids_by_their_digest() -> None:
    ids = [str(n) for n in range(76)]
    order = sorted(ids, key=lambda i: hashlib.sha256(i.encode()).hexdigest())
    assert unseen_videos(dict.fromkeys(ids)) == (set(order[:44]), set(order[44:56]), set(order[56:]))


# A corpus of 76 videos made by hand


def raw(folder: Path, test: bool = False) -> Path:
    """Each video has 4 sentences and 2 segments; each split asks about both of every video."""
    segments = [
        {"title": "s", "timestamps": {"start": "1.5", "end": "6"}, "sentence_indexes": {"start": 0, "end": 1}},
        {"title": "t", "timestamps": {"start": "6.5", "end": "9"}, "sentence_indexes": {"start": 2, "end": 3}},
        {"title": "again", "timestamps": {"start": "6.9", "end": "9.9"}, "sentence_indexes": {"start": 2, "end": 3}},
    ]
    ids = [str(100 + n) for n in range(76)]
    videos = [{"video_id": i, "video_title": "x", "video_url": "y", "transcript": list(TEN[:4]), "segments": segments}
              for i in ids]  # fmt: skip
    write(folder / "videos.json", videos)
    for name in ("train", "dev", *(("test",) if test else ())):
        questions = [
            {"video_id": i, "question": f"  {name} question?\n", "answer_start": a, "answer_end": a + 1}
            for i in ids
            for a in (0, 2)
        ]
        write(folder / f"{name}.json", questions)
    return folder


def segment(start: str, last: int) -> dict[str, Any]:
    return {"timestamps": {"start": start, "end": "1"}, "sentence_indexes": {"start": 0, "end": last}}


def convert(source: Path, destination: Path, protocol: str | None = None) -> Any:
    return convert_into(converter("tutorialvqa"), source, destination, protocol)


def test_unseen_is_the_default(tmp_path: Path) -> None:
    done = convert(raw(tmp_path / "raw"), tmp_path / "out" / "corpus")
    assert (done.folder, done.videos, dict(done.questions)) == (
        tmp_path / "out" / "corpus", 76, {"train": 88, "dev": 24, "testA": 40},
    )  # fmt: skip
    assert len(done.remarks) == 1
    assert "dev.json on the 20 test videos" in done.remarks[0]
    assert sorted(p.relative_to(done.folder).as_posix() for p in done.folder.rglob("*") if p.is_file()) == [
        "answers/dataset_testA_for_task_1_answer.json", "corpus.json", "dataset_testA_for_track1.json",
        "dataset_testA_for_track23.json", "dev.json", "subtitle.json", "train.json",
    ]  # fmt: skip


def test_the_files_of_the_unseen_protocol(tmp_path: Path) -> None:
    out = convert(raw(tmp_path / "raw"), tmp_path / "out").folder
    train = read(out / "train.json")
    assert [r["id"] for r in train] == list(range(88))
    asked = [{r["video_id"] for r in read(out / f"{name}.json")} for name in ("train", "dev")]
    first = read(out / "dataset_testA_for_track1.json")
    gold = read(out / "answers/dataset_testA_for_task_1_answer.json")
    assert (*asked, {r["video_id"] for r in first}) == unseen_videos({str(100 + n): None for n in range(76)})
    # The human times of the first segment with these sentences, not the interpolated ones.
    assert {(r["start_second"], r["end_second"]) for r in train} == {(1.5, 6.0), (6.5, 9.0)}
    assert {(r["question"], r["language_type"]) for r in train} == {("train question?", "English")}
    assert {tuple(r) for r in first} == {("id", "video_id", "question", "language_type")}
    assert {tuple(r) for r in read(out / "dataset_testA_for_track23.json")} == {("id", "question", "language_type")}
    assert {tuple(r) for r in gold} == {("id", "video_id", "question", "start_second", "end_second", "language_type")}
    assert {r["question"] for r in gold} == {"dev question?"}
    assert len(read(out / "subtitle.json")) == 76


def test_test_json_is_used_where_present(tmp_path: Path) -> None:
    for protocol, sizes in (("unseen", [88, 24, 40]), ("closed", [152, 152, 152])):
        done = convert(raw(tmp_path / "raw", test=True), tmp_path / protocol, protocol)
        assert [done.questions[name] for name in ("train", "dev", "testA")] == sizes
        assert done.remarks == ()
        assert {r["question"] for r in read(tmp_path / protocol / "dataset_testA_for_track23.json")} == {
            "test question?"
        }


def test_closed_without_test_json_writes_no_test_split(tmp_path: Path) -> None:
    done = convert(raw(tmp_path / "raw"), tmp_path / "out", "closed")
    assert dict(done.questions) == {"train": 152, "dev": 152}
    assert done.remarks == ("no test.json in the source: protocol closed writes no testA",)
    assert sorted(path.name for path in done.folder.iterdir()) == [
        "corpus.json",
        "dev.json",
        "subtitle.json",
        "train.json",
    ]


def test_what_is_written_opens(tmp_path: Path) -> None:
    root = convert(raw(tmp_path / "raw"), tmp_path / "out").folder
    files = catalogue(root)
    assert (files.name, files.splits) == ("TutorialVQA (unseen)", ("train", "dev", "testA"))
    split = open_split(root, "testA", 1)
    assert (len(split.questions), len(split.videos), split.has_answers) == (40, 76, False)
    assert {v.duration_source for v in split.videos.values()} == {"subtitles"}
    assert {v.duration for v in split.videos.values()} == {9.0}
    found = truth_records(files, "testA", 3)
    assert found is not None
    assert len(found[0]) == 40


def test_the_destination_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    source = raw(tmp_path / "raw")
    write(source / "dev.json", [{"video_id": "100", "question": "q", "answer_start": 0, "answer_end": 2}, {}, 7])
    with pytest.raises(UserError) as caught:
        convert(source, tmp_path / "out")
    assert f"{source / 'dev.json'}: 3 problems" in caught.value.message
    assert "/0: sentences (0, 2) are no segment of video '100'" in caught.value.message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["raw"]


def test_an_existing_destination_is_not_touched(tmp_path: Path) -> None:
    file = write(tmp_path / "out" / "mine.json", 1)
    with pytest.raises(UserError, match="exists and is not empty"):
        convert(raw(tmp_path / "raw"), tmp_path / "out")
    (tmp_path / ".cmivqa-convert-x").mkdir()  # of a conversion that was killed when all was done
    with pytest.raises(UserError, match="exists and is not empty"):
        convert(tmp_path / "raw", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "raw"]
    file.unlink()
    assert convert(raw(tmp_path / "raw"), tmp_path / "out").videos == 76  # empty is fine


def test_a_destination_that_cannot_be_written(tmp_path: Path) -> None:
    write(tmp_path / "file", 1)
    with pytest.raises(RunFailed, match="cannot be written"):
        convert(raw(tmp_path / "raw"), tmp_path / "file" / "out")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"transcript": None}, "/0: not a video"),
        ({"video_id": 7}, "/0: not a video"),
        ({"video_id": "101"}, "/1/video_id: '101' stands twice"),
        ({"segments": [segment("x", 1)]}, "/0: not"),
        ({"segments": [segment("nan", 1)]}, "/0: not"),
        ({"segments": [segment("0", 4)]}, "/0/segments"),
    ],
)  # fmt: skip
def test_damaged_videos(tmp_path: Path, change: dict[str, Any], where: str) -> None:
    source = raw(tmp_path / "raw")
    videos = read(source / "videos.json")
    write(source / "videos.json", [{**videos[0], **change}, *videos[1:]])
    with pytest.raises(UserError) as caught:
        convert(source, tmp_path / "out")
    assert where in caught.value.message


def test_missing_files_and_wrong_names(tmp_path: Path) -> None:
    source = raw(tmp_path / "raw")
    (source / "dev.json").unlink()
    with pytest.raises(UserError, match=r"dev\.json: no such file"):
        convert(source, tmp_path / "out")
    with pytest.raises(UserError, match="no such folder"):
        convert(tmp_path / "none", tmp_path / "out")
    with pytest.raises(UserError, match=r"no protocol 'unsen'\. Did you mean 'unseen'"):
        convert(source, tmp_path / "out", "unsen")
    with pytest.raises(UserError, match=r"no converter for 'tutorial'\. Did you mean 'tutorialvqa'"):
        converter("tutorial")
    assert list(converters()) == ["tutorialvqa"]


# The real corpus

REAL = [Path(os.environ.get("CMIVQA_TUTORIALVQA", "")), Path(__file__).parents[3] / "shared" / "data" / "tutorialvqa"]
FOUND = next((folder for folder in REAL if (folder / "videos.json").is_file()), None)


@pytest.mark.skipif(
    FOUND is None,
    reason="TutorialVQA (CC BY-NC 4.0) is not here: get it from the page its paper names (Colas et al., arXiv "
    "1912.01046) and set CMIVQA_TUTORIALVQA to its folder",
)
@pytest.mark.parametrize("protocol", ["unseen", "closed"])
def test_the_real_corpus(tmp_path: Path, protocol: str) -> None:
    assert FOUND is not None
    done = convert(FOUND, tmp_path / "out", protocol)
    has_test = (FOUND / "test.json").exists()
    assert done.videos == 76
    if protocol == "unseen":
        assert (done.questions["train"], done.questions["dev"]) == (2152, 254)
        assert done.questions["testA"] == 276 if has_test else done.questions["testA"] > 0
    else:
        assert (done.questions["train"], done.questions["dev"]) == (3718, 1238)
        assert ("testA" in done.questions) is has_test
    for name, count in done.questions.items():
        assert len(open_split(done.folder, name).questions) == count
    split = open_split(done.folder, "dev")
    assert (len(split.videos), split.layout, split.edition) == (76, "cmivqa", "cmivqa-2023")
    assert all(15 <= len(video.subtitles) <= 186 for video in split.videos.values())
    assert all(line.duration >= 0.1 for video in split.videos.values() for line in video.subtitles)
    assert all(question.answer is not None and question.answer.valid for question in split.questions)
