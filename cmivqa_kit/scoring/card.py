"""The score card: the official and the strict scores of one submission on one track, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any, Literal

from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics.ranks_and_ious import Values
from cmivqa_kit.scoring.differences import Difference
from cmivqa_kit.scoring.ids import json_safe
from cmivqa_kit.scoring.results import OfficialResult, StrictResult, safe_numbers
from cmivqa_kit.scoring.statistics.bootstrap import AS_USUAL, LEVEL, Interval, Resampling, bootstrap
from cmivqa_kit.scoring.strict import Answered


@dataclass(frozen=True, eq=False)
class ScoreCard:
    """Scores of one submission on one track, over n questions; ``print(card)`` shows them as `cmivqa score` does.

    Attributes:
        headline: name of the metric that the edition ranks this track by.
        cutoffs: cut-offs of the strict metrics; the official ones are always 1, 10 and 50.
        entries: how many entries of a list strict reads; the official program always reads 50.
        counts: questions, answered, missing, duplicated (in the file more than once: scored as missing in strict),
            extra, malformed, invalid_entries.
        differences: why official and strict differ, on how many questions; empty where one of them has no numbers.
        question_ids: (n) ids as in the ground truth, in its order, which all values per question share.
        answers: (n) ``given``, ``missing`` or ``duplicated``.
        languages: (n) ``language_type`` in the ground truth, or ``None``.
        clusters: (n) the question's video, or a name of its own where the ground truth gives none.
        decimals: how many decimals boards show.
        signature: everything the numbers depend on. Cards are comparable only when it is the same.
        resampling: how the intervals are drawn; ``None`` for none.
    """

    track: Track
    split: str
    edition: str
    headline: str
    cutoffs: tuple[int, ...]
    entries: int
    official: OfficialResult
    strict: StrictResult
    counts: dict[str, int]
    differences: tuple[Difference, ...]
    question_ids: tuple[Any, ...]
    answers: tuple[Answered, ...]
    languages: tuple[str | None, ...]
    clusters: tuple[str, ...]
    decimals: int
    signature: str
    resampling: Resampling | None = AS_USUAL

    def __str__(self) -> str:
        """The card as a person reads it, in plain text."""
        from cmivqa_kit.scoring.card_text import plain_card

        return plain_card(self)

    @cached_property
    def intervals(self) -> Mapping[str, Interval]:
        """Bootstrap intervals of the strict scores, by metric, all from the same resamples; drawn when first asked for.

        Empty where strict scoring refuses, and without `resampling`.
        """
        if self.resampling is None or not self.strict.per_question:
            return {}
        return bootstrap(
            self.strict.per_question,
            self.clusters,
            self.resampling.resamples,
            self.resampling.seed,
            scales=self.strict.scales,
        )

    @property
    def units(self) -> int:
        """How many were resampled as one."""
        return len(set(self.clusters))

    @property
    def resampled_by(self) -> Literal["video", "question"]:
        """What is resampled as one: a video with all its questions, or a question where the answers name no videos."""
        return "question" if all(name.startswith(OWN) for name in self.clusters) else "video"

    @property
    def interval_level(self) -> str:
        """The level of the intervals in words: ``95%``."""
        return f"{100 * LEVEL:g}%"

    @property
    def board_metrics(self) -> tuple[str, ...]:
        """What boards show of the strict scores, the headline first; none of Track 3 shows how it ranks videos."""
        names = self.strict.metrics
        return tuple(n for n in names if self.track != 3 or n == self.headline or n.endswith("|mIoU"))

    @property
    def metrics(self) -> dict[str, float]:
        """The official metrics as fractions; empty where the program crashes."""
        return self.official.metrics

    @property
    def raw(self) -> dict[str, float]:
        """The official metrics in the program's own units (Track 1: percent)."""
        return self.official.raw

    @property
    def crash(self) -> str:
        """How the official program would crash, in a line; empty where it would not."""
        return str(self.official.crash) if self.official.crash else ""

    @property
    def per_question(self) -> dict[str, Values]:
        """(n,) strict values of every question, by metric; empty where strict scoring refuses."""
        return self.strict.per_question

    def to_dict(self, per_question: bool = False) -> dict[str, Any]:
        """The machine-readable twin (``score --format json``); fit for strict JSON.

        Keys: ``track``, ``split``, ``edition``, ``headline``, ``cutoffs``, ``entries``, ``signature``; ``counts``;
        ``official`` {status: ok | official_crash | unreadable, metrics, raw, crash {exception, stage, target_index,
        question_id, quirk, why}, repaired {metrics, raw, dropped_items, dropped_questions}}; ``strict`` {status: ok |
        refused, error, message, metrics, by_language, scales {metric: unit, higher_is_better, bounds [low, high]}};
        ``differences`` [{code, why, metrics, questions, ids}]; with ``per_question`` also ``per_question``, a list of
        `rows`. What is not there is ``null``. Metrics are unrounded, fractions where ``scales`` says no other unit;
        NaN is written ``null``, infinities (only with a degenerate ground truth) ``"Infinity"``.
        """
        document = {
            "track": self.track,
            "split": self.split,
            "edition": self.edition,
            "headline": self.headline,
            "cutoffs": list(self.cutoffs),
            "entries": self.entries,
            "official": self.official.to_dict(),
            "strict": self.strict.to_dict(),
            "counts": self.counts,
            "differences": [difference.to_dict() for difference in self.differences],
            "signature": self.signature,
        }
        return {**document, "per_question": list(self.rows())} if per_question else document

    def rows(self) -> Iterator[dict[str, Any]]:
        """One flat row per question, in the order of the ground truth: ``score --per-question``.

        Keys: ``id``, ``video`` (``None`` where the truth gives none), ``language``, ``answer`` (given, missing or
        duplicated), then ``strict:NAME`` and ``official:NAME`` for every metric that has values per question. As in
        `to_dict`, NaN (left out of the official MRR) is ``None``.
        """
        columns = {
            **{f"strict:{name}": values.tolist() for name, values in self.strict.per_question.items()},
            **{f"official:{name}": values.tolist() for name, values in self.official.per_question.items()},
        }
        for index, identity in enumerate(self.question_ids):
            yield {
                "id": json_safe(identity),
                "video": self.clusters[index] if not self.clusters[index].startswith(OWN) else None,
                "language": self.languages[index],
                "answer": self.answers[index],
                **safe_numbers({name: values[index] for name, values in columns.items()}),
            }

    def to_pandas(self) -> Any:
        """`rows` as a ``pandas.DataFrame``.

        Raises:
            UserError: pandas is not installed.
        """
        try:
            pandas = import_module("pandas")
        except ImportError:
            raise UserError("pandas is not installed", "Install it: pip install pandas.") from None
        return pandas.DataFrame(list(self.rows()))


OWN = "question:"  # begins the cluster of a question without a video
