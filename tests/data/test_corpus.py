"""Opening splits of every corpus, the durations' sources, hidden gold, ground truth, and every kind of bad input."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.corpus import load_questions, open_split, truth_records
from cmivqa_kit.data.layouts import _REGISTRY, layouts
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Split, Track
from cmivqa_kit.errors import UserError
from tests.data.corpora import (
    TEST_A_VIDEOS,
    TEST_B_VIDEOS,
    TRAIN_VIDEOS,
    annotated,
    cmivqa_2023,
    features,
    lines,
    m4ivqa_record,
    medvidqa,
    mmivqa_2024,
    read,
    subtitles,
    track1,
    track23,
    write,
)


def refusal(root: Path, split: str = "train", track: Track | None = None) -> str:
    with pytest.raises(UserError) as caught:
        open_split(root, split, track)
    assert caught.value.fix
    return str(caught.value)


def mp4(path: Path, seconds: int) -> None:
    header = struct.pack(">4xIIII", 0, 0, 1000, seconds * 1000)
    mvhd = struct.pack(">I4s", 8 + len(header), b"mvhd") + header
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack(">I4s", 8 + len(mvhd), b"moov") + mvhd)


# The corpora


def test_cmivqa_2023(tmp_path: Path) -> None:
    root = cmivqa_2023(tmp_path)
    train = open_split(root, "train")
    assert (train.name, train.edition, train.layout) == ("train", "cmivqa-2023", "cmivqa")
    assert (len(train.questions), list(train.videos), len(train.features)) == (12, TRAIN_VIDEOS, 6)
    assert train.questions[0].answer == Span(0, 5)
    assert any(note.subject == f"{TRAIN_VIDEOS[0]}sr" for note in train.notes)
    for name, videos in (("testA", TEST_A_VIDEOS), ("testB", TEST_B_VIDEOS)):
        first, corpus = open_split(root, name, 1), open_split(root, name, 2)
        assert [q.video_id for q in first.questions] == [video for video in videos for _ in range(2)]
        assert {q.video_id for q in corpus.questions} == {None}
        assert list(first.videos) == list(corpus.videos) == videos
        assert not first.has_answers
        assert first.features.state(videos[-1])[0] == "missing"  # kept, with a clear state


@pytest.mark.parametrize("track", [1, 2, 3])
def test_mmivqa_2024(tmp_path: Path, track: Track) -> None:
    root = mmivqa_2024(tmp_path)
    for name in ("train", "dev", "test"):
        split = open_split(root, name, track)
        assert split.edition == "mmivqa-2024"
        assert split.questions[0].id == f"NLPCC2024_Task{track}_1"
        assert {q.language for q in split.questions} == {"Chinese", "English"}
    assert (open_split(root, "test", track).questions[0].video_id is not None) == (track == 1)


def test_one_file_with_the_ids_of_all_tasks(tmp_path: Path) -> None:
    records = [{"id": f"NLPCC2024_Task{t}_{n}", "question": "q", "language_type": "English",
                **({"video_id": "v"} if t == 1 else {})} for t in (1, 2, 3) for n in range(3)]  # fmt: skip
    write(tmp_path / "test.json", records)
    for track in (1, 2, 3):
        split = open_split(tmp_path, "test", track)  # type: ignore[arg-type]
        assert [q.id for q in split.questions] == [f"NLPCC2024_Task{track}_{n}" for n in range(3)]
        assert any("6 questions of other tracks" in note.why for note in split.notes)


def test_medvidqa(tmp_path: Path) -> None:
    root = medvidqa(tmp_path)
    val = open_split(root, "val")
    assert (val.name, val.layout, [q.id for q in val.questions]) == ("dev", "medvidqa", [10, 11])
    video = val.videos["med00000002"]
    assert (len(video.subtitles), video.duration, video.duration_source) == (3, 42.0, "given")
    assert val.features.rows("med00000002") == 12


def test_medvidqa_without_inline_subtitles_takes_them_from_a_file_and_keeps_the_length(tmp_path: Path) -> None:
    record = {"sample_id": 1, "question": "q", "video_id": "v", "video_length": 9, "answer_start_second": 1,
              "answer_end_second": 2}  # fmt: skip
    write(tmp_path / "train.json", [record])
    write(tmp_path / "subtitle.json", subtitles(["v", "w"]))
    split = open_split(tmp_path, "train")
    assert list(split.videos) == ["v", "w"]
    assert (len(split.videos["v"].subtitles), split.videos["v"].duration) == (4, 9.0)


def test_m4ivqa_2025(tmp_path: Path) -> None:
    write(tmp_path / "M4IVQA_train.json", [m4ivqa_record(1, "v"), m4ivqa_record(2, "w")])
    split = open_split(tmp_path, "train")
    assert (split.edition, split.layout) == ("m4ivqa-2025", "m4ivqa")
    assert [q.id for q in split.questions] == ["1_Chinese", "1_English", "2_Chinese", "2_English"]
    assert split.videos["w"].subtitles_in("English")[0].text == "en 0"
    assert any("language is appended" in note.why for note in split.notes)


def test_no_subtitles_at_all_is_said_and_features_make_the_corpus(tmp_path: Path) -> None:
    write(tmp_path / "testA_track1.json", track1(annotated(["a"])))
    features(tmp_path / "video_feature", ["b", "a"])
    split = open_split(tmp_path, "testA")
    assert list(split.videos) == ["a", "b"]
    assert any("videos have no subtitles" in note.why for note in split.notes)


def test_a_key_with_sr_is_no_video_where_the_other_id_is_known(tmp_path: Path) -> None:
    write(tmp_path / "train.json", annotated(["a", "b"]))
    features(tmp_path / "video_feature", ["c"])
    write(tmp_path / "subtitle.json", {**subtitles(["a", "asr", "bsr", "csr", "dsr"])})
    split = open_split(tmp_path, "train")
    assert list(split.videos) == ["a", "dsr"]  # asr: a is a key; bsr: b is asked for; csr: c has features
    assert {note.subject for note in split.notes} == {"asr", "bsr", "csr"}


# Durations


def test_a_duration_carries_its_source(tmp_path: Path) -> None:
    write(tmp_path / "train.json", annotated(["a", "b", "c", "d"]))
    write(tmp_path / "subtitle.json", {**subtitles(["a", "b", "c"]), "d": []})
    features(tmp_path / "video_feature", ["a", "b"], rows=12)
    mp4(tmp_path / "videos" / "a.mp4", 33)
    videos = open_split(tmp_path, "train").videos
    assert {v.id: (v.duration, v.duration_source, v.duration_is_exact) for v in videos.values()} == {
        "a": (33.0, "container", True),
        "b": (12.0, "features", False),
        "c": (10.0, "subtitles", False),
        "d": (None, None, False),
    }


# What prediction may see


PLANTED: list[dict[str, Any]] = [
    {"video_id": "PLANTED", "start_second": 1, "end_second": 2},
    {"video_id": TEST_A_VIDEOS[0].upper(), "start_second": 1, "end_second": 2},  # a near miss of a real id
    {"video_id": "other", "answer_start_second": 1, "answer_end_second": 2, "sample_id": 5},
    {"video_id": "PLANTED", "video_sub_title": lines(3), "video_length": 5},
    {"video_id": "PLANTED", "video_captions": [{"Ch_caption": "x", "start": 0, "duration": 1}]},
    {"video_id": 5, "start_second": "nonsense", "end_second": []},
]


def content(split: Split) -> tuple[object, ...]:
    return split.questions, dict(split.videos), list(split.features), split.edition


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("track", [2, 3])
def test_planted_gold_in_a_track_23_file_changes_nothing(tmp_path: Path, planted: Any, track: Track) -> None:
    root = cmivqa_2023(tmp_path)
    honest = content(open_split(root, "testA", track).for_prediction(track))
    file = root / "NLPCC_2023_CMIVQA_TESTA" / "dataset_testA_for_track23.json"
    write(file, [{**record, **planted} for record in read(file)])
    split = open_split(root, "testA", track)
    assert not split.has_answers
    assert content(split.for_prediction(track)) == honest


def test_planted_gold_in_a_file_for_all_tracks_is_hidden_too(tmp_path: Path) -> None:
    write(tmp_path / "test.json", annotated(["a", "b"]))
    write(tmp_path / "subtitle.json", subtitles(["a", "b"]))
    assert {q.video_id for q in open_split(tmp_path, "testA", 2).questions} == {None}
    assert not open_split(tmp_path, "testA", 3).has_answers
    first = open_split(tmp_path, "testA", 1).for_prediction(1)
    assert [q.video_id for q in first.questions] == ["a", "a", "b", "b"]
    assert not first.has_answers


def test_prediction_never_opens_the_answers(tmp_path: Path) -> None:
    root = cmivqa_2023(tmp_path)
    honest = content(open_split(root, "testA", 2))
    folder = root / "NLPCC_2023_CMIVQA_TESTA" / "answers"
    folder.mkdir()
    (folder / "dataset_testA_for_task_1_answer.json").write_text("not even JSON", encoding="utf-8")
    assert content(open_split(root, "testA", 2)) == honest


# Ground truth


def test_the_truth_of_a_public_split_is_its_annotation(tmp_path: Path) -> None:
    root = cmivqa_2023(tmp_path)
    found = truth_records(catalogue(root), "train", 3)
    assert found is not None
    records, path = found
    assert path.name == "CMIVQA_Train_Dev.json"
    assert [{key: r[key] for key in a} for r, a in zip(records, annotated(TRAIN_VIDEOS), strict=True)] == annotated(
        TRAIN_VIDEOS
    )


@pytest.mark.parametrize("track", [1, 2, 3])
def test_no_truth_where_the_organizers_hold_it(tmp_path: Path, track: Track) -> None:
    assert truth_records(catalogue(cmivqa_2023(tmp_path)), "testA", track) is None


@pytest.mark.parametrize("track", [1, 2, 3])
def test_the_answer_file_is_taken_as_it_stands(tmp_path: Path, track: Track) -> None:
    root = cmivqa_2023(tmp_path)
    answers = [{"id": n, "video_id": "v", "start_second": 1, "end_second": 2, "extra": 1} for n in (1, 1, 2)]
    file = write(root / "answers" / "dataset_testA_for_task_1_answer.json", answers)
    assert truth_records(catalogue(root), "testA", track) == (answers, file)  # the double id too, as officially


def test_planted_answers_are_no_truth(tmp_path: Path) -> None:
    root = cmivqa_2023(tmp_path)
    for name in ("track1", "task_1", "track23"):
        write(root / "NLPCC_2023_CMIVQA_TESTA" / f"dataset_testA_for_{name}.json", annotated(TEST_A_VIDEOS))
    files = catalogue(root)
    with pytest.raises(UserError, match="holds answers, but those of testA are the organizers'") as caught:
        truth_records(files, "testA", 1)
    assert "answers/" in caught.value.fix
    assert [truth_records(files, "testA", track) for track in (2, 3)] == [None, None]


def medvidqa_look(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same questions with answers planted, as a file of MedVidQA writes them."""
    return [
        {
            "sample_id": record["id"],
            "question": record["question"],
            "video_id": record["video_id"],
            "answer_start_second": 1,
            "answer_end_second": 2,
        }
        for record in records
    ]


