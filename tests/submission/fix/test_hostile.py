"""Whatever the file holds: no traceback, nothing made worse, the same again when fixed again, linear time."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.types import Track
from cmivqa_kit.submission.fix import show
from cmivqa_kit.submission.read import Document, read_submission
from cmivqa_kit.submission.validate import validate
from tests.submission.fix.broken import DOCUMENTS, EDITION, NOISE, QUESTIONS, ROWS, mend, text_of

TRACKS = st.sampled_from([1, 2, 3, None])


def twice(data: bytes | str, track: Track | None) -> None:
    fixed = mend(data, track)
    show(fixed.changes)
    if fixed.text is None:
        assert fixed.refused
        assert not fixed.changes
        return
    json.loads(fixed.text)
    again = mend(fixed.text, track)
    assert again.text == fixed.text
    assert not again.changes
    if not fixed.changes:
        assert fixed.text == (data if isinstance(data, str) else data.decode())


@settings(max_examples=400, deadline=None)
@given(DOCUMENTS, TRACKS)
def test_documents(document: object, track: Track | None) -> None:
    twice(text_of(document), track)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), TRACKS)
def test_bytes(data: bytes, track: Track | None) -> None:
    twice(data, track)


@settings(max_examples=600, deadline=None)
@given(NOISE, TRACKS, st.sampled_from(["utf-8", "utf-16", "utf-32-be", "gb18030"]))
def test_noise(text: str, track: Track | None, encoding: str) -> None:
    twice(text.encode(encoding), track)


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS, st.data())
def test_broken_json(document: object, data: st.DataObject) -> None:
    text = text_of(document, data.draw(st.sampled_from([None, 2])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.sampled_from([",", "//x\n", "/**/", "\n", "", '"', "]", "}"])) + text[at:]
    twice(text, data.draw(TRACKS))


def test_cut_at_every_byte() -> None:
    data = text_of(ROWS[:1]).encode()
    for end in range(len(data)):
        twice(data[:end], 3)


def errors(text: str, track: Track) -> Counter[str]:
    document = Document(Path("x.json"), json.loads(text), True, ())
    report = validate(document, (track,), EDITION, "dev", QUESTIONS)
    found = Counter(finding.code for finding in report.findings if finding.severity == "E")
    # One id that becomes right tells E207 (none is) apart into E205 and E206.
    for code in ("E205", "E206", "E207"):
        if found.pop(code, 0):
            found["ids"] = 1
    return found


@settings(max_examples=400, deadline=None)
@given(st.lists(DOCUMENTS, max_size=6), st.sampled_from([1, 2, 3]))
def test_never_more_errors_than_before(rows: list[object], track: Track) -> None:
    text = text_of(rows)
    before, fixed = errors(text, track), mend(text, track)
    assert fixed.text is not None
    after = errors(fixed.text, track)
    assert after.total() <= before.total()
    # One fault for another: times that become numbers may be equal, ids that become right may be twice the same.
    assert set(after) - set(before) <= {"E305", "E204"}


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([*(q.text for q in QUESTIONS)]), st.floats(0, 500), st.floats(0, 500))
def test_floats_are_not_rounded(text: str, start: float, end: float) -> None:
    rows = [{"id": "0", "question": text, "output": [["a", start, end]]}]
    fixed = mend(rows)
    assert json.loads(fixed.text or "")[0]["output"][0][1:] == [min(start, end), max(start, end)]


@pytest.mark.parametrize(
    "data",
    [
        '["' + '\\"' * 100_000,
        "/*" * 100_000,
        "," * 50_000,
        '"' * 200_001,
        "[" + "1," * 100_000 + "]",
        "{}" * 50_000,
        "[" + '{"id":1},' * 30_000 + "]",
        "[" + "// x\n" * 50_000 + "]",
        "\ufeff" * 50_000 + "[]",
        '[{"id": "' + "\u0345\u0301" * 50_000 + '", "question": "' + "\u0345\u0301" * 50_000 + '"}]',
        '[{"id": "1", "question": "' + "\u0345\u0301" * 50_000 + '"}]',
        '[{"id": 1, "output": [["a", "' + "5" * 100_000 + '", 5]]}]',
        "{" + '"a": 1, ' * 50_000 + '"a": 2}',
    ],
    ids=range(13),
)
def test_long_hostile_files_end(data: str) -> None:
    """Each took minutes if any step were quadratic."""
    mend(data)
    mend(data.encode("utf-16"))


def test_show_is_short() -> None:
    rows = [{**row, "output": [["a", 2, 1]] * 9} for row in ROWS]
    assert show(mend(rows).changes) == [
        "E304 reversed spans swapped (27)",
        "  /0/output/0: [2, 1] -> [1, 2]",
        "  /0/output/1: [2, 1] -> [1, 2]",
        "  /0/output/2: [2, 1] -> [1, 2]",
        "  ...",
    ]


def test_a_written_copy_reads_as_the_text(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(mend(text_of(ROWS).encode("gbk")).text or "", encoding="utf-8")
    assert list(read_submission(path).rows) == ROWS
