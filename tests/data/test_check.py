"""What training would lose, by which rule and why; nothing is dropped without being counted."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from cmivqa_kit.data.check import RULES, check, usable
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import DurationSource, Question, Split, Subtitle, Video
from tests.data.corpora import features

LINES = tuple(Subtitle(f"line {n}", n * 2.0, 2.0) for n in range(5))


def split(
    *questions: Question, videos: tuple[Video, ...] = (Video("v", LINES),), store: SplitFeatures | None = None
) -> Split:
    return Split("train", questions, MappingProxyType({v.id: v for v in videos}), store or SplitFeatures())


def findings(split: Split) -> list[dict[str, str]]:
    return [dict(row.findings) for row in check(split).rows]


FINE = Question(1, "q", "Chinese", "v", Span(1, 5))


def test_a_fine_question_has_no_finding() -> None:
    report = check(split(FINE))
    assert [dict(row.findings) for row in report.rows] == [{}]
    assert (report.counts, report.with_findings) == ({}, ())


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (Question(2, "", None, "v", Span(1, 5)), {"no-question": "the text is empty"}),
        (Question(2, "q", None, "v"), {"no-answer": "no start and end"}),
        (Question(2, "q", None, "v", Span(5, 5)), {"bad-span": "5 to 5: 0 <= start < end is needed"}),
        (Question(2, "q", None, "v", Span(-1, 5)), {"bad-span": "-1 to 5: 0 <= start < end is needed"}),
        (Question(2, "q", None, "x", Span(1, 5)), {"no-video": "video x is not in the corpus"}),
        (Question(2, "q", None, None, Span(1, 5)), {"no-video": "no video id"}),
        (Question(2, "q", None, "mute", Span(1, 5)), {"no-subtitles": "no subtitle line"}),
        (Question(2, "q", None, "short", Span(1, 5)), {"few-subtitles": "only 2 subtitle lines"}),
        (Question(2, "q", None, "one", Span(1, 5)), {"few-subtitles": "only 1 subtitle line"}),
    ],
)
def test_each_rule(question: Question, expected: dict[str, str]) -> None:
    videos = (Video("v", LINES), Video("mute"), Video("short", LINES[:2]), Video("one", LINES[:1]))
    assert findings(split(FINE, question, videos=videos)) == [{}, expected]


def test_subtitles_are_counted_in_the_language_of_the_question() -> None:
    video = Video("v", LINES, translations=MappingProxyType({"Chinese": LINES, "English": ()}))
    english = Question(2, "q", "English", "v", Span(1, 5))
    assert findings(split(FINE, english, videos=(video,))) == [{}, {"no-subtitles": "no subtitle line"}]


@pytest.mark.parametrize(
    ("source", "rule"),
    [("given", "past-end"), ("container", "past-end"), ("features", "past-estimate"), ("subtitles", "past-estimate")],
)
def test_an_answer_past_the_end_is_hard_only_where_the_end_is_certain(source: DurationSource, rule: str) -> None:
    videos = (Video("v", LINES, 10.0, source),)
    inside = Question(1, "q", None, "v", Span(1, 11))  # a second of slack: subtitle times are rounded
    beyond = Question(2, "q", None, "v", Span(1, 11.5))
    one = split(inside, beyond, videos=videos)
    assert [list(found) for found in findings(one)] == [[], [rule]]
    kept, removed = usable(one, ("past-end",))
    assert [q.id for q in kept] == ([1] if source in ("given", "container") else [1, 2])
    assert dict(removed) == ({"past-end": 1} if source in ("given", "container") else {})


def test_an_estimate_says_that_it_is_one() -> None:
    one = split(Question(1, "q", None, "v", Span(1, 50)), videos=(Video("v", LINES, 10.0, "features"),))
    assert findings(one) == [{"past-estimate": "ends at 50, the video at 10, an estimate from features"}]


def test_hidden_answers_are_no_finding() -> None:
    assert findings(split(Question(1, "q", None, "v"), Question(2, "q"))) == [{}, {}]


def test_features(tmp_path: Path) -> None:
    features(tmp_path, ["v"])
    np.save(tmp_path / "bad.npy", np.ones(3, np.float32))
    store = SplitFeatures([tmp_path])
    videos = tuple(Video(name, LINES) for name in ("v", "bad", "none"))
    questions = [Question(n, "q", None, video.id, Span(1, 5)) for n, video in enumerate(videos)]
    report = check(split(*questions, videos=videos, store=store))
    assert [row.features for row in report.rows] == ["ok", "bad", "missing"]
    reasons = [row.findings.get("no-features") for row in report.rows]
    assert reasons[0] is None
    assert "shape (3,)" in str(reasons[1])
    assert reasons[2] == "no feature file"


def test_a_root_without_any_features_is_text_only() -> None:
    assert findings(split(FINE)) == [{}]


def test_usable_counts_every_dropped_question_once() -> None:
    lost = Question(2, "q", None, "x")  # no answer, and an unknown video
    kept, removed = usable(split(FINE, lost), ("no-answer", "no-video"))
    assert kept == (FINE,)
    assert dict(removed) == {"no-answer": 1}
    kept, removed = usable(split(FINE, lost), ())
    assert (len(kept), dict(removed)) == (2, {})


def test_dropped_by_names_every_rule_that_applies() -> None:
    row = check(split(FINE, Question(2, "q", None, "x"))).rows[1]
    assert row.dropped_by(("no-video", "no-answer", "past-end")) == ("no-answer", "no-video")


def test_summary() -> None:
    videos = (Video("v", LINES, 10.0, "given"), Video("w"))
    one = split(FINE, Question(2, "q", None, "x", Span(1, 2)), videos=videos)
    summary = check(one).summary()
    assert (summary["questions"], summary["with_answer"], summary["videos"]) == (2, 2, 2)
    assert (summary["videos_with_subtitles"], summary["videos_with_features"]) == (1, 0)
    assert summary["languages"] == {"Chinese": 1, "not stated": 1}
    assert summary["durations"] == {"given": 1, "unknown": 1}
    assert summary["findings"] == {"no-video": 1}


def test_every_rule_has_a_title() -> None:
    names = "no-question no-answer bad-span past-end past-estimate no-video no-corpus no-subtitles few-subtitles"
    assert list(RULES) == [*names.split(), "no-features"]
    assert all(rule.title for rule in RULES.values())
