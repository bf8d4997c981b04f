"""Small submissions for the tests of repairs, and strategies that break them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from cmivqa_kit.data.types import Question, Track
from cmivqa_kit.editions import load_edition
from cmivqa_kit.submission.fix import Fixed, fix
from tests.submission.small import lists, records, split_of

EDITION = load_edition("cmivqa-2023")
QUESTIONS = split_of().questions
ROWS = lists(records("dev"))
SPANS = [{**row, "video_id": question.video_id} for row, question in zip(records("dev"), QUESTIONS, strict=True)]


def text_of(rows: Any, indent: int | None = None) -> str:
    """JSON as the kit writes it."""
    return json.dumps(rows, ensure_ascii=False, indent=indent)


def mend(
    data: Any, track: Track | None = 3, questions: tuple[Question, ...] | None = QUESTIONS, edition: str = ""
) -> Fixed:
    """`fix` of bytes, of text, or of a document."""
    if not isinstance(data, bytes | str):
        data = text_of(data)
    raw = data.encode() if isinstance(data, str) else data
    return fix(raw, questions, track, load_edition(edition) if edition else EDITION)


def mended(data: Any, track: Track | None = 3, questions: tuple[Question, ...] | None = QUESTIONS) -> Any:
    """The mended document."""
    text = mend(data, track, questions).text
    assert text is not None
    return json.loads(text)


def changed(fixed: Fixed) -> dict[str, int]:
    """Counts of changes by code."""
    counts: dict[str, int] = {}
    for change in fixed.changes:
        counts[change.code] = counts.get(change.code, 0) + change.count
    return counts


def refused(fixed: Fixed) -> set[str]:
    """Codes that were refused."""
    return {refusal.code for refusal in fixed.refused}


NUMBERS = st.one_of(
    st.integers(-3, 200),
    st.floats(-3, 200),
    st.sampled_from([float("nan"), float("inf"), 1e300, True, None, "5", "1:05", "0:01:05.5", "x", "-4", "12.5 "]),
)
IDS = st.sampled_from([0, 1, 2, 7, "0", "1", " 2", "2", 1.0, "01", "x", None, True, float("nan"), -1])
ENTRY = st.one_of(
    st.tuples(st.sampled_from(["vidA_______", "vidB_______", "", 5]), NUMBERS, NUMBERS).map(list),
    st.sampled_from([[], ["vidA_______"], "vidA_______", None, float("nan"), ["v", 1, 2, float("nan")], {"a": 1}]),
)
TEXT = st.sampled_from([question.text for question in QUESTIONS])
ROW = st.one_of(
    st.fixed_dictionaries({"id": IDS, "output": st.lists(ENTRY, max_size=4)}, optional={"question": TEXT}),
    st.fixed_dictionaries(
        {"id": IDS, "start_second": NUMBERS, "end_second": NUMBERS},
        optional={"question": TEXT, "video_id": st.sampled_from(["vidA_______", "vidC_______"]), "score": NUMBERS},
    ),
    st.sampled_from([None, [], 3, "x", {}, {"id": 1}]),
)
DOCUMENTS = st.one_of(st.lists(ROW, max_size=6), ROW)
NOISE = st.lists(
    st.sampled_from([*'[]{},:"\\/*\n0', "//", "/*", "*/", '{"id":1}', '"a"', "NaN", "1e999", "\ufeff", "如", ",}"]),
    max_size=25,
).map("".join)
