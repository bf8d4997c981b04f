"""The plug: what a run learns of training answers, and the kit's lexical search (`cmivqa_kit.prediction.lexical`)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from baselines.bm25 import DECLARATION
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Split
from cmivqa_kit.data.usual_span import UsualSpan, usual_length, usual_lengths, usual_span
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import merge
from cmivqa_kit.plugin.types import Prediction, PredictOptions, Report, Target
from cmivqa_kit.prediction.decoding import Calibration, DecodingSettings
from cmivqa_kit.prediction.function_retriever import FunctionRetriever
from cmivqa_kit.prediction.lexical.expected import UNFITTED, SpanSearch
from cmivqa_kit.prediction.lexical.search import LexicalSearch
from cmivqa_kit.prediction.lexical.settings import LexicalSettings
from cmivqa_kit.prediction.spans.candidates import SpanLimits
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.settings import Config

LEARNT, LIMITS = "bm25.json", "span_limits.json"
QUANTILE = 0.99  # of the training answers that spans can hold
# Window lengths where no training answers are known. Chosen on TutorialVQA's training questions (README.md).
DEFAULT_SECONDS = (20.0, 40.0, 60.0)


@dataclass(frozen=True, slots=True)
class Learnt:
    """Window lengths in seconds, and where answers lie when no text helps, as parts of a video's duration."""

    window_seconds: tuple[float, ...] = DEFAULT_SECONDS
    start: float = 0.0
    end: float = 1.0

    @classmethod
    def of(cls, document: Any, path: Path) -> Learnt:
        """Read the document that a run holds.

        Raises:
            UserError: it is damaged; ``path`` is named.
        """
        try:
            learnt = cls(tuple(float(s) for s in document["window_seconds"]), document["start"], document["end"])
            whole = bool(learnt.window_seconds) and all(0 < s < math.inf for s in learnt.window_seconds)
            if whole and Span(learnt.start, learnt.end).valid and learnt.end <= 1:
                return learnt
        except (LookupError, TypeError, ValueError, OverflowError):
            pass
        raise UserError(f"{path}: not what bm25 learnt from training answers", "The run is damaged; train again.")

    @classmethod
    def from_answers(cls, train: Split, quantiles: Sequence[float]) -> Learnt:
        """Quantiles of the lengths of training answers, medians of their relative times; else the defaults."""
        seconds = usual_lengths(train, quantiles) or DEFAULT_SECONDS
        usual = usual_span(train)
        start, end = (round(usual.start, 4), round(usual.end, 4)) if usual is not None else (0.0, 1.0)
        return cls(seconds, start, end) if start < end else cls(seconds)

    @property
    def usual(self) -> UsualSpan:
        """The answer where no text helps: in a video of unknown duration its first seconds."""
        return UsualSpan(self.start, self.end, self.window_seconds[0])


class BM25:
    """BM25 over whole videos and subtitle windows.

    It predicts without a run as well: `fit` only learns how long answers are, and where they lie when no text helps.
    """

    def __init__(self) -> None:
        self.learnt = Learnt()
        self.limits, self.calibration = SpanLimits(), UNFITTED

    def fit(self, train: Split, dev: Split | None, run: RunDirectory) -> None:
        """Learn window lengths (seconds) from the answers of ``train`` and write them into ``run``.

        For lists by expected overlap also the limits of spans and how long answers are, and on ``dev`` temperatures.
        """
        self.learnt = Learnt.from_answers(train, _settings(run.config).index.window_quantiles)
        run.write(LEARNT, asdict(self.learnt))
        if _decoding(run.config).by_overlap:
            self.limits = SpanLimits.learnt(train, QUANTILE, SpanLimits().per_video)
            run.write(LIMITS, asdict(self.limits))
            self.calibration = replace(UNFITTED, length=usual_length(train))
            search = self._span_search(run.config, run.dev_progress.preparation)
            self.calibration = search.fitted(dev or train, run.seed)
            self.calibration.write(run)

    def load(self, run: RunDirectory) -> None:
        """Take what a run learnt.

        Raises:
            UserError: the run lacks it, or it is damaged.
        """
        self.learnt = Learnt.of(run.read(LEARNT), run.path / LEARNT)
        if (run.path / LIMITS).exists():
            self.limits = _limits(run)
        self.calibration = Calibration.read(run, UNFITTED)

    def predict(self, split: Split, track: Target, options: PredictOptions) -> Iterator[Prediction]:
        """One prediction per question of ``split``, in its order.

        Raises:
            UserError: a setting out of its range, no video to choose from, or a Track 1 question without a video.
        """
        return self._search(options).predictions(split, track, options.limit)

    def retriever(self, options: PredictOptions) -> FunctionRetriever:
        """The retriever of the best videos of each question, in front of a localizer or of `predict --budget`.

        Raises:
            UserError: a setting out of its range.
        """
        return FunctionRetriever(DECLARATION.name, self._search(options).rankings)

    def _search(self, options: PredictOptions) -> LexicalSearch | SpanSearch:
        if _decoding(options.config).by_overlap:
            return self._span_search(options.config, options.report)
        settings = _settings(options.config)
        return LexicalSearch(settings, self.learnt.window_seconds, self.learnt.usual, options.report)

    def _span_search(self, config: Config, report: Report) -> SpanSearch:
        calibration = _decoding(config).over(self.calibration)
        return SpanSearch(_settings(config), self.limits, self.learnt.usual, calibration, report)


def _settings(config: Config) -> LexicalSettings:
    """The settings of ``config``; what it does not name has its value of ``config.toml``."""
    return LexicalSettings.of(merge(config, DECLARATION, ()))


def _decoding(config: Config) -> DecodingSettings:
    return DecodingSettings.of(merge(config, DECLARATION, ()))


def _limits(run: RunDirectory) -> SpanLimits:
    """The limits of spans that a run learnt.

    Raises:
        UserError: they are damaged.
    """
    try:
        limits = SpanLimits(**run.read_object(LIMITS))
        values = (limits.lines, limits.seconds, limits.per_video)
        if all(0 < value < math.inf for value in values) and 0 <= limits.shortest < math.inf:
            return limits
    except TypeError:
        pass
    raise UserError(f"{run.path / LIMITS}: no limits of spans", "The run is damaged; train again.")
