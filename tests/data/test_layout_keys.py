"""What a layout does not know, and what it says are answers, reaches no baseline and no question file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data import layouts as registry
from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.corpus import open_split, truth_records
from cmivqa_kit.data.layouts import Layout, Records, fields, layouts, register
from cmivqa_kit.data.layouts.cmivqa import KEYS
from cmivqa_kit.data.layouts.keys import RecordKeys
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.split import divide
from cmivqa_kit.data.types import Question, Split, Subtitle, Track, Video
from tests.data.corpora import annotated, lines, m4ivqa_record, read, subtitles, track1, track23, write

PLANTED = "PLANTED"
UNKNOWN: dict[str, Any] = {
    "answer_start_seconds": 1,
    "Answer_Start_Second": PLANTED,
    "gold": {"video_id": PLANTED, "span": [1, 2]},
    "annotations": [{"start_second": 1, "video": PLANTED}],
    "answer": PLANTED,
}
VIDEOS = ["a", "b"]


@dataclass(frozen=True, slots=True)
class Annotated(Question):
    """A question that carries more than the kit's own: a layout may do as it likes."""

    gold: str = ""


def read_clips(records: Sequence[Any]) -> Records:
    """Records with answers under other names; the videos, too, come from the answers."""
    questions: list[Question] = []
    videos: dict[str, Video] = {}
    for _, record in fields.objects(records, []):
        assert not record.keys() & UNKNOWN.keys()  # never shown what it does not declare
        clip, segment = record.get("clip_id"), record.get("gold_segment")
        span = Span(*map(float, segment)) if segment else None
        questions.append(Annotated(record["n"], record["prompt"], None, clip, span, f"{clip} {segment}"))
        if clip is not None:
            videos[clip] = Video(clip, (Subtitle("said", 0.0, 9.0),))
    return Records(tuple(questions), videos, ())


@pytest.fixture
def clips() -> Iterator[Layout]:
    keys = RecordKeys(
        frozenset({"n", "prompt"}), frozenset({"gold_segment"}), frozenset({"clip_id"}), video_id="clip_id"
    )
    own = Layout("clips", "Clips", "cmivqa-2023", keys, lambda sample: any("prompt" in r for r in sample), read_clips)
    layouts()  # the kit's own are registered first
    register(own)
    yield own
    del registry._REGISTRY["clips"]


def clip_records(videos: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"n": number, "prompt": f"What about {number}?", "clip_id": video, "gold_segment": [1, 5], **UNKNOWN}
        for number, video in enumerate(videos)
    ]


def seen(split: Split) -> str:
    return repr((split.questions, sorted(split.videos.items()), split.notes, split.source))


@pytest.mark.parametrize("track", [2, 3])
def test_other_answer_keys_reach_no_baseline(tmp_path: Path, clips: Layout, track: Track) -> None:
    write(tmp_path / "dataset_testA_for_track23.json", clip_records(["a", "a", "b"]))
    write(tmp_path / "subtitle.json", subtitles(["a", "b", "c"]))
    split = open_split(tmp_path, "testA", track)
    assert split.layout == "clips"
    assert not split.has_answers
    view = split.for_prediction(track)
    assert view.questions == tuple(Question(n, f"What about {n}?") for n in range(3))
    assert list(view.videos) == ["a", "b", "c"]  # the corpus, not the videos that the questions name
    assert "said" not in seen(view)
    assert truth_records(catalogue(tmp_path), "testA", track) is None


def test_on_track_1_the_video_is_given_and_nothing_else(tmp_path: Path, clips: Layout) -> None:
    write(tmp_path / "dataset_testA_for_track1.json", clip_records(["a", "b"]))
    view = open_split(tmp_path, "testA", 1).for_prediction(1)
    assert [(type(q), q.video_id, q.answer) for q in view.questions] == [(Question, "a", None), (Question, "b", None)]
    assert PLANTED not in seen(view)


