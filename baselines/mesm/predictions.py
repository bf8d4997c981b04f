"""Predictions as the published program writes them: a record per query. Source: docs/spec/mesm.md, section 4.1."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.mesm.answering import Answer
from baselines.mesm.decode import Windows
from cmivqa_kit.files import write_text


def record(qid: int | str | None, query: str, video: str, windows: Windows, saliency: NDArray[Any]) -> dict[str, Any]:
    """The record of a query.

    Args:
        qid: its id.
        query: its text.
        video: its video's id.
        windows: best first.
        saliency: of the valid clips; written in half precision, as published (Q31).
    """
    return {
        "qid": qid,
        "query": query,
        "vid": video,
        "pred_relevant_windows": windows.tolist(),
        "pred_saliency_scores": saliency.astype(np.float16).astype(np.float64).tolist(),
    }


def write_predictions(path: Path, answers: Iterable[Answer]) -> Path:
    """A file of JSON Lines with a record per query; no line end behind the last, as published."""
    lines = [
        json.dumps(
            record(one.query.qid, one.query.text, one.query.video, one.windows, one.saliency), ensure_ascii=False
        )
        for one in answers
    ]
    write_text(path, "\n".join(lines))
    return path
