"""Scoring decoded documents: official, repaired and strict scores on one card.

Source: docs/spec/scoring.md, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cmivqa_kit import __version__
from cmivqa_kit.data.types import QuestionId, Track
from cmivqa_kit.editions import Edition
from cmivqa_kit.editions.metrics import check_cutoffs
from cmivqa_kit.scoring.card import OWN, ScoreCard
from cmivqa_kit.scoring.crashes import Crash, explain
from cmivqa_kit.scoring.differences import Difference, differences
from cmivqa_kit.scoring.official import Official, OfficialCrash, score_official
from cmivqa_kit.scoring.repaired import repair
from cmivqa_kit.scoring.results import OfficialResult, StrictResult
from cmivqa_kit.scoring.strict import Matching, Strict, match, score_strict
from cmivqa_kit.scoring.truth import select, truth_fingerprint
from cmivqa_kit.submission.read import interpreter


def score_documents(
    predictions: Any,
    targets: Any,
    track: Track,
    edition: Edition,
    split: str = "unnamed",
    *,
    cutoffs: Sequence[int] | None = None,
    entries: int | None = None,
    only: Iterable[QuestionId] | None = None,
    unreadable: Crash | None = None,
) -> ScoreCard:
    """Score decoded predictions against decoded answers.

    Any documents give a card: where the official program would crash, one that says how; where the strict rules
    refuse, one that says why.

    Args:
        predictions: the submission document (an array of objects).
        targets: the answers (an array of objects with ``id``, ``video_id``, ``start_second``, ``end_second``, seconds).
        split: the split's name, for the card.
        cutoffs: other cut-offs than the edition's, for the strict metrics.
        entries: how many entries of a list strict reads, by default the edition's number; at least the largest cut-off.
        only: ids of the questions to score, by default all.
        unreadable: how the official program fails to read the submission; then nothing in it is scored.

    Raises:
        UserError: an id of ``only`` is unknown, the cut-offs are no positive integers, or the answers hold what no
            JSON file can hold.
    """
    chosen = check_cutoffs(cutoffs if cutoffs is not None else edition.cutoffs)
    limit = max(entries or edition.entries, *chosen)
    asked = targets if only is None else select(targets, only)
    signature = _signature(asked, track, edition, split, chosen, limit, of=None if only is None else len(targets))
    if unreadable is not None:
        predictions = []
        official: Official | OfficialResult = OfficialResult("unreadable", crash=unreadable)
        strict: Strict | StrictResult = StrictResult(
            error="submission_unreadable", message=f"the submission cannot be read: {unreadable.why or unreadable}"
        )
    else:
        official = _official(track, predictions, asked)
        strict = _strict(track, predictions, asked, edition, chosen, limit, targets)
    matching = strict.matching if isinstance(strict, Strict) else match(predictions, asked, targets)
    explained: tuple[Difference, ...] = ()
    if isinstance(official, Official) and isinstance(strict, Strict):
        explained = differences(asked, official, strict)
    return ScoreCard(
        track=track,
        split=split,
        edition=edition.name,
        headline=edition.metrics.ranks[track - 1],
        cutoffs=chosen,
        entries=limit,
        official=_as_result(official),
        strict=_as_strict_result(strict),
        counts=_counts(matching, strict),
        differences=explained,
        **_columns(asked),
        answers=tuple(matching.answers),
        decimals=edition.board_decimals,
        signature=signature,
    )


def _official(track: Track, predictions: Any, targets: Any) -> Official | OfficialResult:
    try:
        return score_official(track, predictions, targets)
    except OfficialCrash as crash:
        repaired = repair(track, predictions, targets)
        where = explain(track, predictions, targets, crash)
    if repaired is None:
        return OfficialResult("official_crash", crash=where)
    return OfficialResult(
        "official_crash",
        crash=where,
        repaired=repaired.fractions,
        repaired_raw=repaired.metrics,
        dropped_items=repaired.dropped_items,
        dropped_questions=repaired.dropped_questions,
    )


def _strict(
    track: Track,
    predictions: Any,
    targets: Any,
    edition: Edition,
    cutoffs: Sequence[int],
    entries: int,
    all_targets: Any,
) -> Strict | StrictResult:
    strict = score_strict(track, predictions, targets, edition, cutoffs, entries, all_targets)
    return strict if isinstance(strict, Strict) else StrictResult(error=strict.word, message=strict.message)


def _as_result(official: Official | OfficialResult) -> OfficialResult:
    if isinstance(official, OfficialResult):
        return official
    return OfficialResult("ok", official.fractions, official.metrics, per_question=official.per_question)


def _as_strict_result(strict: Strict | StrictResult) -> StrictResult:
    if isinstance(strict, StrictResult):
        return strict
    scales = {metric.name: metric.scale for metric in strict.formed}
    return StrictResult(strict.metrics, strict.by_language, strict.per_question, scales=scales)


def _counts(matching: Matching, strict: Strict | StrictResult) -> dict[str, int]:
    return {**matching.counts, "invalid_entries": strict.invalid_entries if isinstance(strict, Strict) else 0}


def _columns(targets: Any) -> dict[str, Any]:
    """What the answers say of each question: its id, its video and its language."""
    rows = [t if isinstance(t, dict) else {} for t in targets] if isinstance(targets, list) else []
    videos = [row.get("video_id") for row in rows]
    languages = [row.get("language_type") for row in rows]
    return {
        "question_ids": tuple(row.get("id") for row in rows),
        "clusters": tuple(v if isinstance(v, str) and v else f"{OWN}{i}" for i, v in enumerate(videos)),
        "languages": tuple(language if isinstance(language, str) else None for language in languages),
    }


def _signature(
    targets: Any,
    track: Track,
    edition: Edition,
    split: str,
    cutoffs: Sequence[int],
    entries: int,
    of: int | None,
) -> str:
    """Everything that the numbers depend on; ``of`` is the number of questions that ``only`` chose from."""
    parts = [
        f"cmivqa-kit:{__version__}",
        f"edition:{edition.name}",
        f"split:{split}",
        f"track:{track}",
        "mode:official+strict",
        f"cutoffs:{','.join(map(str, cutoffs))}",
    ]
    if entries != edition.entries:
        parts.append(f"entries:{entries}")
    if of is not None:
        parts.append(f"only:{len(targets)}of{of}")
    return "|".join([*parts, f"python:{interpreter()}", f"truth:{truth_fingerprint(targets)}"])
