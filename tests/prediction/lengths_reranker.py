"""A baseline of somebody else that re-ranks lists: the longest span first. It knows nothing of the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate, Declaration, Prediction, PredictOptions, Target
from cmivqa_kit.runs.directory import RunDirectory, make_run

DECLARATION = Declaration(
    name="lengths", title="Longest first", tracks=(), factory="tests.prediction.lengths_reranker:Lengths",
    config="fake_settings:config.toml", reranks=True,
)  # fmt: skip
EMPTY = Declaration(
    name="empty", title="Promises", tracks=(), factory="tests.prediction.fake:Fake", config="fake_settings:config.toml",
    reranks=True,
)  # fmt: skip


class Lengths:
    """Scores a candidate by its length in seconds."""

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Nothing to learn."""

    def load(self, run: RunDirectory) -> None:
        """Nothing to load."""

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """It answers nothing by itself."""
        raise UserError("lengths re-ranks lists", "")

    def reranker(self, split: Split, options: PredictOptions) -> Lengths:
        """Itself; it is shown no answer."""
        assert all(question.answer is None and question.video_id is None for question in split.questions)
        return self

    def scores(self, question: Question, candidates: Sequence[Candidate]) -> list[float]:
        """Seconds."""
        assert [candidate.score for candidate in candidates] == [-rank for rank in range(1, len(candidates) + 1)]
        return [candidate.span.length for candidate in candidates]


def finished(runs: Path, name: str) -> RunDirectory:
    """A finished run below ``runs``."""
    run = make_run(runs / f"{name}-1", name, {}, seed=0)
    run.finish()
    return run