def test_a_public_file_with_other_keys_trains_and_is_divided(tmp_path: Path, clips: Layout) -> None:
    records = clip_records(["a", "b", "c"])
    write(tmp_path / "train.json", records)
    split = open_split(tmp_path, "train")
    assert {question.answer for question in split.questions} == {Span(1, 5)}
    assert "gold" not in repr(split.for_prediction(3).questions)
    done = divide(catalogue(tmp_path), 0.4, out=tmp_path / "divided")
    assert sorted(r["clip_id"] for path in (done.train, done.dev) for r in read(path)) == ["a", "b", "c"]
    dev = open_split(tmp_path / "divided", "dev", 3).for_prediction(3)
    assert PLANTED not in seen(dev)
    assert {(question.video_id, question.answer) for question in dev.questions} == {(None, None)}


REAL: dict[str, list[dict[str, Any]]] = {
    "cmivqa": annotated(VIDEOS),
    "mmivqa": [
        {**row, "id": f"NLPCC2024_Task{{}}_{row['id']}", "language_type": "English"} for row in annotated(VIDEOS)
    ],
    "mmivqa_items": [
        {"id": n, "video_id": v, "Chinese_question": "问", "start_second": 1, "end_second": 2}
        for n, v in enumerate(VIDEOS)
    ],
    "m4ivqa": [m4ivqa_record(n, v) for n, v in enumerate(VIDEOS)],
    "medvidqa": [
        {
            "sample_id": n, "question": f"How {n}?", "video_id": v, "video_length": 42, "answer_start_second": 1,
            "answer_end_second": 6, "video_sub_title": lines(2),
        }
        for n, v in enumerate(VIDEOS)
    ],
}  # fmt: skip


def test_every_layout_is_tried_here() -> None:
    assert set(REAL) == set(registry.MODULES)


@pytest.mark.parametrize("name", sorted(REAL))
@pytest.mark.parametrize("track", [1, 2, 3])
def test_unknown_keys_change_nothing_for_a_baseline(tmp_path: Path, name: str, track: Track) -> None:
    views = []
    for planted in ({}, UNKNOWN):
        root = tmp_path / str(len(views))
        records = json.loads(json.dumps(REAL[name]).replace("Task{}", f"Task{track}"))
        write(root / f"dataset_testA_for_track{'1' if track == 1 else '23'}.json", [{**r, **planted} for r in records])
        write(root / "subtitle.json", subtitles(VIDEOS))
        split = open_split(root, "testA", track)
        assert split.layout == name
        view = split.for_prediction(track)
        views.append((view.questions, dict(view.videos)))
        assert not view.has_answers
        assert PLANTED not in seen(view)
        assert {q.video_id for q in view.questions} == (set(VIDEOS) if track == 1 else {None})
    assert views[0] == views[1]


@pytest.mark.parametrize("layout", layouts(), ids=lambda layout: layout.name)
def test_the_keys_of_a_layout_are_enough_to_read_it(layout: Layout) -> None:
    records = REAL[layout.name]
    assert layout.keys.known([{**record, **UNKNOWN} for record in records]) == records
    assert layout.read(layout.keys.known(records)) == layout.read(records)
    asked = layout.read(layout.keys.questions_only(records))
    assert asked.problems == ()
    assert {(q.video_id, q.answer) for q in asked.questions} == {(None, None)}
    assert asked.videos == {}
    given = layout.read(layout.keys.without_answers(records))
    assert {q.answer for q in given.questions} == {None}
    assert {q.video_id for q in given.questions} == set(VIDEOS)


def test_question_files_that_the_kit_writes_hold_no_other_keys() -> None:
    records = [{**record, **UNKNOWN} for record in annotated(VIDEOS)]
    assert KEYS.without_answers(records) == track1(annotated(VIDEOS))
    assert KEYS.questions_only([*records, "odd"]) == [*track23(annotated(VIDEOS)), "odd"]
