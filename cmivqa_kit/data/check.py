"""Looking over a split before it is used: which examples a training run would lose, by which rule, and why.

Nothing is ever dropped silently: the reference implementation's users lost whole data sets that way
(docs/spec/ccgs.md, section 1.6).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cmivqa_kit.data.feature_faults import FeatureFault
from cmivqa_kit.data.feature_notes import feature_notes
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.statistics import corpus_statistics
from cmivqa_kit.data.types import Note, Question, Split, Video

SLACK = 1.0  # seconds an answer may end after the video: subtitle times are rounded
FEW = 2  # subtitle lines at and below which the reference drops a video

Reason = str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule by name; ``needs_answers`` rules are not applied to splits whose answers are hidden."""

    name: str
    title: str
    check: Callable[[Question, Video | None, Split], Reason]
    needs_answers: bool = False


RULES: dict[str, Rule] = {}


def rule(name: str, title: str, needs_answers: bool = False) -> Callable[[Any], Any]:
    """Register a rule: a function (question, its video or None, split) -> the reason, or None if it is fine."""

    def add(check: Callable[[Question, Video | None, Split], Reason]) -> Callable[..., Reason]:
        RULES[name] = Rule(name, title, check, needs_answers)
        return check

    return add


@rule("no-question", "question without a text")
def _no_question(question: Question, video: Video | None, split: Split) -> Reason:
    return None if question.text else "the text is empty"


@rule("no-answer", "no answer span", needs_answers=True)
def _no_answer(question: Question, video: Video | None, split: Split) -> Reason:
    return "no start and end" if question.answer is None else None


@rule("bad-span", "answer is no span", needs_answers=True)
def _bad_span(question: Question, video: Video | None, split: Split) -> Reason:
    answer = question.answer
    return None if answer is None or answer.valid else f"{answer.start} to {answer.end}: 0 <= start < end is needed"


@rule("past-end", "answer ends after the video", needs_answers=True)
def _past_end(question: Question, video: Video | None, split: Split) -> Reason:
    return _beyond(question, video) if video is not None and video.duration_is_exact else None


# A rule of its own, so that no baseline that drops "past-end" ever drops an example because of an estimate.
@rule("past-estimate", "answer ends after the estimated end of the video (a remark)", needs_answers=True)
def _past_estimate(question: Question, video: Video | None, split: Split) -> Reason:
    reason = _beyond(question, video) if video is not None and not video.duration_is_exact else None
    return f"{reason}, an estimate from {video.duration_source}" if reason and video is not None else None


def _beyond(question: Question, video: Video) -> Reason:
    if question.answer is None or video.duration is None or question.answer.end <= video.duration + SLACK:
        return None
    return f"ends at {question.answer.end:g}, the video at {video.duration:g}"


@rule("no-video", "video unknown")
def _no_video(question: Question, video: Video | None, split: Split) -> Reason:
    if question.video_id is None:
        return "no video id" if split.has_answers else None
    return None if video is not None else f"video {question.video_id} is not in the corpus"


@rule("no-corpus", "no video to choose from")
def _no_corpus(question: Question, video: Video | None, split: Split) -> Reason:
    silent = not any(video.subtitles or video.translations for video in split.videos.values())
    empty = question.video_id is None and silent and not len(split.features)
    return "no subtitles, captions or features in the corpus of the split" if empty else None


@rule("no-subtitles", "video without subtitles")
def _no_subtitles(question: Question, video: Video | None, split: Split) -> Reason:
    return None if video is None or video.subtitles_in(question.language) else "no subtitle line"


@rule("few-subtitles", "video with at most 2 subtitle lines (dropped by the reference)")
def _few_subtitles(question: Question, video: Video | None, split: Split) -> Reason:
    count = len(video.subtitles_in(question.language)) if video is not None else 0
    return f"only {count} subtitle line{'s' * (count > 1)}" if 0 < count <= FEW else None


@rule("no-features", "video without usable features")
def _no_features(question: Question, video: Video | None, split: Split) -> Reason:
    if question.video_id is None or not len(split.features):
        return None  # a text-only data root has no features at all; its summary says so
    fault = split.features.fault(question.video_id)
    state, why = split.features.state(question.video_id)
    return None if state == "ok" else fault.reason if fault is not None else why


