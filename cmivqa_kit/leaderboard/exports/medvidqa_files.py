"""A ranked submission as a run of TREC 2024 MedVidQA, with the judgements and topics that its program reads.

Source: docs/spec/scoring.md, sections 5.1 and 5.2.
"""

from __future__ import annotations

from typing import Any

from cmivqa_kit.data.types import Track
from cmivqa_kit.leaderboard.exports.exported import Exported, json_text
from cmivqa_kit.leaderboard.exports.rankings import ENTRIES, Ranking, left_out, rankings, require_columns

RUN, RETRIEVAL, LOCALIZATION, TOPICS = "run.json", "vr_judgement.json", "val_judgement.json", "topics.tsv"
RELEVANT = "Definitely Relevant"


def medvidqa(predictions: Any, targets: Any, track: Track = 3, *, entries: int = ENTRIES) -> Exported:
    """A decoded submission and its answers as files of MedVidQA.

    Question k of the answers is called ``Qk``. A question without an answer has no videos: the program wants all
    numbers from 1 on. Track 2, whose answers have no spans, gives no judgement of localization.

    Args:
        predictions: array of objects with ``id`` and ``output``, a list of ``[video_id, start, end]`` (seconds).
        targets: array of objects with ``id``, ``video_id`` and, on Track 3, ``start_second`` and ``end_second``.
        track: 2 or 3.
        entries: how many entries of a list are read, before repeated videos are dropped.

    Returns:
        ``run.json``, ``vr_judgement.json``, ``val_judgement.json`` (Track 3), ``topics.tsv`` (where texts are known).

    Raises:
        UserError: an id of a video with white space or an empty one (E801), malformed entries (E802).
    """
    rows = rankings(predictions, targets, track, entries, times=True)
    require_columns(rows)
    files = {
        RUN: json_text(RUN, run_document(rows)),
        RETRIEVAL: json_text(RETRIEVAL, {f"Q{row.number}": {row.target["video_id"]: 1} for row in rows}),
    }
    answers = [RETRIEVAL]
    if track == 3:
        files[LOCALIZATION] = json_text(LOCALIZATION, {f"Q{row.number}": _judgement(row) for row in rows})
        answers.append(LOCALIZATION)
    texts = [row.target.get("question") for row in rows]
    if all(isinstance(text, str) and text.strip() for text in texts):
        files[TOPICS] = "".join(
            f"Q{row.number}\t{' '.join(text.split())}\n" for row, text in zip(rows, texts, strict=True) if text
        )
    answered = sum(bool(row.videos) for row in rows)
    return Exported(files, tuple(answers), len(rows), answered, left_out(predictions, targets))


def run_document(rows: list[Ranking]) -> list[dict[str, Any]]:
    """The run: every question with its videos, each with the span of its first entry."""
    return [{"question_id": f"Q{row.number}", "relevant_videos": list(_videos(row))} for row in rows]


def _videos(row: Ranking) -> Any:
    total = len(row.videos)
    for rank, (video, start, end, *_) in enumerate(row.videos, 1):
        yield {
            "video_id": video,
            "relevant_score": total - rank + 1,
            "answer_start_second": start,
            "answer_end_second": end,
        }


def _judgement(row: Ranking) -> dict[str, Any]:
    target = row.target
    return {
        target["video_id"]: {
            "relevancy": RELEVANT,
            "answer_start_seconds": [target["start_second"]],
            "answer_end_seconds": [target["end_second"]],
        }
    }
