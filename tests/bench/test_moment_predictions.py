"""Predictions of moments: the format, and everything that can be wrong in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmivqa_kit.bench.tasks.moments.predictions import SALIENCY, WINDOWS, read_moment_predictions
from cmivqa_kit.errors import UserError
from tests.bench.generated_moments import make, write_lines

BOTH = (WINDOWS, SALIENCY)
GOOD = {"qid": 1, "query": "x", "vid": "v", WINDOWS: [[0, 1, 0.5]], SALIENCY: [0.5]}


def refusal(path: Path, text: str | bytes) -> str:
    """What is said of a file with that content."""
    path = path / "predictions.jsonl"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError) as raised:
        read_moment_predictions(path, BOTH)
    assert raised.value.fix
    return raised.value.message


def test_lines_and_an_array_say_the_same(tmp_path: Path) -> None:
    submission, _ = make(0, 6)
    lines = read_moment_predictions(write_lines(tmp_path / "a.jsonl", submission), BOTH)
    (tmp_path / "a.json").write_text("\ufeff" + json.dumps(submission, indent=1), encoding="utf-8")
    array = read_moment_predictions(tmp_path / "a.json", BOTH)
    assert (lines.array, array.array) == (False, True)
    assert (lines.items[1].location, array.items[1].location) == ("line 2", "/1")
    for first, second, record in zip(lines.items, array.items, submission, strict=True):
        assert first.windows is not None and second.windows is not None and first.saliency is not None
        assert first.windows.tolist() == second.windows.tolist() == record[WINDOWS]
        assert first.saliency.tolist() == record[SALIENCY]
        assert (first.qid, first.video) == (record["qid"], record["vid"])


def test_what_a_benchmark_does_not_score_is_not_looked_at(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [{"qid": "a", WINDOWS: [[0, 1, 0.5, "x"]], SALIENCY: "none"}])
    (item,) = read_moment_predictions(path, (WINDOWS,)).items
    assert item.windows is not None
    assert item.windows.tolist() == [[0, 1, 0.5]]
    assert item.saliency is None


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        ({"qid": None}, "line 2 /qid: None is no id"),
        ({"qid": True}, "line 2 /qid: True is no id"),
        ({"qid": 2.0}, "line 2 /qid: 2.0 is no id"),
        ({"qid": [2]}, "line 2 /qid: [2] is no id"),
        ({"qid": 1}, "line 2 /qid: 1 stands at line 1 too (the official program takes the last record"),
        ({"vid": 3}, "line 2 /vid: 3 is no text"),
        ({WINDOWS: None}, f"line 2 /{WINDOWS}: None is no array"),
        ({WINDOWS: "ab"}, f"line 2 /{WINDOWS}: 'ab' is no array"),
        ({WINDOWS: {"0": [0, 1, 1]}}, f"line 2 /{WINDOWS}: "),
        ({WINDOWS: [[0, 1, 1], [0, 1]]}, f"line 2 /{WINDOWS}/1: [0, 1] is not [start, end, score]"),
        ({WINDOWS: [None]}, f"line 2 /{WINDOWS}/0: None is not [start, end, score]"),
        ({WINDOWS: [["0", 1, 1]]}, f"line 2 /{WINDOWS}/0: ['0', 1, 1] holds what is no finite number"),
        ({WINDOWS: [[True, 1, 1]]}, f"line 2 /{WINDOWS}/0: "),
        ({WINDOWS: [[float("nan"), 1, 1]]}, "(the official program counts a window with NaN as right for mAP)"),
        ({WINDOWS: [[0, float("inf"), 1]]}, f"line 2 /{WINDOWS}/0: [0, inf, 1] holds what is no finite number"),
        ({WINDOWS: [[0, 1, float("-inf")]]}, f"line 2 /{WINDOWS}/0: "),
        ({WINDOWS: [[0, 10**400, 1]]}, f"line 2 /{WINDOWS}/0: [0, 1000"),
        ({WINDOWS: [[1e300, 2e300, 1]]}, "holds what is no time in a video"),
        ({SALIENCY: [0.5, None, "x"]}, f"line 2 /{SALIENCY}/2: 'x' is no finite number"),
        ({SALIENCY: [float("nan")]}, f"line 2 /{SALIENCY}/0: nan is no finite number"),
        ({SALIENCY: 3}, f"line 2 /{SALIENCY}: 3 is no array"),
    ],
)
def test_every_fault_is_named_with_line_and_key(tmp_path: Path, record: dict[str, Any], wanted: str) -> None:
    lines = [GOOD, {**GOOD, "qid": 2, **record}, {**GOOD, "qid": 3, SALIENCY: [[]]}]
    message = refusal(tmp_path, "\n".join(map(json.dumps, lines)))
    assert wanted in message
    assert f"line 3 /{SALIENCY}/0: [] is no finite number" in message, "all of them are listed"


def test_a_key_that_others_have_is_missing(tmp_path: Path) -> None:
    lines = [GOOD, {"qid": 2, WINDOWS: []}, {SALIENCY: [], WINDOWS: []}]
    message = refusal(tmp_path, "\n".join(map(json.dumps, lines)))
    assert f"line 2 /{SALIENCY}: is missing, and other records have it" in message
    assert "line 3 /qid: is missing" in message


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "holds no prediction"),
        ("\n \n", "holds no prediction"),
        ("[]", "holds no prediction"),
        ('{"qid": 1}', f"no record has {WINDOWS} or {SALIENCY}"),
        ('3\n"x"\nnull', "line 3: None is no object"),
        (json.dumps(GOOD) + "\n{", "line 2:2: not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"qid": ' + "[" * 100_000, "line 1: nested too deeply"),
        ('{"qid": ' + "9" * 5000 + "}", "line 1: holds an integer of thousands of digits"),
        ('[{"qid": 1},', "predictions.jsonl:1:1"),
        ('{"qid": 1}\n[', "line 2:2: not JSON"),
        ("<!DOCTYPE html><html>", "is a web page"),
        ("PK\x03\x04", "is a zip archive"),
        (b"\xff\xfe{\x00", "not UTF-8"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_is_no_such_file(tmp_path: Path, text: str | bytes, wanted: str) -> None:
    assert wanted in refusal(tmp_path, text)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.jsonl", tmp_path):
        with pytest.raises(UserError, match="prediction file"):
            read_moment_predictions(path, BOTH)


def test_hostile_ids_take_no_quadratic_time(tmp_path: Path) -> None:
    lines = [{"qid": number * (2**61 - 1), WINDOWS: []} for number in range(5_000)]  # all of one hash
    assert len(read_moment_predictions(write_lines(tmp_path / "a.jsonl", lines), BOTH).items) == 5_000


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=8,
)
windows = st.lists(st.lists(st.integers(-5, 200) | st.floats(-5, 200), min_size=3, max_size=3) | values, max_size=4)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.fixed_dictionaries({}, optional={"qid": values, WINDOWS: windows | values, SALIENCY: values}), max_size=3
    )
)
def test_any_values_are_read_or_refused_plainly(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    path = write_lines(tmp_path / "a.jsonl", records)
    try:
        predictions = read_moment_predictions(path, BOTH)
    except UserError as error:
        assert str(path) in error.message
        return
    for item, record in zip(predictions.items, records, strict=True):
        assert type(item.qid) in (int, str)
        if item.windows is not None:
            assert item.windows.tolist() == [window[:3] for window in record[WINDOWS]]
        if item.saliency is not None:
            assert item.saliency.tolist() == record[SALIENCY]
