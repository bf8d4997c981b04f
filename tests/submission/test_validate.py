"""Validation of whole files: every code, ids and texts against questions, videos against the corpus."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmivqa_kit.data.folding import fold
from cmivqa_kit.data.types import TRACKS, Question, Track, Video
from cmivqa_kit.editions import load_edition
from cmivqa_kit.submission.checks import certain
from cmivqa_kit.submission.context import CHECKS, Context, as_corpus
from cmivqa_kit.submission.findings import CODES, Finding
from cmivqa_kit.submission.guarded import read_guarded
from cmivqa_kit.submission.read import Document, read_submission
from cmivqa_kit.submission.scan import Limits
from cmivqa_kit.submission.validate import Report, validate
from tests.submission.small import VIDEOS, lists, records, split_of
from tests.submission.test_answers import ANSWER_CASES
from tests.submission.test_guarded import FAULTY_FILES
from tests.submission.test_schema import CASES, mutated_rows

EDITION = load_edition("cmivqa-2023")
QUESTIONS = split_of().questions
CORPUS = split_of().videos  # of 90 s each, stated
NAN = float("nan")


def document(rows: Any) -> Document:
    return Document(Path("entry.json"), rows, True, ())


def check(rows: Any, tracks: tuple[Track, ...] = (3,), edition: str = "cmivqa-2023", **changes: Any) -> Report:
    """A report in an edition that reads three entries, so that lists of a right length are short."""
    given: dict[str, Any] = {"split": "dev", "questions": QUESTIONS, "corpus": CORPUS, **changes}
    return validate(document(rows), tracks, replace(load_edition(edition), entries=3), **given)


def good() -> list[dict[str, Any]]:
    return [{"id": q.id, "question": q.text, "output": [[v, 1.0, 2.5] for v in VIDEOS]} for q in QUESTIONS]


def spans() -> list[dict[str, Any]]:
    return [
        {"id": q.id, "video_id": q.video_id, "question": q.text, "start_second": 1, "end_second": 2} for q in QUESTIONS
    ]


def in_milliseconds() -> list[dict[str, Any]]:
    return [{**row, "start_second": 30000 + i, "end_second": 60000 + i} for i, row in enumerate(spans())]


def far_beyond() -> list[dict[str, Any]]:
    rows = spans()
    rows[0]["end_second"] = 90 * 2 + 61
    return rows


def estimated() -> dict[str, Video]:
    """The corpus with durations that are only estimated."""
    return {video.id: replace(video, duration_source="features") for video in CORPUS.values()}


def changed(index: int, **fields: Any) -> list[dict[str, Any]]:
    rows = good()
    rows[index] |= fields
    return rows


def entry(*times: Any) -> list[dict[str, Any]]:
    return changed(1, output=[[VIDEOS[0], 1, 2], [VIDEOS[1], *times], [VIDEOS[2], 1, 2]])


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
        "counts": {}, "unit": None, "findings": [], "unchecked": [],
    }  # fmt: skip


ID_CASES: list[tuple[Any, tuple[Track, ...], list[tuple[str, str]]]] = [
    ([*good(), good()[1]], (3,), [("E204", "/3/id")]),
    (changed(1, id=77), (3,), [("E205", "/1/id"), ("E206", "")]),
    (good()[1:], (3,), [("E206", "")]),
    ([{**row, "id": row["id"] + 50} for row in good()], (3,), [("E207", "")]),
    (changed(1, id=True), (3,), [("E203", "/1/id")]),  # the official program counts it as 1
    (changed(1, id=1.0), (3,), [("E203", "/1/id")]),
    (changed(1, id=1.5), (3,), [("E203", "/1/id"), ("E206", "")]),
    (changed(1, id=9.0), (3,), [("E203", "/1/id"), ("E206", "")]),
    (changed(1, id="1.0"), (3,), [("E206", ""), ("E208", "/1/id")]),
    (changed(1, id=[1]), (3,), [("E203", "/1/id"), ("E206", "")]),
    (changed(1, id="1"), (3,), [("E206", ""), ("E208", "/1/id")]),
    (changed(1, id="\ud800"), (3,), [("E205", "/1/id"), ("E206", "")]),
    (
        [{**row, "id": str(row["id"])} for row in good()],
        (3,),
        [("E207", ""), *(("E208", f"/{i}/id") for i in range(3))],
    ),
    (changed(1, id=10**4000), (3,), [("E205", "/1/id"), ("E206", "")]),
    ([*good(), {}], (3,), [("E202", "/3"), ("E211", "/3")]),
    (
        [*good(), {"id": 99, "start_second": 0, "end_second": 1, "video_id": "v"}],
        (3,),
        [("E205", "/3/id"), ("E210", "/3")],
    ),
    ([*spans(), {"id": 99, "output": [["v", 0, 1]]}], (1,), [("E205", "/3/id"), ("E210", "/3")]),
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
    (
        [{k: v for k, v in row.items() if k != "video_id"} for row in spans()],
        (1,),
        [("W219", f"/{i}") for i in range(3)],
    ),
    (changed(1, **{"a/b": 1, "start_second": 3}), (3,), [("W216", "/1/a~1b"), ("W216", "/1/start_second")]),
    (changed(1, language_type="Chinese"), (3,), [("W216", "/1/language_type")]),  # 2023 has no such field
]
SPAN_CASES: list[tuple[Any, tuple[Track, ...], list[tuple[str, str]]]] = [
    (entry(NAN, 2), (3,), [("E302", "/1/output/1/1")]),
    (entry(1, float("inf")), (3,), [("E302", "/1/output/1/2")]),
    (entry(NAN, 10**400), (3,), [("E302", "/1/output/1/1"), ("E302", "/1/output/1/2")]),
    (entry("1", NAN), (3,), [("E301", "/1/output/1/1"), ("E302", "/1/output/1/2")]),
    (entry(5, 2), (3,), [("E304", "/1/output/1")]),
    (entry(5, 5.0), (3,), [("E305", "/1/output/1")]),
    (entry(-5, -6), (3,), [("E303", "/1/output/1/1"), ("E303", "/1/output/1/2")]),
    (entry(5, 2), (2,), [("W304", "/1/output/1")]),  # Track 2 reads no times
    (entry("1", NAN), (2,), [("W301", "/1/output/1/1"), ("W302", "/1/output/1/2")]),
    (entry(-1, 2), (2,), [("W303", "/1/output/1/1")]),
    (entry(5, 5), (2,), [("W305", "/1/output/1")]),
    (entry(90, 95), (2,), [("W306", "/1/output/1/1")]),
    (entry(80, 95), (2,), [("W307", "/1/output/1/2")]),
    (entry(80, 90.5), (2,), [("W308", "/1/output/1/2")]),
    (entry(90, 95), (3,), [("E306", "/1/output/1/1")]),
    (entry(80, 91.5), (3,), [("E307", "/1/output/1/2")]),
    (entry(80, 91.0), (3,), [("W308", "/1/output/1/2")]),
    (entry(80, 90.0), (3,), []),
    (span(end_second=200), (1,), [("E307", "/2/end_second")]),
    (span(start_second=90, end_second=200), (1,), [("E306", "/2/start_second")]),
    (entry(), (2,), [("W408", "/1/output/1")]),
    (entry(5, 2), (2, 3), [("E304", "/1/output/1")]),
    (span(start_second=3), (1,), [("E304", "/2")]),
    (span(end_second=float("-inf")), (1,), [("E302", "/2/end_second")]),
]
LIST_CASES: list[tuple[Any, tuple[Track, ...], list[tuple[str, str]]]] = [
    (changed(0, output=[[VIDEOS[0], i, i + 1] for i in range(4)]), (3,), [("W403", "/0/output")]),
    (changed(0, output=[["nowhere", 1, 2], *good()[0]["output"][:2]]), (3,), [("E411", "/0/output/0/0")]),
    (changed(0, output=[*good()[0]["output"], ["nowhere", 1, 2]]), (2,), [("W403", "/0/output")]),
    (changed(0, output=[*good()[0]["output"], 7]), (3,), [("W403", "/0/output")]),  # as the fourth it is never read
    (changed(0, output=good()[0]["output"][:2]), (3,), [("W404", "/0/output")]),
    (changed(0, output=[]), (3,), [("E402", "/0/output")]),
    (changed(0, output=["v", "w"]), (3,), [("E405", "/0/output/0"), ("E405", "/0/output/1")]),
    (changed(0, output=[VIDEOS[0], 1, 2]), (3,), [("E407", "/0/output")]),
    (changed(0, output=[VIDEOS[0], 1, 2]), (2,), [("E407", "/0/output")]),
    (changed(0, output=[good()[0]["output"]]), (3,), [("E407", "/0/output/0")]),
    (changed(0, output=[good()[0]["output"]]), (2,), [("E407", "/0/output/0")]),
    (entry(1, 2, 0.9), (3,), [("W409", "/1/output/1")]),
    (entry(1, 2, 0.9), (2,), [("W409", "/1/output/1")]),
    (changed(0, output=[[VIDEOS[0], 1, 2]] * 2 + [[VIDEOS[1], 1, 2]]), (3,), [("W413", "/0/output/1")]),
    (changed(0, output=[[VIDEOS[0], 1, 2]] * 2 + [[VIDEOS[1], 1, 2]]), (2, 3),
     [("W413", "/0/output/1"), ("W414", "/0/output/1")]),
    (changed(0, output=[[VIDEOS[0], 1, 2], [VIDEOS[0], 1, 3], [VIDEOS[1], 1, 2]]), (2,), [("W414", "/0/output/1")]),
    (changed(0, output=[[VIDEOS[0], 1, 2], [VIDEOS[0], 1, 3], [VIDEOS[1], 1, 2]]), (3,), []),
    (changed(0, output=[[VIDEOS[0], [1], 2], [VIDEOS[0], [1], 2], [VIDEOS[1], 1, 2]]), (3,),
     [("E301", "/0/output/0/1"), ("E301", "/0/output/1/1")]),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "tracks", "expected"), ID_CASES + TEXT_CASES + SPAN_CASES + LIST_CASES)
def test_each_fault_has_its_code_and_place(rows: Any, tracks: tuple[Track, ...], expected: list[Any]) -> None:
    report = check(rows, tracks)
    assert found(report) == expected
    assert report.ok == all(code.startswith("W") for code, _ in expected)
    assert json.dumps(report.to_dict())


def test_texts_that_differ_at_their_end_are_shown_there() -> None:
    text = "How to relieve a stiff neck by pressing the hand against the head, part "
    questions = [replace(question, text=text + "1") for question in QUESTIONS]
    report = check([{**row, "question": text + "2"} for row in good()], questions=questions)
    messages = {finding.message for finding in report.findings if finding.code == "E213"}
    assert messages == {
        "'...ing the hand against the head, part 2' is asked as '...ing the hand against the head, part 1'"
    }


def test_every_code_is_produced(tmp_path: Path) -> None:
    """By the cases of this folder: those here, of `test_guarded`, `test_answers` and the later editions below."""
    codes = {
        code for *_, expected in (*CASES, *ID_CASES, *TEXT_CASES, *SPAN_CASES, *LIST_CASES) for code, _ in expected
    }
    for name, data in FAULTY_FILES.items():
        (tmp_path / "x.json").write_bytes(data)
        limits = Limits(size=1000, items=3)
        found = {finding.code for finding in read_guarded(tmp_path / "x.json", limits).findings}
        assert name in found
        codes |= found
    codes |= {finding.code for finding in read_guarded(tmp_path / "none").findings}
    codes |= {code for _, expected in ANSWER_CASES for code, _ in expected}
    codes |= set(check(later(id="NLPCC2024_TASK1_1"), (1,), "mmivqa-2024", questions=LATER).counts)
    codes |= set(check(later(id="NLPCC2024_Task2_1"), (1,), "mmivqa-2024", questions=LATER).counts)
    codes |= set(check(good(), corpus=()).counts) | set(check(odd_video(), corpus=()).counts)
    codes |= set(check(in_milliseconds(), (1,)).counts) | set(check(far_beyond(), (1,), corpus=estimated()).counts)
    assert codes == set(CODES)
    registered = {code for level in CHECKS.values() for codes_of in level.values() for code in codes_of}
    assert registered <= set(CODES)


LATER = (Question("NLPCC2024_Task1_1", "q", "Chinese", VIDEOS[0]), Question("NLPCC2024_Task1_2", "r", None, VIDEOS[0]))


def later(**fields: Any) -> list[dict[str, Any]]:
    times = {"video_id": VIDEOS[0], "start_second": 0, "end_second": 1}
    rows = [{"id": q.id, "question": q.text, "language_type": "Chinese", **times} for q in LATER]
    return [{**rows[0], **fields}, rows[1]]


def odd_video() -> list[dict[str, Any]]:
    return changed(1, output=[["too short", 1, 2], ["too short", 2, 3], [VIDEOS[0], 1, 2]])


def test_ids_of_2024() -> None:
    def ids(**fields: Any) -> list[tuple[str, str]]:
        return found(check(later(**fields), (1,), "mmivqa-2024", questions=LATER))

    assert ids() == []
    for near in ("NLPCC2024_TASK1_1", " NLPCC2024_Task1_1", "NLPCC2024＿Task1_1"):
        assert ids(id=near) == [("E206", ""), ("E209", "/0/id")]
    assert ids(id="NLPCC2024_Task2_1") == [("E205", "/0/id"), ("E206", ""), ("E212", "/0/id")]
    assert ids(language_type="English") == [("W217", "/0/language_type")]
    assert ids(language_type="zh") == [("W217", "/0/language_type")]
    foreign = [{**row, "id": row["id"].replace("Task1", "Task3")} for row in later()]
    report = check(foreign, (1,), "mmivqa-2024", questions=LATER)
    assert report.counts == {"E207": 1, "E212": 2}
    alone = check(later(id="7"), (1,), "mmivqa-2024", questions=(), corpus=())
    assert found(alone) == [("E203", "/0/id")]  # without questions the form of the edition decides


def test_estimated_durations_are_never_an_error() -> None:
    corpus = {v: Video(v, duration=50.0, duration_source="subtitles") for v in VIDEOS}
    assert found(check(entry(40, 50.9), corpus=corpus)) == []
    for times in ((40, 52), (60, 70)):
        report = check(entry(*times), corpus=corpus)
        assert found(report) == [("W308", "/1/output/1/2")]
        assert "about 50 s, estimated from its subtitles" in report.findings[0].message
        assert report.unchecked == ("ends of spans against exact durations: stated for 0 of 3 videos",)
    container = {v: Video(v, duration=50.0, duration_source="container") for v in VIDEOS}
    assert found(check(entry(60, 70), corpus=container)) == [("E306", "/1/output/1/1")]
    unknown = check(entry(60, 1e300), corpus=VIDEOS)
    assert found(unknown) == []


def test_findings_without_a_corpus() -> None:
    report = check(odd_video(), corpus=())
    assert found(report) == [("W412", "/1/output/0/0")]
    assert report.findings[0].message == "'too short' is no YouTube id; 2 such entries"


def test_many_findings_are_counted_and_not_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cmivqa_kit.submission.tally.KEPT", 2)
    report = check([*good(), 1, 2, 3, 4])
    assert (report.errors, report.warnings, len(report.findings)) == (4, 0, 2)
    assert report.to_dict()["counts"] == {"E201": 4}


@settings(max_examples=700, deadline=None)
@given(st.lists(mutated_rows(), max_size=3), st.sampled_from([(1,), (2,), (3,), (2, 3)]), st.booleans())
def test_what_is_certain_has_no_findings(rows: list[Any], tracks: tuple[Track, ...], right: bool) -> None:
    """The fast pass lets nothing through that a check of answers or the schema would report."""
    edition = replace(EDITION, entries=3)
    context = Context(edition, tracks, QUESTIONS, as_corpus(CORPUS))
    for row in [*rows, *(good() if right else [])]:
        if certain(row, context):
            codes = set(validate(document([row]), tracks, edition, None, (), CORPUS).counts)
            assert codes <= {"E213", "W216"}
    if 1 not in tracks:
        assert all(certain(row, context) for row in good())


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
    assert list(check(rows).counts) == ["E401", "E402", "W214"]


def test_what_is_not_checked_is_said() -> None:
    report = check(good(), questions=(), corpus=())
    assert report.ok
    durations = "ends of spans against exact durations: no corpus"
    assert report.unchecked == ("ids and question texts: no questions file", "video ids: no corpus", durations)
    assert check(spans(), (1,), corpus=()).unchecked == (durations,)
    assert check(good(), (2,), questions=()).unchecked == ("ids and question texts: no questions file",)


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
    assert not check([{**row, "language_type": "Chinese"}], (1,), edition, questions=questions).findings
    assert found(check([row], (1,), edition, questions=questions)) == [("W217", "/0")]
    assert found(check([{**row, "id": 5}], (1,), edition, questions=questions))[0][0] in ("E203", "E207")


@pytest.mark.parametrize(
    ("text", "other", "same"),
    [("如何？", "如何?", True), ("ＡＢＣ １", " ABC\u3000 1\n", True), ("e\u0301", "é", True), ("a b", "ab", False),
     ("A", "a", False), ("\ud800", "\ud800", True), ("", "\u3000", True)],
)  # fmt: skip
def test_folding(text: str, other: str, same: bool) -> None:
    assert (fold(text) == fold(other)) == same


@settings(max_examples=500, deadline=None)
@given(st.lists(mutated_rows(), max_size=4), st.sampled_from([(), (1,), (2,), (3,), (2, 3)]))
def test_nothing_raises(rows: list[Any], tracks: tuple[Track, ...]) -> None:
    report = check([*lists(records("dev")), *rows], tracks)
    assert json.dumps(report.to_dict())
    assert all(track in TRACKS for track in report.tracks)