@dataclass(frozen=True, slots=True)
class Row:
    """What was found about one question."""

    question: Question
    video: Video | None
    store: SplitFeatures
    findings: Mapping[str, str]  # rule -> reason

    @property
    def features(self) -> str:
        """The state of the video's features: ok, missing or bad."""
        return self.store.state(self.question.video_id)[0] if self.question.video_id is not None else "missing"

    def dropped_by(self, drops: Collection[str]) -> tuple[str, ...]:
        """The rules among ``drops`` that leave this question out of training."""
        return tuple(name for name in self.findings if name in drops)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Every question of a split with its findings, the faults of its features, what was noticed, and a summary."""

    split: Split
    rows: tuple[Row, ...]
    faults: tuple[FeatureFault, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Questions per rule that has findings."""
        return dict(Counter(name for row in self.rows for name in row.findings))

    @property
    def with_findings(self) -> tuple[Row, ...]:
        """The rows that have a finding."""
        return tuple(row for row in self.rows if row.findings)

    @property
    def features_usable(self) -> bool:
        """False where a training on the feature files would be refused."""
        return not self.faults and (self.split.features.settled or not len(self.split.features))

    def summary(self) -> dict[str, Any]:
        """Sizes and sources, for people and machines."""
        videos = list(self.split.videos.values())
        sources = Counter(video.duration_source or "unknown" for video in videos)
        return {
            "split": self.split.name,
            "edition": self.split.edition,
            "layout": self.split.layout,
            "file": str(self.split.source) if self.split.source else None,
            "questions": len(self.rows),
            "languages": dict(Counter(row.question.language or "not stated" for row in self.rows)),
            "with_answer": sum(row.question.answer is not None for row in self.rows),
            "videos": len(videos),
            "videos_with_subtitles": sum(bool(v.subtitles or v.translations) for v in videos),
            "videos_with_features": sum(video.id in self.split.features for video in videos),
            "durations": dict(sources),
            "statistics": asdict(corpus_statistics(self.split)),
            "features": self._features(),
            "findings": self.counts,
            "notes": [{"what": note.subject, "why": note.why} for note in self.notes],
        }

    def _features(self) -> dict[str, Any]:
        store = self.split.features
        measured = store.measured
        return {
            "files": len(store),
            "bad": len(self.faults),
            "width": store.width,
            "seconds_per_row": store.seconds_per_row,
            "stated": store.stated,
            "settled": store.settled,
            "measured": measured and {"seconds_per_row": measured.seconds, "videos": measured.videos,
                                      "alike": measured.alike},
            "faults": [{"video_id": fault.video_id, "file": str(fault.path), "kind": fault.kind,
                        "why": fault.reason} for fault in self.faults],
        }  # fmt: skip


def check(split: Split, elsewhere: Collection[str] = ()) -> CheckReport:
    """Apply every rule to every question of a split, and read all features of its videos.

    ``elsewhere`` are videos of other splits, whose features may lie in the same folder.
    """
    rows = _rows(split, [r for r in RULES.values() if split.has_answers or not r.needs_answers])
    asked = {question.video_id for question in split.questions if question.video_id is not None}
    faults = split.features.faults(sorted(asked | split.videos.keys()))
    notes = (*split.notes, *feature_notes(split.features, elsewhere))
    return CheckReport(split, tuple(rows), faults, notes)


def _rows(split: Split, rules: Collection[Rule]) -> Iterator[Row]:
    for question in split.questions:
        video = split.videos.get(question.video_id) if question.video_id is not None else None
        reasons = {r.name: reason for r in rules if (reason := r.check(question, video, split)) is not None}
        yield Row(question, video, split.features, reasons)


def usable(split: Split, drops: Collection[str]) -> tuple[tuple[Question, ...], Counter[str]]:
    """The questions that no rule of ``drops`` removes, and how many each rule removed (the first that applies)."""
    remaining: list[Question] = []
    removed: Counter[str] = Counter()
    rules = [r for r in RULES.values() if r.name in drops and (split.has_answers or not r.needs_answers)]
    for row in _rows(split, rules):
        by = row.dropped_by(drops)
        if by:
            removed[by[0]] += 1
        else:
            remaining.append(row.question)
    return tuple(remaining), removed
