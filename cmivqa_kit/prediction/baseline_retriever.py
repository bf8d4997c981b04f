"""A baseline that serves Track 2 as a retriever: loaded once, asked in the cheapest way that it offers.

Source: docs/spec/mutualsl.md, section 5.2, step 1.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import fingerprint, sha256
from cmivqa_kit.plugin.registry import create
from cmivqa_kit.plugin.settings import merge
from cmivqa_kit.plugin.types import Baseline, Declaration, Prediction, PredictOptions
from cmivqa_kit.prediction.function_retriever import FunctionRetriever, measured_recall
from cmivqa_kit.prediction.pairs import pass_folder as store
from cmivqa_kit.prediction.pairs.cached_pass import CachedPass
from cmivqa_kit.prediction.ranked_list import of_list, within
from cmivqa_kit.prediction.settings import SECTION
from cmivqa_kit.prediction.types import Ranking, RanksVideos, RetrievesVideos, VideoRetriever
from cmivqa_kit.runs.directory import PREDICTIONS, WEIGHTS, RunDirectory
from cmivqa_kit.runs.settings import Config

log = logging.getLogger(__name__)


class BaselineRetriever:
    """A baseline that serves Track 2, or a run of it, as a `VideoRetriever`; created and loaded at most once.

    Its rankings come from a finished pass of its run over the split where there is one, else from the baseline's own
    `RetrievesVideos.retriever` or `RanksVideos.rank_videos`, else from its Track 2 lists. Lists name every video once
    (`decode.by_video`), so that there are as many as are wanted.

    Args:
        declaration: of the baseline.
        run: what it is loaded from; ``None`` where it needs none.
        options: seed, device, and the usual length of lists.
    """

    def __init__(self, declaration: Declaration, run: RunDirectory | None, options: PredictOptions) -> None:
        self.declaration, self.run = declaration, run
        self.options = replace(options, config=_own_settings(declaration, run))

    @property
    def name(self) -> str:
        """The name of the run, or of the baseline where it needs none."""
        return self.run.path.name if self.run is not None else self.declaration.name

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """Baseline, recipe, weights and run."""
        weights = self.run.path / WEIGHTS if self.run is not None else None
        return {
            "name": self.name,
            "baseline": self.declaration.name,
            "recipe": self.run.recipe if self.run is not None else None,
            "weights": sha256(weights) if weights is not None and weights.is_file() else None,
            "run": fingerprint(self.run.record()) if self.run is not None else None,
        }

    def costs_network(self, split: Split) -> bool:
        """True unless a finished pass is there, or the baseline says that it ranks videos without a network.

        Raises:
            UserError: its run is damaged.
        """
        if self._finished_pass(split) is not None:
            return False
        if isinstance(self._system, RetrievesVideos):
            return self._own_retriever.costs_network(split)
        return not isinstance(self._system, RanksVideos)  # lists may come from anything, and may take long

    def rank(self, split: Split, count: int) -> list[Ranking]:
        """Per question the best ``count`` videos.

        Raises:
            UserError: not one answer per question, a score that is no number, or a damaged run.
        """
        # Never a shorter list than usual: `of_list` looks at all of it, and at the same with another ``count``.
        longest = max(min(count, len(split.videos)), self.options.limit)
        asked = split.for_prediction(2)
        finished = self._finished_pass(asked)
        if finished is not None:
            predictions = finished.predictions(asked, 2, replace(self.options, limit=longest))
            rankings = self._of_lists(asked, list(predictions))
        else:
            rankings = self._own_retriever.rank(asked, longest)
        if len(rankings) != len(split.questions):
            raise self._not_one_each()
        return [within(ranking, split.videos, count) for ranking in rankings]

    def recall(self, dev: Split | None, count: int) -> float | None:
        """The recall among the best ``count``; not known where asking dev would run a network."""
        return measured_recall(self, dev, count)

    @cached_property
    def _system(self) -> Baseline:
        """The baseline, created and not yet loaded."""
        return create(self.declaration)

    @cached_property
    def _own_retriever(self) -> VideoRetriever:
        """The retriever of the loaded baseline: its own, or one made of its rankings or lists."""
        system = self._system
        if self.run is not None:
            system.load(self.run)
        if isinstance(system, RetrievesVideos):
            return system.retriever(self.options)
        if isinstance(system, RanksVideos):
            ranks = system  # as mypy knows it inside the function
            return FunctionRetriever(
                self.name,
                lambda split, count: ranks.rank_videos(split, count, replace(self.options, limit=count)),
            )

        def rank_lists(split: Split, count: int) -> list[Ranking]:
            options = replace(self.options, limit=count)
            return self._of_lists(split, list(system.predict(split, 2, options)))

        return FunctionRetriever(self.name, rank_lists, network=True)

    def _of_lists(self, split: Split, predictions: list[Prediction]) -> list[Ranking]:
        """The rankings of Track 2 lists."""
        if [prediction.question_id for prediction in predictions] != [question.id for question in split.questions]:
            raise self._not_one_each()
        return [of_list(prediction.candidates) for prediction in predictions]

    def _not_one_each(self) -> UserError:
        return UserError(
            f"--retriever {self.name}: not one answer per question, in their order",
            f"Mend baseline {self.declaration.name}, or give another --retriever.",
        )

    def _finished_pass(self, split: Split) -> CachedPass | None:
        """The finished pass of the run over ``split`` with the run's own settings, where there is one."""
        if self.run is None or not (self.run.path / PREDICTIONS / split.name / store.MANIFEST).is_file():
            return None
        try:
            finished = CachedPass(store.PassFolder(self.run.path / PREDICTIONS / split.name))
            finished.require(split, self.options)
        except UserError as error:
            log.info("not used: %s", error.message)
            return None
        return finished


def _own_settings(declaration: Declaration, run: RunDirectory | None) -> Config:
    """The settings of a run, or of the baseline; lists name every video once where the baseline can do that."""
    config = merge(run.config if run is not None else {}, declaration, ())
    section = config.get(SECTION, {})
    return {**config, SECTION: {**section, "by_video": True}} if "by_video" in section else config
