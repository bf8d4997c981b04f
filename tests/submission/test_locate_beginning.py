"""Places are looked up in the beginning of a file where that suffices, and are the same as in the whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.submission import read
from cmivqa_kit.submission.findings import Finding
from cmivqa_kit.submission.guarded import read_guarded
from cmivqa_kit.submission.locate import placed

ROWS = [
    {"id": number, "question": f"怎么洗手 {number}", "output": [["视频", 1.5, 2], ["b", 3, 4]]} for number in range(6)
]
POINTERS = ["/0", "/0/question", "/0/output/1/2", "/2/output", "/3/id", "/5/output/1", "/5/output/1/2", "/9", "/1/none"]


@given(st.sets(st.sampled_from(POINTERS), min_size=1), st.integers(0, 700), st.sampled_from([None, 1]), st.booleans())
def test_any_beginning_gives_the_same_places(wanted: set[str], size: int, indent: int | None, mark: bool) -> None:
    data = json.dumps(ROWS, ensure_ascii=False, indent=indent).encode("utf-8-sig" if mark else "utf-8")
    source = read_guarded(Path("rows.json"), data=data).source
    findings = [Finding("E203", "", pointer) for pointer in sorted(wanted)]
    whole = placed(findings, source)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(read, "_BEGINNING", size)
        assert placed(findings, source) == whole


def test_a_key_that_stands_twice_is_placed_where_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b'[{"id": 1, "question": "a", "question": 7}, {"id": 2}]'
    source = read_guarded(Path("rows.json"), data=data).source
    finding = Finding("E213", "", "/0/question")
    (whole,) = placed([finding], source)
    assert (whole.line, whole.column) == (1, data.index(b"7") + 1)
    for size in range(len(data)):
        monkeypatch.setattr(read, "_BEGINNING", size)
        assert placed([finding], source) == [whole]
