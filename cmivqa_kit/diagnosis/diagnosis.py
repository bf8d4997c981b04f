"""The diagnosis of one submission on Track 1 or 3, and how it is made from a score card and the documents behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.diagnosis.advice import Numbers, advise
from cmivqa_kit.diagnosis.calibration import Calibration, calibration_of
from cmivqa_kit.diagnosis.classes import HIT, LossClass, Share, classes_of, decompose, labels
from cmivqa_kit.diagnosis.context import NOTHING, Asked, Context, what_was_asked
from cmivqa_kit.diagnosis.groups import Grouping, group
from cmivqa_kit.diagnosis.oracles import Oracle, oracles
from cmivqa_kit.diagnosis.outcomes import Outcome, read_outcomes
from cmivqa_kit.diagnosis.prior import PriorScore, prior_scores
from cmivqa_kit.diagnosis.warnings import Lists, Warning, warnings
from cmivqa_kit.errors import UserError
from cmivqa_kit.metrics.scale import FRACTION
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.ids import json_safe
from cmivqa_kit.scoring.truth import select

TOLERANCE = 1e-9  # official sums are rounded at every step; a real difference is far larger


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosis:
    """Where one submission lost its points.

    Attributes:
        card: the score card it belongs to; its strict headline is what is taken apart.
        cutoffs: (K,) cut-offs; ``(1,)`` on Track 1.
        score: the strict Average, on Track 1 the mIoU.
        classes, shares: the four classes and what each takes; all shares are 1 - score.
        labels: (n,) key of the one label of every question.
        oracles: bounds; none on Track 1.
        outcomes, asked: (n,) what became of every question, and what is known of it.
        context: the corpus and the prior, and what of them is not at hand.
        calibration: expected beside real IoU; ``None`` where no run at hand kept what it expected.
    """

    card: ScoreCard
    cutoffs: tuple[int, ...]
    score: float
    classes: tuple[LossClass, ...]
    shares: tuple[Share, ...]
    labels: tuple[str, ...]
    oracles: tuple[Oracle, ...]
    groups: tuple[Grouping, ...]
    warnings: tuple[Warning, ...]
    priors: tuple[PriorScore, ...]
    outcomes: tuple[Outcome, ...]
    asked: tuple[Asked, ...]
    context: Context
    calibration: Calibration | None = None

    @property
    def loss(self) -> float:
        """The loss: 1 - score."""
        return 1 - self.score

    @property
    def official(self) -> float | None:
        """What the official program says; ``None`` where it would crash."""
        return self.card.official.metrics.get(self.card.headline)

    @property
    def unanswered(self) -> int:
        """Questions without exactly one answer."""
        return sum(one.answer != "given" for one in self.outcomes)

    @property
    def next(self) -> str:
        """What to do next, in a sentence or two."""
        return advise(
            Numbers(
                track=self.card.track,
                headline=self.card.headline,
                score=self.score,
                shares=[share.share for share in self.shares],
                unanswered=self.unanswered / len(self.outcomes),
                oracles={one.key: one.average for one in self.oracles},
                priors={one.key: one.value for one in self.priors},
            )
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """What must be known to read the numbers: what they are of, and what is not at hand."""
        name, official = self.card.headline, self.official
        if official is None:
            first = ["the official program would crash on this file: the diagnosis is of the strict score"]
        elif abs(official - self.score) > TOLERANCE:
            first = [
                f"official {name} is {official:.4f}, strict {self.score:.4f}: the diagnosis is of the strict score "
                "(the card of `score` says why they differ)"
            ]
        else:
            first = []
        return (*first, *self.context.remarks)

    @property
    def corpus_videos(self) -> int | None:
        """How many videos the lists rank; ``None`` on Track 1, and where no corpus is at hand."""
        corpus = self.context.corpus
        return None if corpus is None or self.card.track == 1 else len(corpus.videos) or None

    def label_counts(self) -> list[dict[str, Any]]:
        """How many questions have each label: {``key``, ``title``, ``questions``}, hits first."""
        return [
            {"key": one.key, "title": one.title, "questions": self.labels.count(one.key)}
            for one in (HIT, *self.classes)
        ]

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin (``diagnose --format json``); fit for strict JSON. Scores and shares are unrounded.

        Keys:
            ``track``, ``split``, ``edition``, ``headline``, ``signature``; ``cutoffs`` (K); ``counts``, as of a score
                card; ``unanswered``, questions without exactly one answer; ``corpus_videos`` that the lists rank, or
                ``null``.
            ``score``, strict; ``official`` or ``null``; ``loss`` = 1 - score.
            ``classes``: the four classes, {``key``, ``title``, ``formula``, ``share`` of the score, ``by_cutoff`` (K),
                ``questions`` that lose anything to it}; the shares add up to ``loss``.
            ``labels``: [{``key``, ``title``, ``questions``}], hit and the four classes; every question has one.
            ``oracles``: [{``key``: gold-span | gold-video, ``title``, ``values`` (K), ``average``, ``note``}]; empty on
                Track 1.
            ``prior``: [{``key``: prior (Track 1) | gold-video | ranking, ``title``, ``value``}]; empty where no
                training answers are at hand; ``prior_span`` {``start``, ``end`` as parts of a video, ``seconds``,
                ``answers``} or ``null``.
            ``calibration``: {``questions``, ``expected``, ``real``, ``error``, ``groups``: [{``n``, ``expected``,
                ``real``}]}, the IoU that the run expected of first answers and the real one; ``null``: not kept.
            ``groups``: [{``title``, ``rows``: [{``name``, ``n``, ``score``, ``shares`` (4), ``small``: n < 10}]}].
            ``warnings``: [{``code``, ``message``, ``ids`` (up to 5), ``questions``, ``fix``}].
            ``remarks``: [text], what is not at hand or what the numbers are not; ``next``: what to do next.
            ``questions``: (n) {``id``, ``label``, ``score``, ``m`` (K) best IoU within each cut-off, ``position`` of
                the first valid entry of the right video or ``null``, ``answer``: given | missing | duplicated}.
            The command puts ``file`` and ``made_by`` before, and ``organizers_only``: true behind where the answers are
                the organizers'; for the public every ``position`` is ``null``.
        """
        prior = self.context.prior
        return {
            "track": self.card.track,
            "split": self.card.split,
            "edition": self.card.edition,
            "headline": self.card.headline,
            "signature": self.card.signature,
            "cutoffs": list(self.cutoffs),
            "counts": self.card.counts,
            "unanswered": self.unanswered,
            "corpus_videos": self.corpus_videos,
            "score": self.score,
            "official": json_safe(self.official),
            "loss": self.loss,
            "classes": self.class_rows(),
            "labels": self.label_counts(),
            "oracles": self.oracle_rows(),
            "prior": [{"key": one.key, "title": one.title, "value": one.value} for one in self.priors],
            "prior_span": prior
            and {"start": prior.start, "end": prior.end, "seconds": prior.seconds, "answers": prior.answers},
            "calibration": self.calibration and self.calibration.to_dict(),
            "groups": [grouping.to_dict() for grouping in self.groups],
            "warnings": [warning.to_dict() for warning in self.warnings],
            "remarks": list(self.remarks),
            "next": self.next,
            "questions": [
                {
                    "id": json_safe(one.id),
                    "label": key,
                    "score": one.score,
                    "m": list(one.best),
                    "position": one.position,
                    "answer": one.answer,
                }
                for one, key in zip(self.outcomes, self.labels, strict=True)
            ],
        }

    def class_rows(self) -> list[dict[str, Any]]:
        """The rows of ``classes`` in `to_dict`."""
        return [
            {
                "key": one.key,
                "title": one.title,
                "formula": one.formula,
                "share": share.share,
                "by_cutoff": list(share.by_cutoff),
                "questions": share.questions,
            }
            for one, share in zip(self.classes, self.shares, strict=True)
        ]

    def oracle_rows(self) -> list[dict[str, Any]]:
        """The rows of ``oracles`` in `to_dict`."""
        return [
            {"key": o.key, "title": o.title, "values": list(o.values), "average": o.average, "note": o.note}
            for o in self.oracles
        ]


