"""A board: the entries of one track of one split, ranked, as plain values that a table, JSON, markdown or a page shows.

Nothing in it tells the answer to a question: it holds means over questions and no value of a single one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import Problem
from cmivqa_kit.leaderboard.records import FiledEntry, FiledFile
from cmivqa_kit.metrics.scale import FRACTION, Scale
from cmivqa_kit.scoring.results import safe_numbers
from cmivqa_kit.scoring.statistics.bootstrap import LEVEL, Interval

PerTeam = Literal["best", "last", "all"]


class Section(StrEnum):
    """Where an entry stands on a board."""

    RANKED = "ranked"
    UNRANKED = "unranked"  # with its numbers: a baseline, late, over its team's limit, crashing the official program
    SUPERSEDED = "superseded"  # another run of its team stands for it
    INVALID = "invalid"  # with its numbers where it has any
    ELSEWHERE = "elsewhere"  # it answers another split, edition or track than there are answers for: no numbers


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One submission file of an entry on one board. Team and title are hostile text: escape them where they are shown.

    Attributes:
        entry: the entry as it was filed: team, run, title, method, link, received, standing.
        file: the file, with its digest.
        track: ``None`` where it cannot be told.
        section: where it stands.
        rank: from 1, equal values share one; ``None`` where it is not ranked.
        official: official metrics as fractions, as boards show them; empty where the program crashes.
        repaired: the same without what the official program cannot read; empty where it does not crash.
        strict: strict metrics by canonical name, the headline first.
        intervals: of the strict metrics, clustered by video.
        by_language: strict metrics over the questions of each language; empty where the answers name none.
        counts: questions, answered, missing, duplicated, extra, malformed, invalid_entries.
        findings: how many findings of each code the validator has.
        differences: why official and strict differ: questions by the number of the quirk.
        tie_group: number of its group, from 1; see `cmivqa_kit.leaderboard.tie_groups`.
        p: p-value after Holm against the first of its group; ``None`` for the first itself.
        reasons: why it is not ranked, or why it has no numbers, one line each.
    """

    entry: FiledEntry
    file: FiledFile
    track: Track | None
    section: Section
    rank: int | None = None
    official: Mapping[str, float] = field(default_factory=dict)
    repaired: Mapping[str, float] = field(default_factory=dict)
    strict: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    by_language: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    findings: Mapping[str, int] = field(default_factory=dict)
    differences: Mapping[str, int] = field(default_factory=dict)
    tie_group: int | None = None
    p: float | None = None
    reasons: tuple[str, ...] = ()

    @property
    def team(self) -> str:
        """The team's true name."""
        return self.entry.team

    @property
    def run(self) -> str:
        """``run-1``, ``run-2``, ..."""
        return self.entry.run

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin: one of ``rows`` in ``leaderboard show --format json``."""
        entry = self.entry
        return {
            "section": self.section,
            "rank": self.rank,
            "team": entry.team,
            "run": entry.run,
            "title": entry.title,
            "method": entry.method,
            "link": entry.link,
            "hardware": entry.hardware,
            "external_data": entry.external_data,
            "standing": entry.standing,
            "state": entry.state,
            "received": None if entry.received is None else entry.received.isoformat(),
            "edition": entry.edition,
            "file": self.file.name,
            "sha256": self.file.sha256,
            "track": self.track,
            "official": safe_numbers(dict(self.official)) or None,
            "repaired": safe_numbers(dict(self.repaired)) or None,
            "strict": safe_numbers(dict(self.strict)) or None,
            "intervals": {name: interval.to_dict() for name, interval in self.intervals.items()} or None,
            "by_language": {name: safe_numbers(dict(values)) for name, values in self.by_language.items()} or None,
            "counts": dict(self.counts) or None,
            "findings": dict(self.findings),
            "differences": dict(self.differences),
            "tie_group": self.tie_group,
            "p_holm": self.p,
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """The board of one track.

    Attributes:
        split: the split whose questions are answered.
        edition: name of the edition by whose rules is scored and ranked.
        truth: name of the answer file.
        metric: what ranks, in its official form.
        metrics: the metrics that a board shows, as the official program orders them, and what ranks.
        scales: unit, direction and bounds of the strict metrics.
        decimals: how many boards show.
        questions, videos: how many the numbers rest on; 0 where nothing was scored.
        rows: in the order of the board: ranked, unranked, superseded, invalid, elsewhere.
        unplaced: entries that no board can show, because their track cannot be told or has no answers; the same on all
            boards that were made together.
        problems: what lies in the folder of entries and is none, by path; the same on all boards too.
        per_team: which runs of a team are ranked.
        comparisons: paired tests made for the tie groups.
        alpha: chance of telling two entries apart that are alike.
        detectable: the smallest difference of the strict ``metric`` that this split would probably show (power 0.8):
            the median over the comparisons with the first; ``None`` without one.
        resamples, seed: of the intervals.
        signature: everything the scores depend on; empty where nothing was scored.
        public: without what only organizers may have.
    """

    track: Track
    split: str
    edition: str
    truth: str
    metric: str
    metrics: tuple[str, ...]
    scales: Mapping[str, Scale]
    decimals: int
    questions: int
    videos: int
    rows: tuple[Row, ...]
    unplaced: tuple[Row, ...] = ()
    problems: tuple[Problem, ...] = ()
    per_team: PerTeam = "best"
    comparisons: int = 0
    alpha: float = 0.05
    detectable: float | None = None
    resamples: int = 0
    seed: int = 0
    signature: str = ""
    public: bool = False

    def at(self, *wanted: Section) -> tuple[Row, ...]:
        """The rows that stand there, in their order."""
        return tuple(row for row in self.rows if row.section in wanted)

    @property
    def level(self) -> str:
        """The level of the intervals in words: ``95%``."""
        levels = (interval.level for row in self.rows for interval in row.intervals.values())
        return f"{100 * next(levels, LEVEL):g}%"

    def scale(self, metric: str) -> Scale:
        """The scale of a metric; a fraction for one that only the official program has."""
        return self.scales.get(metric, FRACTION)

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin: one of ``boards`` in ``leaderboard show --format json``."""
        return {
            "track": self.track,
            "split": self.split,
            "edition": self.edition,
            "truth": self.truth,
            "metric": self.metric,
            "metrics": list(self.metrics),
            "decimals": self.decimals,
            "questions": self.questions,
            "videos": self.videos,
            "per_team": self.per_team,
            "public": self.public,
            "ties": {
                "comparisons": self.comparisons,
                "correction": "holm",
                "alpha": self.alpha,
                "detectable": self.detectable,
            },
            "resampling": {"resamples": self.resamples, "seed": self.seed} if self.resamples else None,
            "signature": self.signature or None,
            "rows": [row.to_dict() for row in self.rows],
        }
