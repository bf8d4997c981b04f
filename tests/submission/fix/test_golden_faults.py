"""The golden case `validation`: every single fault is either mended without a trace or left as it is."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.types import Question
from cmivqa_kit.editions import load_edition
from cmivqa_kit.submission.fix import fix

FOLDER = Path(__file__).parents[2] / "golden" / "cases" / "scoring" / "validation"
MENDED = {
    "bom", "utf16", "gbk", "trailing_comma", "jsonl", "top_object", "dup_id", "id_space", "id_case", "output_51",
    "span_string_t1", "span_string_t3", "span_reversed_t1", "span_reversed_t3",
    # Here the question text says which id is meant.
    "no_id", "id_bool", "id_float", "id_null", "id_list", "no_id_matches",
}  # fmt: skip
EDITION = load_edition("mmivqa-2024")


def cases() -> list[dict[str, Any]]:
    file = FOLDER / "cases.json"
    cases: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    return cases


@pytest.mark.parametrize("case", cases(), ids=lambda case: str(case["name"]))
def test_one_fault(case: dict[str, Any]) -> None:
    sets = json.loads((FOLDER / "question_sets.json").read_text(encoding="utf-8"))
    known = sets[case["questions"]]["questions"] if case.get("questions") else ()
    questions = [Question(q["id"], q["question"], q.get("language_type"), q.get("video_id")) for q in known]
    data = base64.b64decode(case["pred_b64"]) if "pred_b64" in case else json.dumps(case["pred"]).encode()
    fixed = fix(data, questions, case["track"], EDITION)
    assert bool(fixed.changes) == (case["name"] in MENDED)
    if fixed.text is None:
        assert fixed.refused
        return
    again = fix(fixed.text.encode(), questions, case["track"], EDITION)
    assert again.text == fixed.text
    assert not again.changes
    if not fixed.changes:
        assert fixed.text.encode() == data