def diagnose(
    card: ScoreCard,
    predictions: Any,
    answers: Sequence[Any],
    context: Context = NOTHING,
    confidences: Mapping[Any, Sequence[float | None]] | None = None,
) -> Diagnosis:
    """Diagnose a submission.

    Args:
        card: its score card, of Track 1 or 3.
        predictions: the decoded submission.
        answers: the answers that the card was made with; of more, those of its questions are used.
        context: what is known of the questions and videos beside.
        confidences: question id -> the IoU that was expected of every answer, as the run kept it.

    Raises:
        UserError: strict scoring refused, it is Track 2, or the edition ranks the track by something else than the
            mean of ``R@k|mIoU``.
    """
    if card.track == 2:
        raise UserError(
            "Track 2 has no spans to judge: where its points go, its scores say",
            "Use `score` for it, or `diagnose` on the Track 3 file.",
        )
    if card.strict.error:
        raise UserError(f"cannot be diagnosed: {card.strict.message}", "Mend that first; `validate` shows it.")
    cutoffs = (1,) if card.track == 1 else card.cutoffs
    targets = select(list(answers), card.question_ids)
    outcomes = read_outcomes(card.track, predictions, targets, cutoffs, card.entries)
    shares = decompose(outcomes, cutoffs)
    score = card.strict.metrics[card.headline]
    lost = sum(share.share for share in shares)
    if card.strict.scale(card.headline) != FRACTION or abs(1 - score - lost) > TOLERANCE:
        raise UserError(
            f"edition {card.edition}: {card.headline} is not the mean overlap of answers, which is taken apart here",
            "Diagnose with an edition that ranks Track 1 by mIoU and Track 3 by the mean of R@k|mIoU.",
        )
    asked = what_was_asked(targets, context)
    classes = classes_of(card.track)
    prior = context.prior
    durations = [one.duration for one in asked]
    return Diagnosis(
        card=card,
        cutoffs=cutoffs,
        score=score,
        classes=classes,
        shares=shares,
        labels=tuple(labels(outcomes, cutoffs, classes)),
        oracles=oracles(outcomes, cutoffs) if card.track == 3 else (),
        groups=group(outcomes, asked, cutoffs),
        warnings=warnings(_lists(card, outcomes, cutoffs, context)),
        priors=prior_scores(card.track, outcomes, durations, cutoffs, prior) if prior is not None else (),
        outcomes=outcomes,
        asked=asked,
        context=context,
        calibration=calibration_of(outcomes, confidences or {}),
    )


def _lists(card: ScoreCard, outcomes: Sequence[Outcome], cutoffs: Sequence[int], context: Context) -> Lists:
    corpus = context.corpus
    found = [] if card.track == 1 else card.strict.per_question[f"R@{cutoffs[-1]}"].tolist()
    return Lists(
        track=card.track,
        outcomes=outcomes,
        clusters=card.clusters,
        length=cutoffs[-1],
        videos=len(corpus.videos) if corpus is not None and corpus.videos else None,
        recall=sum(found) / len(outcomes),
    )
