"""Two systems side by side: what each answered to every question, and the questions on which they differ most first.

The value of a question is its part of the strict headline that the board ranks by: the IoU on Track 1, the sum of its
recalls and reciprocal rank on Track 2 (2023: Overall), the mean of m_k on Track 3. So the mean of all differences is
the difference of the two scores, and wins and ties are those of `compare`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from cmivqa_kit.data.numbers import is_span
from cmivqa_kit.diagnosis.classes import classes_of, labels
from cmivqa_kit.diagnosis.context import Asked, Context, what_was_asked
from cmivqa_kit.diagnosis.outcomes import read_outcomes, video_of
from cmivqa_kit.metrics.scale import Scale
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.entries import ARRAY, Listed, is_entry, read_videos
from cmivqa_kit.scoring.ids import json_safe
from cmivqa_kit.scoring.strict import Answered, match
from cmivqa_kit.scoring.truth import select

LETTERS = ("A", "B")
Verdict = Literal["a-better", "b-better", "both-miss", "same"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
TITLES: dict[Verdict, str] = {
    "a-better": "A better", "b-better": "B better", "both-miss": "both miss", "same": "the same",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class SystemAnswer:
    """What a system answered to one question, and what it earned.

    Attributes:
        answer: given, missing or duplicated (then it counts as missing).
        value: its part of the headline.
        best: (K,) the best IoU within each cut-off; none on Track 2.
        rank: where the right video first stands in the list, from 1: on Track 3 with a valid span. ``None``: nowhere.
        label: hit, or the key of the class that costs most; ``None`` on Track 2.
        read: how many entries of the list were read.
        entries: those that can match, in the order of the list; start and end are ``None`` where Track 2 has none.
    """

    answer: Answered
    value: float
    best: tuple[float, ...]
    rank: int | None
    label: str | None
    read: int
    entries: tuple[Listed, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PairedQuestion:
    """One question with both answers.

    Attributes:
        index: its position in the ground truth, from 0.
        video: the right video.
        span: the right span, seconds; ``None`` where the truth has none (Track 2).
        answers: of A and of B.
        difference: the value of B minus that of A.
        verdict: who is better; ``both-miss`` where both earn nothing.
    """

    index: int
    id: Any
    video: str
    span: tuple[float, float] | None
    asked: Asked
    answers: tuple[SystemAnswer, SystemAnswer]
    difference: float
    verdict: Verdict


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two systems on the same questions of one track.

    Attributes:
        names: what the systems are called, A first.
        cards: their score cards.
        questions: (n) those on which they differ most first, ties in the order of the ground truth.
        context: what is known of the questions and videos beside.
        signature: what the cards have in common.
        remarks: what must be known to read the numbers.
    """

    names: tuple[str, str]
    cards: tuple[ScoreCard, ScoreCard]
    questions: tuple[PairedQuestion, ...]
    context: Context
    signature: str
    remarks: tuple[str, ...]

    @property
    def headline(self) -> str:
        """The metric that the board ranks by."""
        return self.cards[0].headline

    @property
    def scale(self) -> Scale:
        """Unit and direction of the headline."""
        return self.cards[0].strict.scale(self.headline)

    @property
    def scores(self) -> tuple[float, float]:
        """The strict headline of A and of B."""
        first, second = (card.strict.metrics[self.headline] for card in self.cards)
        return first, second

    @property
    def cutoffs(self) -> tuple[int, ...]:
        """The cut-offs of `SystemAnswer.best`."""
        return _cutoffs_of(self.cards[0])

    def verdicts(self) -> dict[Verdict, int]:
        """How many questions have each verdict."""
        given = [question.verdict for question in self.questions]
        return {verdict: given.count(verdict) for verdict in VERDICTS}

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable twin (``diagnose A B --format json``); fit for strict JSON, all values unrounded.

        Keys: ``track``, ``split``, ``edition``, ``headline``, ``cutoffs`` (K; none on Track 2); ``signature``, what
        both have in common; ``systems``, A and B: {``name``, ``score``, strict, ``official`` or ``null``, ``counts``};
        ``difference``, B minus A; ``verdicts``: how many questions are ``a-better``, ``b-better``, ``both-miss`` and
        ``same``; ``remarks``; ``questions``, those on which they differ most first: {``id``, ``difference``,
        ``verdict``, ``a`` and ``b``: {``value``, ``m`` (K), ``position`` of the right video or ``null``, ``label`` or
        ``null``, ``answer``}}.
        """
        card = self.cards[0]
        first, second = self.scores
        return {
            "track": card.track,
            "split": card.split,
            "edition": card.edition,
            "headline": self.headline,
            "cutoffs": list(self.cutoffs),
            "signature": self.signature,
            "systems": [
                {
                    "name": name,
                    "score": score,
                    "official": json_safe(own.official.metrics.get(self.headline)),
                    "counts": own.counts,
                }
                for name, score, own in zip(self.names, self.scores, self.cards, strict=True)
            ],
            "difference": second - first,
            "verdicts": self.verdicts(),
            "remarks": list(self.remarks),
            "questions": [
                {
                    "id": json_safe(question.id),
                    "difference": question.difference,
                    "verdict": question.verdict,
                    "a": _answer_row(question.answers[0]),
                    "b": _answer_row(question.answers[1]),
                }
                for question in self.questions
            ],
        }


def side_by_side(
    names: tuple[str, str],
    cards: tuple[ScoreCard, ScoreCard],
    predictions: tuple[Any, Any],
    targets: Sequence[Any],
    context: Context,
    signature: str,
    remarks: Sequence[str] = (),
) -> Pair:
    """Both systems on every question.

    Args:
        cards: comparable ones of the same track, which strict scoring did not refuse.
        predictions: the decoded submissions.
        targets: the answers that the cards were made with; of more, those of their questions are used.
        signature, remarks: as of `common_signature`.
    """
    chosen = select(list(targets), cards[0].question_ids)
    answered = [_answers(card, raw, chosen) for card, raw in zip(cards, predictions, strict=True)]
    asked = what_was_asked(chosen, context)
    scale = cards[0].strict.scale(cards[0].headline)
    questions = [
        _question(index, target, known, (a, b), scale)
        for index, (target, known, a, b) in enumerate(zip(chosen, asked, *answered, strict=True))
    ]
    questions.sort(key=lambda question: -abs(question.difference))
    return Pair(names, cards, tuple(questions), context, signature, (*remarks, *context.remarks))


def _question(
    index: int, target: Any, asked: Asked, answers: tuple[SystemAnswer, SystemAnswer], scale: Scale
) -> PairedQuestion:
    first, second = answers
    difference = second.value - first.value
    gain = scale.gain(difference)
    verdict: Verdict = "b-better" if gain > 0 else "a-better" if gain < 0 else "same" if first.value else "both-miss"
    start, end = target.get("start_second"), target.get("end_second")
    span = (start, end) if is_span(start, end) else None
    return PairedQuestion(index, target["id"], video_of(target), span, asked, answers, difference, verdict)


def _cutoffs_of(card: ScoreCard) -> tuple[int, ...]:
    """The cut-offs at which overlaps count; none on Track 2."""
    return {1: (1,), 2: (), 3: card.cutoffs}[card.track]


def _answers(card: ScoreCard, predictions: Any, targets: list[Any]) -> list[SystemAnswer]:
    """What a system answered to each question."""
    values = card.strict.per_question[card.headline].tolist()
    if card.track == 2:
        matching = match(predictions, targets)
        rows = zip(matching.answers, matching.items, targets, values, strict=True)
        return [_ranked(answer, item, target["video_id"], value, card.entries) for answer, item, target, value in rows]
    cutoffs = _cutoffs_of(card)
    outcomes = read_outcomes(card.track, predictions, targets, cutoffs, card.entries)
    keys = labels(outcomes, cutoffs, classes_of(card.track))
    return [
        SystemAnswer(one.answer, value, one.best, one.position, label, one.read, one.entries)
        for one, label, value in zip(outcomes, keys, values, strict=True)
    ]


def _ranked(answer: Answered, item: Any, video: str, value: float, limit: int) -> SystemAnswer:
    """A list of Track 2: its spans, where it has any, count for nothing."""
    output = None if item is None else item.get("output")
    rows = output[:limit] if isinstance(output, ARRAY) else ()
    entries = [
        (position, row[0], *(row[1:3] if len(row) > 2 and is_span(row[1], row[2]) else (None, None)))
        for position, row in enumerate(rows, 1)
        if is_entry(row)
    ]
    rank, _ = read_videos(output, limit, video)
    return SystemAnswer(answer, value, (), rank or None, None, len(rows), tuple(entries))


def _answer_row(answer: SystemAnswer) -> dict[str, Any]:
    return {
        "value": answer.value,
        "m": list(answer.best),
        "position": answer.rank,
        "label": answer.label,
        "answer": answer.answer,
    }
