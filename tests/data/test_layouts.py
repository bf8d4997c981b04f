"""Each layout reads its records, names every finding with its place, and only what is its own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmivqa_kit.data.layouts import Layout, detect, layouts
from cmivqa_kit.data.span import Span
from tests.data.corpora import annotated, lines, m4ivqa_record, track1, track23

ITEMS = [
    {"id": 1, "video_id": "v", "Chinese_question": "问", "start_second": 1, "end_second": 2},
    {"id": 1, "video_id": "v", "English_question": "ask", "start_second": 1, "end_second": 2},
]
MEDVIDQA = {
    "sample_id": 3, "question": "How?", "video_id": "v", "video_length": 42, "answer_start_second": 1,
    "answer_end_second": 6, "video_sub_title": lines(2),
}  # fmt: skip
MMIVQA = {"id": "NLPCC2024_Task1_1", "question": "q", "language_type": "English", "video_id": "v"}


def layout(records: list[Any]) -> Layout:
    found = detect(records)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("records", "name", "edition"),
    [
        (annotated(["v"]), "cmivqa", "cmivqa-2023"),
        (track1(annotated(["v"])), "cmivqa", "cmivqa-2023"),
        (track23(annotated(["v"])), "cmivqa", "cmivqa-2023"),
        ([{"id": 0, "question": "q", "language_type": "English"}], "cmivqa", "cmivqa-2023"),
        ([{"id": 0, "question": "q", "answer_start_second": 1, "answer_end_second": 2}], "cmivqa", "cmivqa-2023"),
        ([MMIVQA], "mmivqa", "mmivqa-2024"),
        ([{"id": "17", "question": "q", "language_type": "English"}], "mmivqa", "mmivqa-2024"),
        (ITEMS, "mmivqa_items", "mmivqa-2024"),
        ([m4ivqa_record(1, "v")], "m4ivqa", "m4ivqa-2025"),
        ([m4ivqa_record(1, "v", English_question="", video_captions=[])], "m4ivqa", "m4ivqa-2025"),
        ([MEDVIDQA], "medvidqa", "medvidqa"),
    ],
)
def test_detection(records: list[Any], name: str, edition: str) -> None:
    found = layout(records)
    assert (found.name, found.edition) == (name, edition)
    assert found.read(records).problems == ()


@pytest.mark.parametrize("records", [[], [1, "x"], [{"id": 1}], [{"video_id": "v", "start_second": 1}]])
def test_no_questions(records: list[Any]) -> None:
    assert detect(records) is None


def test_every_layout_has_a_title_and_one_accepts_the_rest() -> None:
    names = [one.name for one in layouts()]
    assert len(set(names)) == len(names)
    assert names[-1] == "cmivqa"
    assert all(one.title and one.edition for one in layouts())


def test_cmivqa_fields() -> None:
    record = {"id": 7, "video_id": "v", "question": " 怎么做？ ", "start_second": 3, "end_second": 4.5}
    (question,) = layout([record]).read([record]).questions
    assert (question.id, question.text, question.video_id, question.language) == (7, "怎么做？", "v", None)
    assert question.answer == Span(3.0, 4.5)


@pytest.mark.parametrize(
    "empty", [{}, {"start_second": None, "end_second": None}, {"start_second": "", "end_second": ""}]
)
def test_hidden_answers(empty: dict[str, Any]) -> None:
    record = {"id": 7, "question": "q", **empty}
    (question,) = layout([record]).read([record]).questions
    assert question.answer is None
    assert question.video_id is None


def test_times_called_as_in_medvidqa_are_not_lost() -> None:
    record = {"id": 1, "video_id": "v", "question": "q", "answer_start_second": 1, "answer_end_second": 2}
    assert layout([record]).read([record]).questions[0].answer == Span(1, 2)


@pytest.mark.parametrize(
    ("record", "where", "what"),
    [
        ("text", "/1", "is not an object"),
        ({"question": "q"}, "/1", "no 'id'"),
        ({"id": True, "question": "q"}, "/1", "'id' is True"),
        ({"id": 1.5, "question": "q"}, "/1", "'id' is 1.5"),
        ({"id": " ", "question": "q"}, "/1", "'id' is ' '"),
        ({"id": 2}, "/1", "no 'question'"),
        ({"id": 2, "question": ["q"]}, "/1", "not a text"),
        ({"id": 2, "question": "q", "video_id": 5}, "/1", "'video_id' is 5"),
        ({"id": 2, "question": "q", "video_id": "v "}, "/1/video_id", "blanks around it"),
        ({"id": 2, "question": "q", "start_second": 1}, "/1/end_second", "None is not a number"),
        ({"id": 2, "question": "q", "start_second": "1", "end_second": 2}, "/1/start_second", "'1' is not a number"),
        ({"id": 2, "question": "q", "start_second": float("nan"), "end_second": 2}, "/1/start_second", "nan"),
        ({"id": 2, "question": "q", "start_second": True, "end_second": 2}, "/1/start_second", "True"),
        ({"id": 2, "question": "q", "start_second": 10**400, "end_second": 2}, "/1/start_second", "not a number"),
    ],
)
def test_findings_have_their_place(record: Any, where: str, what: str) -> None:
    records = [{"id": 1, "question": "fine"}, record]
    read = layout(records).read(records)
    assert [q.id for q in read.questions] == [1]
    assert any(p.location == where and what in p.message for p in read.problems), read.problems


def test_all_findings_are_kept() -> None:
    records = [{"id": 1, "question": "q"}, {"id": None, "question": 3, "video_id": 4}, 5]
    assert len(layout(records).read(records).problems) == 4


def test_medvidqa() -> None:
    other = {**MEDVIDQA, "sample_id": 4}
    read = layout([MEDVIDQA, other]).read([MEDVIDQA, other])
    assert [(q.id, q.language, q.answer) for q in read.questions] == [(i, "English", Span(1, 6)) for i in (3, 4)]
    (video,) = read.videos.values()
    assert (video.id, len(video.subtitles), video.duration, video.duration_source) == ("v", 2, 42.0, "given")


def test_medvidqa_with_the_fields_that_the_published_code_reads_only() -> None:
    used = ("question", "video_id", "answer_start_second", "answer_end_second", "video_sub_title")
    records = [{key: MEDVIDQA[key] for key in used} for _ in range(2)]
    read = layout(records).read([*records, "odd"])
    assert [(q.id, q.video_id, q.answer) for q in read.questions] == [(0, "v", Span(1, 6)), (1, "v", Span(1, 6))]
    assert [p.location for p in read.problems] == ["/2"]
    assert "place in the file" in read.notes[0].why
    assert layout([MEDVIDQA]).read([MEDVIDQA]).notes == ()


_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 50), st.floats(), st.text(max_size=3), st.just([]), st.just(lines(2))
)
_FIELDS = st.sampled_from(sorted({*MEDVIDQA, "id"}))


@given(st.lists(st.one_of(st.dictionaries(_FIELDS, _VALUES), st.just(MEDVIDQA), _VALUES), max_size=6))
def test_medvidqa_reads_any_json_with_findings_instead_of_exceptions(records: list[Any]) -> None:
    reader = layout([MEDVIDQA])
    read = reader.read(records)
    assert len(read.questions) <= len(records)
    for question in read.questions:
        assert question.answer is None or question.answer == question.answer  # numbers, none of them NaN
    if all(record == MEDVIDQA for record in records):
        assert (len(read.questions), read.problems) == (len(records), ())
    assert reader.read(records) == read


def test_medvidqa_a_video_has_the_lines_and_the_length_of_whichever_record_has_them() -> None:
    silent = {**MEDVIDQA, "video_sub_title": []}
    without = {key: value for key, value in MEDVIDQA.items() if key != "video_length"}
    video = layout([MEDVIDQA]).read([silent, without, MEDVIDQA]).videos["v"]
    assert (len(video.subtitles), video.duration, video.duration_source) == (2, 42.0, "given")


@pytest.mark.parametrize("length", [None, "42", 0, -1, float("inf"), True])
def test_medvidqa_an_odd_length_is_no_duration(length: object) -> None:
    record = {**MEDVIDQA, "video_length": length}
    video = layout([record]).read([record]).videos["v"]
    assert (video.duration, video.duration_source) == (None, None)


def test_medvidqa_subtitle_findings_have_their_place() -> None:
    record = {**MEDVIDQA, "video_sub_title": [{"text": "no times"}]}
    assert [p.location for p in layout([record]).read([record]).problems] == [
        "/0/video_sub_title/0/start",
        "/0/video_sub_title/0/duration",
    ]


def test_m4ivqa_one_record_gives_two_questions_and_captions_per_language() -> None:
    records = [m4ivqa_record(7, "v"), m4ivqa_record(8, "v")]
    read = layout(records).read(records)
    assert [(q.id, q.text, q.language) for q in read.questions] == [
        ("7_Chinese", "问题 7", "Chinese"),
        ("7_English", "Question 7", "English"),
        ("8_Chinese", "问题 8", "Chinese"),
        ("8_English", "Question 8", "English"),
    ]
    assert {q.answer for q in read.questions} == {Span(1, 5)}
    video = read.videos["v"]
    assert [line.text for line in video.subtitles_in("English")] == ["en 0", "en 1", "en 2", "en 3"]
    assert video.subtitles_in("Chinese")[1].text == "中1"
    assert "7_Chinese" in read.notes[0].subject
    assert "in each language: 2" in read.notes[0].why


def test_m4ivqa_a_line_silent_in_one_language_is_no_finding() -> None:
    record = m4ivqa_record(1, "v")
    record["video_captions"][1]["Eng_caption"] = None
    del record["video_captions"][2]["Eng_caption"]
    read = layout([record]).read([record])
    assert read.problems == ()
    assert [line.text for line in read.videos["v"].subtitles_in("English")] == ["en 0", "en 3"]
    assert len(read.videos["v"].subtitles_in("Chinese")) == 4


def test_m4ivqa_findings() -> None:
    captions = [{"Ch_caption": "x", "Eng_caption": "y"}]
    records = [m4ivqa_record(1, "v", video_captions=captions), m4ivqa_record(2, "w", video_captions={}), {"id": 3}, 4]
    places = {p.location for p in layout(records).read(records).problems}
    assert {"/0/video_captions/0/start", "/1/video_captions", "/2", "/3"} <= places


def test_m4ivqa_one_language_keeps_its_id() -> None:
    records = [m4ivqa_record(n, "v", English_question="") for n in (1, 2)]
    read = layout(records).read(records)
    assert [(q.id, q.language) for q in read.questions] == [(1, "Chinese"), (2, "Chinese")]
    assert read.notes == ()


def test_items_that_share_an_id_over_languages() -> None:
    read = layout(ITEMS).read([*ITEMS, {"id": 2, "video_id": "v", "Chinese_question": "又问"}])
    assert [q.id for q in read.questions] == ["1_Chinese", "1_English", "2_Chinese"]
    assert "in each language: 1" in read.notes[0].why


def test_items_with_ids_of_their_own_keep_them() -> None:
    records = [ITEMS[0], {**ITEMS[1], "id": 2}]
    assert [q.id for q in layout(records).read(records).questions] == [1, 2]


def test_mmivqa_records_that_share_an_id_over_languages() -> None:
    records = [MMIVQA, {**MMIVQA, "language_type": "Chinese"}]
    read = layout(records).read(records)
    assert [q.id for q in read.questions] == ["NLPCC2024_Task1_1_English", "NLPCC2024_Task1_1_Chinese"]
    same = [MMIVQA, MMIVQA]  # a repetition in one language is not made two questions
    assert {q.id for q in layout(same).read(same).questions} == {"NLPCC2024_Task1_1"}