@pytest.mark.parametrize("stated", ["cmivqa-2023", None])
def test_the_look_of_a_file_does_not_make_its_answers_public(tmp_path: Path, stated: str | None) -> None:
    root = cmivqa_2023(tmp_path)
    for name in ("track1", "task_1", "track23"):
        planted = medvidqa_look(annotated(TEST_A_VIDEOS))
        write(root / "NLPCC_2023_CMIVQA_TESTA" / f"dataset_testA_for_{name}.json", planted)
    files = catalogue(root, stated)
    assert files.edition.name == "cmivqa-2023"
    with pytest.raises(UserError, match="holds answers, but those of testA are the organizers'"):
        truth_records(files, "testA", 1)
    assert [truth_records(files, "testA", track) for track in (2, 3)] == [None, None]
    assert all(question.video_id is None for question in open_split(root, "testA", 3, stated).questions)


def test_a_layout_of_another_package_does_not_make_answers_public(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = cmivqa_2023(tmp_path)
    for name in ("track1", "task_1"):
        planted = [{**record, "mine": 1} for record in annotated(TEST_A_VIDEOS)]
        write(root / "NLPCC_2023_CMIVQA_TESTA" / f"dataset_testA_for_{name}.json", planted)
    plain = next(layout for layout in layouts() if layout.name == "cmivqa")
    mine = replace(plain, name="mine", matches=lambda rows: any("mine" in row for row in rows), public_answers=True)
    monkeypatch.setattr("cmivqa_kit.data.layouts._REGISTRY", {mine.name: mine, **_REGISTRY})
    files = catalogue(root)
    assert load_questions(files, "testA", 1).layout is mine
    with pytest.raises(UserError, match="holds answers, but those of testA are the organizers'"):
        truth_records(files, "testA", 1)


def test_medvidqa_hands_out_the_answers_of_its_test_split(tmp_path: Path) -> None:
    found = truth_records(catalogue(medvidqa(tmp_path)), "test", 1)
    assert found is not None
    assert [(r["id"], r["start_second"], r["end_second"]) for r in found[0]] == [(10, 1.0, 6.0), (11, 1.0, 6.0)]


def test_an_answer_file_of_2025_gives_the_ids_of_the_questions(tmp_path: Path) -> None:
    write(tmp_path / "test.json", [m4ivqa_record(1, "v", start_second=None, end_second=None)])
    write(tmp_path / "answers" / "test.json", [m4ivqa_record(1, "v")])
    files = catalogue(tmp_path)
    found = truth_records(files, "test", 1)
    assert found is not None
    assert [r["id"] for r in found[0]] == [q.id for q in load_questions(files, "test", 1).questions]
    assert found[0][0]["end_second"] == 5.0


# Bad input: a plain error with file and place


def test_missing_data_root(tmp_path: Path) -> None:
    assert f"{tmp_path / 'no'}: no such data folder" in refusal(tmp_path / "no")


def test_truncated_json(tmp_path: Path) -> None:
    file = write(tmp_path / "train.json", annotated(["a"]))
    file.write_text(file.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    message = refusal(tmp_path)
    assert f"{file}:1:" in message
    assert "not JSON" in message


def test_truncated_subtitles(tmp_path: Path) -> None:
    write(tmp_path / "train.json", annotated(["a"]))
    (tmp_path / "subtitle.json").write_text('{"a": [\n{"text": "x", "start": 1,', encoding="utf-8")
    message = refusal(tmp_path)
    assert "subtitle.json:2:" in message
    assert "cut off" in message


@pytest.mark.parametrize(("encoding", "guess"), [("gb18030", "GB18030"), ("utf-16", "UTF-16")])
def test_wrong_encoding(tmp_path: Path, encoding: str, guess: str) -> None:
    file = tmp_path / "train.json"
    file.write_bytes('[{"id": 1, "question": "怎么做"}]'.encode(encoding))
    message = refusal(tmp_path)
    assert f"{file}:1:" in message
    assert f"iconv -f {guess}" in message


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    file = write(tmp_path / "train.json", annotated(["a"]))
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    subs = write(tmp_path / "subtitle.json", subtitles(["a"]))
    subs.write_bytes(b"\xef\xbb\xbf" + subs.read_bytes())
    assert list(open_split(tmp_path, "train").videos) == ["a"]


def test_subtitle_without_times(tmp_path: Path) -> None:
    write(tmp_path / "train.json", annotated(["a"]))
    write(tmp_path / "subtitle.json", {"a": [*lines(2), {"text": "x"}]})
    message = refusal(tmp_path)
    assert f"{tmp_path / 'subtitle.json'}: 2 problems" in message
    assert "/a/2/start: missing" in message


def test_features_of_a_wrong_shape_stop_nothing_but_are_named(tmp_path: Path) -> None:
    import numpy as np

    root = cmivqa_2023(tmp_path)
    bad = root / "NLPCC_2023_CMIVQA_TRAIN_DEV" / "video_feature" / f"{TRAIN_VIDEOS[0]}.npy"
    np.save(bad, np.ones((3, 4, 5), np.float32))
    split = open_split(root, "train")
    state, why = split.features.state(TRAIN_VIDEOS[0])
    assert state == "bad"
    assert str(bad) in why
    assert "(3, 4, 5)" in why
    assert split.videos[TRAIN_VIDEOS[0]].duration_source == "subtitles"


def test_video_ids_that_differ_by_case_or_blanks(tmp_path: Path) -> None:
    write(tmp_path / "train.json", annotated(["AbC", "fine"]))
    write(tmp_path / "subtitle.json", subtitles(["abc", "fine"]))
    message = refusal(tmp_path)
    assert "video ids differ from the subtitle file's by case or blanks: 2 problems" in message
    assert "id 1: video 'AbC' is written 'abc' there" in message
    write(tmp_path / "subtitle.json", subtitles(["AbC ", "fine"]))
    assert "'AbC ' there" in refusal(tmp_path)
    write(tmp_path / "subtitle.json", subtitles(["AbC", "abc", "fine"]))
    assert "/abc: differs from the key 'AbC' only by case" in refusal(tmp_path)


def test_a_blank_around_a_video_id_in_the_questions(tmp_path: Path) -> None:
    write(tmp_path / "train.json", [*annotated(["a"]), {**annotated(["a"])[0], "id": 9, "video_id": " a"}])
    assert "/2/video_id: ' a' has blanks around it" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("ids", "what"),
    [((1, 1), "id 1: stands twice"), (("a", "A"), "id 'A': differs from 'a' only by case or blanks"),
     (("a", "a "), "id 'a ': differs from 'a' only by case or blanks")],
)  # fmt: skip
def test_question_ids_that_cannot_be_told_apart(tmp_path: Path, ids: tuple[object, ...], what: str) -> None:
    write(tmp_path / "train.json", [{"id": identity, "question": "q"} for identity in ids])
    assert what in refusal(tmp_path)


def test_an_empty_question_is_kept_for_check_to_name(tmp_path: Path) -> None:
    write(tmp_path / "train.json", [{"id": 1, "question": " "}, {"id": 2, "question": "q"}])
    assert [q.text for q in open_split(tmp_path, "train").questions] == ["", "q"]


def test_a_number_and_a_text_are_two_ids(tmp_path: Path) -> None:
    write(tmp_path / "train.json", [{"id": 1, "question": "q"}, {"id": "1", "question": "q"}])
    assert [q.id for q in open_split(tmp_path, "train").questions] == [1, "1"]


def test_all_findings_of_a_file_are_listed(tmp_path: Path) -> None:
    write(tmp_path / "train.json", [{"id": None, "question": "q"}, 5, {"id": 1, "question": None}, *annotated(["a"])])
    message = refusal(tmp_path)
    assert "3 problems" in message
    assert all(f"  /{index}: " in message for index in range(3))


@pytest.mark.parametrize(
    ("document", "what"),
    [({}, "dict, not an array"), ([], "an empty array"), ("x", "str, not an array"), ([{"id": 1}], "no record has a")],
)
def test_no_question_file(tmp_path: Path, document: object, what: str) -> None:
    write(tmp_path / "train.json", document)
    assert what in refusal(tmp_path)


def test_track_1_needs_videos(tmp_path: Path) -> None:
    write(tmp_path / "dataset_testA_for_track1.json", track23(annotated(["a"])))
    message = refusal(tmp_path, "testA", 1)
    assert "id 1: no 'video_id'" in message
    assert "id 2: no 'video_id'" in message
