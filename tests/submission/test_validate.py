"""Validation of whole files: every code, ids and texts against questions, videos against the corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.types import TRACKS, Question, Track
from cmivqa_kit.editions import load_edition
from cmivqa_kit.submission.findings import CODES, Finding
from cmivqa_kit.submission.match import fold
from cmivqa_kit.submission.read import Document, read_submission
from cmivqa_kit.submission.validate import Report, validate
from tests.submission.small import VIDEOS, lists, records, split_of
from tests.submission.test_schema import CASES, mutated_rows

EDITION = load_edition("cmivqa-2023")
QUESTIONS = split_of().questions
NAN = float("nan")


def document(rows: Any) -> Document:
    return Document(Path("entry.json"), rows, True, ())


def check(rows: Any, tracks: tuple[Track, ...] = (3,), edition: str = "cmivqa-2023", **changes: Any) -> Report:
    given: dict[str, Any] = {"split": "dev", "questions": QUESTIONS, "corpus": VIDEOS, **changes}
    return validate(document(rows), tracks, load_edition(edition), **given)


def good() -> list[dict[str, Any]]:
    return [{"id": q.id, "question": q.text, "output": [[v, 1.0, 2.5] for v in VIDEOS]} for q in QUESTIONS]


def spans() -> list[dict[str, Any]]:
    return [
        {"id": q.id, "video_id": q.video_id, "question": q.text, "start_second": 1, "end_second": 2} for q in QUESTIONS
    ]


def changed(index: int, **fields: Any) -> list[dict[str, Any]]:
    rows = good()
    rows[index] |= fields
    return rows


def entry(*times: Any) -> list[dict[str, Any]]:
    return changed(1, output=[[VIDEOS[0], 1, 2], [VIDEOS[1], *times]])


def span(**fields: Any) -> list[dict[str, Any]]:
    rows = spans()
    rows[2] |= fields
    return rows


def found(report: Report) -> list[tuple[str, str]]:
    return [(finding.code, finding.path) for finding in report.findings]


@pytest.mark.parametrize(("rows", "tracks"), [(good(), (2,)), (good(), (3,)), (good(), (2, 3)), (spans(), (1,))])
def test_a_good_file_has_no_findings(rows: Any, tracks: tuple[Track, ...]) -> None:
    report = check(rows, tracks)
    assert report.findings == ()
    assert report.unchecked == ()
    assert report.ok
    assert json.loads(json.dumps(report.to_dict())) == {
        "file": "entry.json", "ok": True, "split": "dev", "tracks": list(tracks), "rows": 3, "errors": 0, "warnings": 0,
        "findings": [], "unchecked": [],
    }  # fmt: skip


ID_CASES: list[tuple[Any, tuple[Track, ...], list[tuple[str, str]]]] = [
    ([*good(), good()[1]], (3,), [("E204", "/3/id")]),
    (changed(1, id=77), (3,), [("E205", "/1/id"), ("E206", "")]),
    (good()[1:], (3,), [("E206", "")]),
    ([{**row, "id": row["id"] + 50} for row in good()], (3,), [("E207", "")]),
    (changed(1, id=True), (3,), [("E203", "/1/id"), ("E206", "")]),
    (changed(1, id=1.0), (3,), [("E203", "/1/id"), ("E206", "")]),
    (changed(1, id=[1]), (3,), [("E203", "/1/id"), ("E206", "")]),
    (changed(1, id="1"), (3,), [("E203", "/1/id"), ("E205", "/1/id"), ("E206", "")]),
    (changed(1, id="\ud800"), (3,), [("E203", "/1/id"), ("E205", "/1/id"), ("E206", "")]),
    (changed(1, id=10**4000), (3,), [("E205", "/1/id"), ("E206", "")]),
    ([*good(), {}], (3,), [("E202", "/3"), ("E211", "/3")]),
    ([*good(), 7, None, "x", [1]], (3,), [("E201", f"/{i}") for i in (3, 4, 5, 6)]),
]
TEXT_CASES: list[tuple[Any, tuple[Track, ...], list[tuple[str, str]]]] = [
    (changed(1, question="如何跑步？"), (3,), [("E213", "/1/question")]),
    (changed(1, question=QUESTIONS[1].text.replace("？", " ?")), (3,), [("E213", "/1/question")]),
    (changed(1, question=QUESTIONS[1].text.replace("？", "?")), (3,), [("W215", "/1/question")]),
    (changed(1, question=f" {QUESTIONS[1].text} "), (3,), []),  # the questions file is read without outer blanks too
    (changed(1, question=None), (3,), [("E213", "/1/question")]),
    (
        [{k: v for k, v in row.items() if k != "question"} for row in good()],
        (3,),
        [("W214", f"/{i}") for i in range(3)],
    ),
    (span(video_id=VIDEOS[0]), (1,), [("E218", "/2/video_id")]),
]
SPAN_CASES: list[tuple[Any, tuple[Track, ...], list[tuple[str, str]]]] = [
    (entry(NAN, 2), (3,), [("E302", "/1/output/1/1")]),
    (entry(1, float("inf")), (3,), [("E302", "/1/output/1/2")]),
    (entry(NAN, 10**400), (3,), [("E302", "/1/output/1/1"), ("E302", "/1/output/1/2")]),
    (entry("1", NAN), (3,), [("E301", "/1/output/1/1"), ("E302", "/1/output/1/2")]),
    (entry(5, 2), (3,), [("E304", "/1/output/1")]),
    (entry(5, 5.0), (3,), [("E305", "/1/output/1")]),
    (entry(-5, -6), (3,), [("E303", "/1/output/1/1"), ("E303", "/1/output/1/2")]),
    (entry(5, 2), (2,), []),  # Track 2 reads no times
    (entry(), (2,), []),
    (entry(5, 2), (2, 3), [("E304", "/1/output/1")]),
    (span(start_second=3), (1,), [("E304", "/2")]),
    (span(end_second=float("-inf")), (1,), [("E302", "/2/end_second"), ("E303", "/2/end_second")]),
]
LIST_CASES: list[tuple[Any, tuple[Track, ...], list[tuple[str, str]]]] = [
    (changed(0, output=[[VIDEOS[0], i, i + 1] for i in range(51)]), (3,), [("W403", "/0/output")]),
    (changed(0, output=[["nowhere", 1, 2]]), (3,), [("E411", "/0/output/0/0")]),
    (changed(0, output=[[VIDEOS[0], 0, 1]] * 50 + [["nowhere", 1, 2]]), (2,), [("W403", "/0/output")]),
]


@pytest.mark.parametrize(("rows", "tracks", "expected"), ID_CASES + TEXT_CASES + SPAN_CASES + LIST_CASES)
def test_each_fault_has_its_code_and_place(rows: Any, tracks: tuple[Track, ...], expected: list[Any]) -> None:
    report = check(rows, tracks)
    assert found(report) == expected
    assert report.ok == all(code.startswith("W") for code, _ in expected)
    assert json.dumps(report.to_dict())


def test_every_code_is_produced(tmp_path: Path) -> None:
    codes = {
        code for *_, expected in (*CASES, *ID_CASES, *TEXT_CASES, *SPAN_CASES, *LIST_CASES) for code, _ in expected
    }
    for data in (b"\xff", b"\xef\xbb\xbf[]", b"[", b"{}"):
        (tmp_path / "x.json").write_bytes(data)
        codes |= {finding.code for finding in read_submission(tmp_path / "x.json").findings}
    codes |= {finding.code for finding in read_submission(tmp_path / "none").findings}
    assert codes == set(CODES)


def test_the_table_of_codes_is_complete() -> None:
    for code, facts in CODES.items():
        assert facts.code == code
        assert facts.severity == code[0]
        assert facts.title
        assert facts.official
        assert facts.fix
        assert Finding(code, "x").to_dict()["hint"] == facts.fix


def test_messages_name_ids_and_places() -> None:
    rows = [*good(), *good()[:1] * 12]
    report = check(rows)
    assert report.findings[0].message == "id 0 stands 13 times: /0, /3, /4, /5, /6, /7, /8, /9, /10, /11, ..."
    missing = check(good()[1:]).findings[0]
    assert missing.message == "1 of 3 questions have no answer: 0"
    foreign = check([{**row, "id": 9} for row in good()]).findings
    assert [finding.code for finding in foreign] == ["E204", "E207"]
    assert foreign[1].message == "no id matches; this file has e.g. 9, the questions e.g. 0"


def test_errors_come_before_warnings_in_the_order_of_the_file() -> None:
    rows = good()
    rows[0].pop("question")
    rows[2]["output"] = []
    rows[1]["output"] = "x"
    assert [finding.code for finding in check(rows).findings] == ["E401", "E402", "W214"]


def test_what_is_not_checked_is_said() -> None:
    report = check(good(), questions=(), corpus=())
    assert report.ok
    assert report.unchecked == ("ids and question texts: no questions file", "video ids: no corpus")
    assert check(spans(), (1,), corpus=()).unchecked == ()


def test_a_file_of_no_track_is_still_looked_at() -> None:
    report = check([{"id": 0}, 5, {}], ())
    assert [finding.code for finding in report.findings][:3] == ["E201", "E202", "E206"]
    assert "track is unknown" in report.unchecked[0]


def test_an_unreadable_file(tmp_path: Path) -> None:
    report = validate(read_submission(tmp_path / "none.json"), (), EDITION)
    assert not report.ok
    assert report.rows == 0
    assert report.unchecked == ("nothing in it could be read",)


@pytest.mark.parametrize(("edition", "ident"), [("mmivqa-2024", "NLPCC2024_Task1_1"), ("m4ivqa-2025", "any-1")])
def test_later_forms(edition: str, ident: str) -> None:
    questions = (Question(ident, "q", "Chinese", VIDEOS[0]),)
    row = {"id": ident, "video_id": VIDEOS[0], "question": "q", "start_second": 0, "end_second": 1}
    for language in ({}, {"language_type": "Chinese"}):
        assert not check([{**row, **language}], (1,), edition, questions=questions).findings
    assert found(check([{**row, "id": 5}], (1,), edition, questions=questions))[0][0] in ("E203", "E207")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("如何？", "如何?", True), ("ＡＢＣ １", " ABC\u3000 1\n", True), ("e\u0301", "é", True), ("a b", "ab", False),
     ("A", "a", False), ("\ud800", "\ud800", True), ("", "\u3000", True)],
)  # fmt: skip
def test_folding(one: str, other: str, same: bool) -> None:
    assert (fold(one) == fold(other)) == same


@settings(max_examples=500, deadline=None)
@given(st.lists(mutated_rows(), max_size=4), st.sampled_from([(), (1,), (2,), (3,), (2, 3)]))
def test_nothing_raises(rows: list[Any], tracks: tuple[Track, ...]) -> None:
    report = check([*lists(records("dev")), *rows], tracks)
    assert json.dumps(report.to_dict())
    assert all(track in TRACKS for track in report.tracks)
