"""The data of the page: indices lead to videos, places are kept, subtitles are in the question's language."""

from __future__ import annotations

import json
from typing import Any

from cmivqa_kit import __version__
from cmivqa_kit.data.types import Question
from cmivqa_kit.data.usual_span import UsualSpan
from cmivqa_kit.diagnosis import Context
from cmivqa_kit.diagnosis.payload import payload
from tests.baselines.corpora import split, video
from tests.diagnosis.made import answer, diagnosed, target

KEYS = [
    "kit", "submission", "made_by", "split", "edition", "track", "headline", "score", "official", "signature",
    "cutoffs", "classes", "labels", "oracles", "warnings", "next", "remarks", "prior", "calibration",
    "groups", "videos", "questions",
]  # fmt: skip
VIDEOS = [
    video("A", ["one", "two"], 60.12345),
    video("B", ["zwei"], translations={"English": ["two"], "Chinese": ["二"]}),
    video("C", ["never named"]),
]
QUESTIONS = [Question(0, "why?"), Question(1, "how?", "English"), Question(2, "怎么？", "Chinese")]
TARGETS = [target(0), target(1, "B", 1.23456, 20), target(2, "B", 0, 9)]


def made(*predictions: dict[str, Any], targets: list[dict[str, Any]] = TARGETS) -> dict[str, Any]:
    context = Context(split(VIDEOS, QUESTIONS), UsualSpan(0.2, 0.4, 3.0, 9))
    document: dict[str, Any] = json.loads(
        json.dumps(payload(diagnosed(3, list(predictions), targets, context), "my.json", "bm25, run bm25-1"))
    )
    return document


def test_keys() -> None:
    document = made(answer(0, ["A", 0, 5]))
    assert list(document) == KEYS
    assert (document["kit"], document["submission"], document["made_by"]) == (
        __version__,
        "my.json",
        "bm25, run bm25-1",
    )
    assert [len(document[name]) for name in ("classes", "labels", "oracles", "prior")] == [4, 5, 2, 2]
    assert document["groups"][2]["title"] == "video length, s"
    assert all(len(row["shares"]) == 4 for one in document["groups"] for row in one["rows"])


def test_videos_are_there_once_per_language_that_is_needed() -> None:
    document = made(answer(0, ["B", 0, 5]), answer(1, ["A", 0, 5], ["nowhere", 1, 2]), answer(2, ["B", 0, 9]))
    assert [(one["id"], one["language"], one["duration"]) for one in document["videos"]] == [
        ("A", None, 60.123),
        ("B", None, 5.0),
        ("B", "English", 5.0),
        ("B", "Chinese", 5.0),
    ]
    assert [one["subtitles"] for one in document["videos"]] == [
        [[0, 5, "one"], [5, 10, "two"]],
        [[0, 5, "zwei"]],
        [[0, 5, "two"]],
        [[0, 5, "二"]],
    ]
    first, second, third = document["questions"]
    assert first["gold"] == [0, 0, 10] and first["entries"] == [[1, "", 0, 5]]
    assert second["gold"] == [2, 1.235, 20]
    assert second["entries"] == [[0, "", 0, 5], [-1, "nowhere", 1, 2]]
    assert third["gold"] == [3, 0, 9] and third["entries"] == [[3, "", 0, 9]]
    assert [one["text"] for one in document["questions"]] == ["why?", "how?", "怎么？"]
    assert (third["label"], third["position"], third["m"], third["score"]) == ("hit", 1, [1, 1, 1], 1)


def test_entries_that_cannot_match_keep_their_place() -> None:
    entries = [["A"], ["A", 5, 5], ["A", 0, 5]]
    (first, *others) = made({"id": 0, "output": [None, *entries, *[["A", 1, 2]] * 60]})["questions"]
    assert first["entries"][:4] == [[-1, "", 0, 0], [-1, "", 0, 0], [-1, "", 0, 0], [0, "", 0, 5]]
    assert len(first["entries"]) == 50 and first["position"] == 4
    assert [one["entries"] for one in others] == [[], []]


def test_without_a_corpus_the_right_video_is_there_all_the_same() -> None:
    document = payload(diagnosed(3, [answer(0, ["A", 0, 5], ["B", 1, 2])], [target(0)]), "my.json")
    assert document["videos"] == [{"id": "A", "language": None, "duration": None, "subtitles": []}]
    assert document["questions"][0]["entries"] == [[0, "", 0, 5], [-1, "B", 1, 2]]
    assert document["questions"][0]["text"] == "" and document["made_by"] is None


def test_numbers_are_compact_and_finite() -> None:
    document = made(answer(0, ["A", 0.123456789, 10**300], ["A", 1 / 3, 2 / 3]), targets=[target(0, start=0.1234)])
    (one,) = document["questions"]
    assert one["gold"] == [0, 0.123, 10]
    assert one["entries"] == [[0, "", 0.123, 1e300], [0, "", 0.333, 0.667]]


def test_texts_stand_as_in_the_files() -> None:
    hostile = "</script><img src=x onerror=alert(1)>\u2028\ud800"
    document = made(answer(0, [hostile, 0, 5]), targets=[target(0, question=hostile)])
    assert document["questions"][0]["text"] == hostile
    assert document["questions"][0]["entries"] == [[-1, hostile, 0, 5]]
