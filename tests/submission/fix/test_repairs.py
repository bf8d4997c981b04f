"""Each repair on a small file: what it mends, what it says, what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cmivqa_kit.submission.fix import fix
from cmivqa_kit.submission.fix.run import repairs
from cmivqa_kit.submission.fix.spans import as_seconds
from tests.submission.fix.broken import EDITION, QUESTIONS, ROWS, SPANS, changed, mend, mended, refused, text_of

GOOD = text_of(ROWS, indent=4)
NAN = float("nan")


def with_output(*entries: Any) -> list[dict[str, Any]]:
    return [{**ROWS[0], "output": list(entries)}, *ROWS[1:]]


@pytest.mark.parametrize(
    "text", [GOOD, GOOD + "\n", text_of(ROWS), GOOD.replace("\n", "\r\n"), GOOD.replace("5.0", "5.00")]
)
def test_a_valid_file_comes_back_byte_for_byte(text: str) -> None:
    fixed = mend(text)
    assert fixed.text == text
    assert not fixed.changes
    assert not fixed.refused


@pytest.mark.parametrize(
    "name", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "gbk", "gb18030"]
)
def test_other_encodings(name: str) -> None:
    fixed = mend(GOOD.encode(name))
    assert fixed.text == GOOD
    assert changed(fixed) == {"E103": 1}


def test_byte_order_marks() -> None:
    fixed = mend(b"\xef\xbb\xbf" * 2 + GOOD.encode())
    assert fixed.text == GOOD
    assert changed(fixed) == {"E104": 1}


@pytest.mark.parametrize(
    "data",
    [
        GOOD.encode()[:-40].replace("夹".encode(), b"\xe5\xa4", 1),
        b"\xff\xfe\x00",
        b"[\x80\x81\xff]",
        GOOD.encode("utf-16")[:-1],
    ],
    ids=["a byte lost", "half a UTF-16", "binary", "cut UTF-16"],
)
def test_bytes_that_are_no_text(data: bytes) -> None:
    fixed = mend(data)
    assert fixed.text is None
    assert not fixed.changes
    assert refused(fixed) == {"E103"}


def test_commas_and_comments_go_and_the_layout_stays() -> None:
    broken = GOOD.replace("\n    },", ',\n    }, // next, "one"').replace("\n]", ", /* [ */\n]") + " // end ,]"
    fixed = mend(broken)
    assert changed(fixed) == {"E105": 3 + len(ROWS) + 1}
    assert json.loads(fixed.text or "") == ROWS
    assert (fixed.text or "").splitlines()[:4] == GOOD.splitlines()[:4]
    text = '[{"id": 0, "question": "a // b /* c */ ,] \\" ,}", "output": [["v", 1, 2],]}]'
    assert mend(text, questions=None).text == text.replace("2],]", "2]]")


@pytest.mark.parametrize(
    "text",
    ["", " ", "[,]", "[1,,]", "[{'id': 0}]", '[{"id": 0} {"id": 1}]', GOOD[:-30], "/* [", '["', '["\\', "nan",
     '{"id": 1}[', "[][]", '[{"id": None}]', '{"a":1},,{"b":2}', '{"id":}{"id":1}'],
)  # fmt: skip
def test_what_may_be_missing_is_not_made_up(text: str) -> None:
    fixed = mend(text)
    assert fixed.text is None
    assert not fixed.changes
    assert refused(fixed) == {"E105"}
    assert not text.strip() or fixed.refused[0].pointers[0].startswith("line ")


@pytest.mark.parametrize("between", ["\n", ",\n", "", "\r\n\n", ",", " , "])
@pytest.mark.parametrize("end", ["", "\n", ",\n"])
def test_json_lines(between: str, end: str) -> None:
    fixed = mend(between.join(map(text_of, ROWS)) + end)
    assert json.loads(fixed.text or "") == ROWS
    assert set(changed(fixed)) == {"E105"}


@pytest.mark.parametrize("end", ["", ","])
def test_a_single_object(end: str) -> None:
    fixed = mend(text_of(ROWS[0], indent=4) + end)
    assert json.loads(fixed.text or "") == ROWS[:1]
    assert changed(fixed)["E110"] == 1
    assert refused(fixed) == {"E206"}


@pytest.mark.parametrize("document", [{"results": ROWS}, {}, 3, None, True])
def test_other_top_levels_are_left(document: Any) -> None:
    fixed = mend(document)
    assert fixed.text == text_of(document)
    assert refused(fixed) == {"E110"}


def test_too_deep_or_too_long_is_not_parsed() -> None:
    assert refused(mend("[" * 33 + "]" * 33)) == {"E108"}
    assert refused(mend("[" * 1_000_000)) == {"E108"}
    assert refused(mend('{"id":' + '{"a":' * 31 + "1" + "}" * 32, questions=None)) == {"E108"}, (
        "one level too many with the array"
    )
    assert refused(mend("[" + "1" * 65 + "]")) == {"E109"}
    assert refused(mend("[" + "9" * 400 + "]")) == {"E109"}
    assert mend('[{"id": 0, "x": "' + "[" * 99 + "1" * 99 + '"}]', questions=None).refused == ()


@pytest.mark.parametrize(
    ("given", "code"), [("1", "E208"), ("01", "E208"), (" 1 ", "E208"), ("１", "E208"), (1.0, "E203")]
)
def test_ids_of_another_type(given: Any, code: str) -> None:
    rows = [ROWS[0], {**ROWS[1], "id": given}, ROWS[2]]
    assert text_of(mended(rows)) == text_of(ROWS)
    assert changed(mend(rows)) == {code: 1}
    assert not mend(rows, questions=None).changes


def test_ids_of_another_spelling() -> None:
    from tests.submission.small import split_of

    questions = split_of("mmivqa-2024").questions
    rows = [
        {"id": i, "output": [["v", 1, 2]]} for i in (" nlpcc2024_task1_1", "ＮLPCC2024_Task1_2", "NLPCC2024_Task1_3")
    ]
    fixed = mend(rows, 3, questions, "mmivqa-2024")
    assert [row["id"] for row in json.loads(fixed.text or "")] == [question.id for question in questions]
    assert changed(fixed) == {"E209": 2}


def test_ids_stay_where_they_may_mean_something_else() -> None:
    shifted = [{**ROWS[1], "id": "0", "question": "?"}, {**ROWS[2], "id": "1", "question": "!"}, ROWS[2]]
    taken = [*ROWS, {**ROWS[1], "id": "1", "output": [["v", 1, 2]]}]
    twice = [ROWS[0], {**ROWS[1], "id": "1"}, {**ROWS[1], "id": "01"}, ROWS[2]]
    for rows in (shifted, taken, twice):
        fixed = mend(rows)
        assert not fixed.changes
        assert "E208" in refused(fixed)
    other_video = [{**SPANS[0], "id": "0", "video_id": "vidB_______"}, *SPANS[1:]]
    assert not mend(other_video, 1).changes


def test_missing_and_unknown_answers_are_named() -> None:
    rows = [ROWS[0], {**ROWS[1], "id": 77, "question": "another?"}]
    fixed = mend(rows)
    assert fixed.text == text_of(rows)
    found = {refusal.code: refusal for refusal in fixed.refused}
    assert found["E205"].pointers == ("/1/id 77",)
    assert found["E206"].count == 2
    assert refused(mend([{**row, "id": f"q{row['id']}", "question": "?"} for row in ROWS])) == {"E206", "E207"}


def test_copies_go_and_different_answers_stay() -> None:
    fixed = mend([*ROWS, ROWS[1], ROWS[1]])
    assert json.loads(fixed.text or "") == ROWS
    assert changed(fixed) == {"E204": 2}
    different = [*ROWS, {**ROWS[1], "output": [["v", 1, 2]]}]
    assert mend(different).text == text_of(different)
    assert refused(mend(different)) == {"E204"}
    # Equal only after other repairs; 1 and 1.0 are not equal.
    assert mended([*ROWS, {**ROWS[1], "output": [["vidB_______", 15.0, 10.0], ["vidX_______", 1.0, 2.0]]}]) == ROWS
    assert refused(mend([*ROWS, {**ROWS[1], "output": [["vidB_______", 10, 15], ["vidX_______", 1.0, 2.0]]}])) == {
        "E204"
    }


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("12", 12), ("12.50", 12.5), (" 7 ", 7), ("1:05", 65), ("01:05.5", 65.5), ("125:00", 7500), ("1:02:03", 3723),
     ("00:01:05,250", 65.25), ("１：０５", 65),
     *((wrong, None) for wrong in ("", "x", "-5", "1:75", "1:5", "12,5", "1:2:3:4", "1e3", "nan", "5s",
                                           "1:65:00", "9" * 99))],
)  # fmt: skip
def test_seconds(text: str, seconds: float | None) -> None:
    assert as_seconds(text) == seconds
    assert type(as_seconds(text)) is type(seconds)


def test_times_as_text() -> None:
    rows = with_output(["a", "1:05", "70.5"], ["b", "x", 3], ["c", "5", None])
    fixed = mend(rows)
    assert json.loads(fixed.text or "")[0]["output"] == [["a", 65, 70.5], ["b", "x", 3], ["c", 5, None]]
    assert changed(fixed) == {"E301": 3}
    assert [refusal.pointers for refusal in fixed.refused] == [("/0/output/1/1",)]
    spans = [{**SPANS[0], "start_second": "0:10", "end_second": "00:00:05"}, *SPANS[1:]]
    fixed = mend(spans, 1)
    assert json.loads(fixed.text or "")[0] == {**SPANS[0], "start_second": 5, "end_second": 10}
    assert changed(fixed) == {"E301": 2, "E304": 1}
    assert list(json.loads(fixed.text or "")[0]) == list(SPANS[0]), "the order of the fields"


def test_reversed_spans() -> None:
    fixed = mend(with_output(["a", 9.25, 3], ["b", 3, 3], ["c", 5, -1]))
    assert json.loads(fixed.text or "")[0]["output"] == [["a", 3, 9.25], ["b", 3, 3], ["c", 5, -1]]
    assert fixed.changes[0].pointer == "/0/output/0"


def test_track_2_never_reads_times() -> None:
    rows = with_output(["a", 9.25, 3], ["b", "1:05", "x"], ["c", 1, 2])
    assert mend(rows, 2).text == text_of(rows)
    assert mended(with_output(["a", NAN, 3], ["b", 1, 2]), 2)[0]["output"] == [["a", None, 3], ["b", 1, 2]]


def test_nan() -> None:
    fixed = mend(with_output(["a", NAN, 3], ["b", 1, float("inf")], [NAN, 1, 2], NAN, ["c", 1, 2, NAN]))
    assert json.loads(fixed.text or "")[0]["output"] == [["c", 1, 2, None]]
    assert changed(fixed) == {"E302": 4, "E106": 1}
    assert mended('[{"id": 0, "output": [["a", 1e999, 5], ["b", 1, 2]], "x/y": {"z": [NaN]}}]') == [
        {"id": 0, "output": [["b", 1, 2]], "x/y": {"z": [None]}}
    ]
    for rows, track in ((with_output(["a", NAN, 3]), 3), ([{**SPANS[0], "end_second": NAN}, *SPANS[1:]], 1)):
        fixed = fix(text_of(rows).encode(), QUESTIONS, track, EDITION)  # type: ignore[arg-type]
        assert fixed.text == text_of(rows)
        assert refused(fixed) == {"E302"}


def test_lists_are_cut_where_reading_stops() -> None:
    entries = [[f"video{i}", i, i + 1] for i in range(60)]
    fixed = mend(with_output(["a", NAN, 1], *entries))
    assert json.loads(fixed.text or "")[0]["output"] == entries[:50]
    assert changed(fixed) == {"E302": 1, "W403": 1}


def test_keys_that_stand_twice() -> None:
    fixed = mend('[{"id": 0, "id": 0, "output": [["a", 2, 1]]}]', questions=None)
    assert fixed.text == '[{"id": 0, "output": [["a", 1, 2]]}]'
    assert changed(fixed) == {"E107": 1, "E304": 1}
    text = '[{"id": 0, "id": 1, "output": [["a", 2, 1]]}]'
    fixed = mend(text)
    assert fixed.text == text, "written again it would lose an id"
    assert refused(fixed) == {"E107"}


def test_layouts_are_kept() -> None:
    reversed_ = with_output(["如", 2.0, 1])
    for indent in (None, 1, 2, 4):
        assert mend(text_of(reversed_, indent) + "\n").text == text_of(with_output(["如", 1, 2.0]), indent) + "\n"
    lines = "\n".join(map(text_of, reversed_))
    assert (mend(lines).text or "").count("\n") == len(ROWS) + 1


def test_lone_surrogates_stay_escapes() -> None:
    text = '[{"id": 0, "question": "\\ud800", "output": [["a", 2, 1]]}]'
    assert mend(text, questions=None).text == text.replace("2, 1", "1, 2")


def test_every_repair_says_what_it_does() -> None:
    found = repairs()
    assert len({repair.mend for repair in found}) == len(found) >= 12
    assert [repair.stage for repair in found] == sorted(
        (r.stage for r in found), key=["bytes", "text", "document"].index
    )
    assert all(repair.says and repair.codes for repair in found)
