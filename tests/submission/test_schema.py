"""Structure: the plain pass (`fits`) and the findings agree with plain `jsonschema`, on random and on mutated rows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.editions import edition_names
from cmivqa_kit.submission.findings import CODES
from cmivqa_kit.submission.form import submission_form
from cmivqa_kit.submission.schema import fits, load_schema, pointer, schema_errors, structural_findings
from tests.submission.small import VIDEOS

EDITIONS = edition_names()
VALIDATORS = {
    (edition, track): Draft202012Validator(load_schema(edition, track)["items"])
    for edition in EDITIONS
    for track in TRACKS
}

odd = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.text(max_size=3), st.just(10**400), st.just([]),
    st.just({}), st.just("\ud800"), st.just([[["vid", 0, 1]]]), st.just("NLPCC2024_Task1_5\n"),
)  # fmt: skip
ids = st.sampled_from([0, 7, -1, "7", "q", "NLPCC2024_Task1_1", "NLPCC2024_Task3_12", 1.0, 10**30])
seconds = st.sampled_from([0, 1, 2.5, 111.03999999999999, -0.0, -1, float("nan"), float("inf")])
entries = st.tuples(st.sampled_from([*VIDEOS, ""]), seconds, seconds).map(list)
good_rows = st.fixed_dictionaries(
    {"id": ids},
    optional={
        "question": st.text(max_size=3),
        "video_id": st.sampled_from([*VIDEOS, ""]),
        "start_second": seconds,
        "end_second": seconds,
        "output": st.lists(entries, max_size=3),
        "language_type": st.sampled_from(["Chinese", "English", "French"]),
        "extra": st.none(),
    },
)


@st.composite
def mutated_rows(draw: st.DrawFn) -> Any:
    """A plausible row with something odd in one place, or a row that is odd altogether."""
    row = draw(st.one_of(good_rows, odd))
    if not isinstance(row, dict) or draw(st.booleans()):
        return row
    key = draw(st.sampled_from(["id", "question", "video_id", "start_second", "end_second", "output", "language_type"]))
    row[key] = draw(odd)
    if key == "output":
        output = draw(st.lists(st.one_of(entries, odd), max_size=3))
        if output and isinstance(output[0], list) and output[0]:
            output[0][draw(st.integers(0, len(output[0]) - 1))] = draw(odd)
        row[key] = output
    return row


@settings(max_examples=700, deadline=None)
@given(mutated_rows(), st.sampled_from(EDITIONS), st.sampled_from(TRACKS))
@example({"id": 1.0, "output": [["v", 0, 1]]}, "cmivqa-2023", 3)
@example({"id": "NLPCC2024_Task1_5\n", "start_second": 0, "end_second": 1}, "mmivqa-2024", 1)
@example({"id": "", "output": [["v"]]}, "m4ivqa-2025", 2)
def test_findings_agree_with_jsonschema(row: Any, edition: str, track: Track) -> None:
    items = load_schema(edition, track)["items"]
    accepted = VALIDATORS[edition, track].is_valid(row)
    if isinstance(row, dict) and isinstance(row.get("id"), float):
        accepted = False  # to JSON Schema 1.0 is an integer; as an id it is none
    findings = list(structural_findings([None, row], edition, track))[1:]
    assert (not findings) == accepted
    assert accepted or not fits(row, items["properties"]["id"], track)
    for finding in findings:
        assert finding.code in CODES
        assert finding.path.startswith("/1")
        assert finding.index == 1
        json.dumps(finding.to_dict())


@settings(max_examples=700, deadline=None)
@given(mutated_rows(), st.sampled_from(EDITIONS), st.sampled_from(TRACKS))
@example({"id": 0, "output": [["v", 0, 1], [["v"], "x"], ["v", -1, None], 5]}, "cmivqa-2023", 3)
@example({"id": 0, "output": ["v", 0, 1]}, "cmivqa-2023", 3)
def test_errors_are_those_of_jsonschema(row: Any, edition: str, track: Track) -> None:
    """Showing `jsonschema` only the doubtful entries loses none of its errors, and adds none."""

    def plain(value: Any) -> Any:
        errors = VALIDATORS[edition, track].iter_errors(value)
        return sorted((str(list(error.absolute_path)), str(error.validator)) for error in errors)

    if isinstance(row, dict) and isinstance(row.get("id"), float):
        row["id"] = None  # see above
    ours = sorted(
        (str(list(path)), str(error.validator)) for path, error in schema_errors(row, submission_form(edition), track)
    )
    assert ours == plain(row)


@settings(max_examples=500, deadline=None)
@given(st.lists(good_rows, max_size=3), st.sampled_from(EDITIONS), st.sampled_from(TRACKS))
def test_right_rows_are_let_through_at_once(rows: list[Any], edition: str, track: Track) -> None:
    """`fits` says yes to nearly everything right, else the pass would be as slow as `jsonschema`."""
    items = load_schema(edition, track)["items"]
    for row in rows:
        row.pop("language_type", None)  # the 2023 form knows no such column: left to `jsonschema`
        row.pop("video_id", None)  # nor do lists know this one
        times = [row.get("start_second"), row.get("end_second"), *(t for e in row.get("output", []) for t in e[1:])]
        plain = isinstance(row["id"], int | str) and not any(t != t for t in times)
        if plain and VALIDATORS[edition, track].is_valid(row):
            assert fits(row, items["properties"]["id"], track)


CASES: list[tuple[str, Track, Any, list[tuple[str, str]]]] = [
    ("cmivqa-2023", 3, 7, [("E201", "/0")]),
    ("cmivqa-2023", 3, None, [("E201", "/0")]),
    ("cmivqa-2023", 1, {"start_second": 0, "end_second": 1}, [("E202", "/0")]),
    ("cmivqa-2023", 1, {}, [("E202", "/0"), ("E211", "/0")]),
    ("cmivqa-2023", 2, {"id": "0", "output": [["v"]]}, [("E203", "/0/id")]),
    ("cmivqa-2023", 2, {"id": 0.0, "output": [["v"]]}, [("E203", "/0/id")]),
    ("cmivqa-2023", 2, {"id": True, "output": [["v"]]}, [("E203", "/0/id")]),
    ("mmivqa-2024", 2, {"id": 5, "output": [["v"]]}, [("E203", "/0/id")]),
    ("mmivqa-2024", 2, {"id": "NLPCC2024_Task1_1", "output": [["v"]]}, [("E203", "/0/id")]),
    ("m4ivqa-2025", 2, {"id": "", "output": [["v"]]}, [("E203", "/0/id")]),
    ("m4ivqa-2025", 2, {"id": [1], "output": [["v"]]}, [("E203", "/0/id")]),
    ("cmivqa-2023", 1, {"id": 0, "output": [["v", 0, 1]]}, [("E210", "/0")]),
    ("cmivqa-2023", 3, {"id": 0, "start_second": 0, "end_second": 1}, [("E210", "/0")]),
    ("cmivqa-2023", 1, {"id": 0, "start_second": 0}, [("E211", "/0")]),
    ("cmivqa-2023", 1, {"id": 0, "output": [], "end_second": 1, "start_second": None}, [("E301", "/0/start_second")]),
    ("cmivqa-2023", 2, {"id": 0}, [("E211", "/0")]),
    ("cmivqa-2023", 1, {"id": 0, "start_second": 0, "end_second": 1, "question": 5}, [("E213", "/0/question")]),
    ("cmivqa-2023", 1, {"id": 0, "start_second": 0, "end_second": 1, "video_id": ""}, [("E218", "/0/video_id")]),
    ("m4ivqa-2025", 1, {"id": 0, "start_second": 0, "end_second": 1, "language_type": "zh"},
     [("W217", "/0/language_type")]),
    ("cmivqa-2023", 1, {"id": 0, "start_second": "0", "end_second": True},
     [("E301", "/0/start_second"), ("E301", "/0/end_second")]),
    ("cmivqa-2023", 1, {"id": 0, "start_second": -1, "end_second": 1}, [("E303", "/0/start_second")]),
    ("cmivqa-2023", 3, {"id": 0, "output": [["v", "0", -2]]}, [("E301", "/0/output/0/1"), ("E303", "/0/output/0/2")]),
    ("cmivqa-2023", 2, {"id": 0, "output": "v"}, [("E401", "/0/output")]),
    ("cmivqa-2023", 3, {"id": 0, "output": []}, [("E402", "/0/output")]),
    ("cmivqa-2023", 3, {"id": 0, "output": [["v", 0, 1], "v"]}, [("E405", "/0/output/1")]),
    ("cmivqa-2023", 3, {"id": 0, "output": [["v", 0]]}, [("E406", "/0/output/0")]),
    ("cmivqa-2023", 2, {"id": 0, "output": [[]]}, [("E406", "/0/output/0")]),
    ("cmivqa-2023", 2, {"id": 0, "output": [[5]]}, [("E410", "/0/output/0/0")]),
    ("cmivqa-2023", 3, {"id": 0, "output": [["", 0, 1]]}, [("E410", "/0/output/0/0")]),
    ("medvidqa", 2, {"id": "any", "output": [["v", "times", "are not read"]]}, []),
]  # fmt: skip


@pytest.mark.parametrize(("edition", "track", "row", "expected"), CASES, ids=range(len(CASES)))
def test_each_fault_has_its_code_and_place(edition: str, track: Track, row: Any, expected: list[Any]) -> None:
    found = list(structural_findings([row], edition, track))
    assert [(finding.code, finding.path) for finding in found] == expected


def test_messages_say_what_is_wanted() -> None:
    def message(edition: str, row: Any, track: Track = 1) -> str:
        return next(structural_findings([row], edition, track)).message

    times = {"start_second": 0, "end_second": 1}
    assert message("cmivqa-2023", {"id": "7", **times}) == 'id "7" is not an integer'
    assert message("m4ivqa-2025", {"id": "", **times}) == 'id "" is not a non-empty text or an integer'
    assert message("mmivqa-2024", {"id": "7", **times}).endswith("a text of the form ^NLPCC2024_Task1_[0-9]+$")
    assert message("cmivqa-2023", {"id": 0}) == "no 'start_second' and 'end_second'"
    assert message("m4ivqa-2025", {"id": 0, **times, "language_type": 5}) == "5 is not Chinese or English"
    assert message("cmivqa-2023", {"id": 0, "output": [["v", None, 1]]}, 3) == "null is not a number"
    assert len(message("cmivqa-2023", {"id": 0, "output": ["long" * 100]}, 3)) < 100


@pytest.mark.parametrize("place", ["id", "question", "output", "extra"])
def test_deep_nesting_is_no_traceback(place: str) -> None:
    deep: list[Any] = []
    for _ in range(5000):  # deeper than any reader lets through
        deep = [deep]
    row = {"id": 0, "output": [["v", 0, 1], 5], place: deep}
    assert list(structural_findings([row, deep], "cmivqa-2023", 3))


def test_pointers_are_escaped() -> None:
    assert pointer([3, "a/b~c", 0]) == "/3/a~1b~0c/0"
    assert pointer([]) == ""


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("track", TRACKS)
def test_the_schemas_are_schemas(edition: str, track: Track) -> None:
    schema = load_schema(edition, track)
    Draft202012Validator.check_schema(schema)
    own = "m4ivqa-2025" if edition == "medvidqa" else edition  # no challenge: the form that takes any id
    assert schema["$id"] == f"urn:cmivqa-kit:schema:{own}:track{track}"
