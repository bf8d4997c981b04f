"""The scoring program of one file: the official numbers, what it refuses, what its page tells, old Pythons."""

from __future__ import annotations

import ast
import base64
import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vermin
from hypothesis import given, settings

from cmivqa_kit.leaderboard.exports.codabench import scoring_program as program
from cmivqa_kit.scoring.official import OfficialCrash, score_official
from tests.golden.replay import OWN
from tests.golden.scoring import OFFICIAL, load
from tests.leaderboard.exports.small import answers, lists, spans
from tests.scoring.documents import dirty_cases

FILE = Path(program.__file__)
CASES = [
    (f"{path.parent.name}-{case['name']}", case)
    for folder in ("track1", "track2", "track3", "files")
    for path in sorted((OWN / "scoring" / folder).glob("*.json*"))
    if path.name != "case.json"
    for case in load(path)
]


def golden(case: dict[str, Any]) -> dict[str, Any]:
    """What the program makes of a golden case, under the case's names."""
    targets = json.loads(case["target_text"]) if "target_text" in case else case["target"]
    try:
        if "pred_b64" in case:
            predictions = json.loads(base64.b64decode(case["pred_b64"]).decode("utf-8"))
        else:
            predictions = json.loads(case["pred_text"]) if "pred_text" in case else case["pred"]
    except (ValueError, RecursionError) as error:
        return {"raises": type(error).__name__, "stage": "load"}
    try:
        raw = program.score(case["track"], predictions, targets)
    except program.Stopped as stopped:
        return {"raises": type(stopped.exception).__name__, "stage": "score", "at_index": stopped.index}
    return {short: raw[name] for short, name in OFFICIAL[case["track"]].items()}


def test_every_golden_case_bit_for_bit() -> None:
    newer = sys.version_info >= (3, 12)
    assert len(CASES) > 200
    for name, case in CASES:
        expected = case.get("expected_py312", case["expected"]) if newer else case["expected"]
        assert golden(case) == {key: expected[key] for key in golden(case)}, name
        assert golden(case).keys() >= expected.keys() - {"message"}, name


@settings(max_examples=60)
@given(dirty_cases())
def test_the_kit_s_official_numbers(case: tuple[Any, Any, Any]) -> None:
    predictions, targets, track = case
    try:
        expected: Any = score_official(track, predictions, targets).metrics
    except OfficialCrash as crash:
        expected = crash.exception, crash.target_index
    try:
        got: Any = program.score(track, predictions, targets)
    except program.Stopped as stopped:
        got = type(stopped.exception).__name__, stopped.index
    assert repr(got) == repr(expected) or got == expected


@pytest.mark.parametrize("count", [*range(20), 127, 128, 129, 135, 136, 137, 255, 256, 257, 511, 1022, 4099, 20_000])
def test_the_sum_is_numpy_s(count: int) -> None:
    draw = random.Random(count)
    values = [draw.random() * 10 ** draw.randint(-3, 3) for _ in range(count)]
    assert program.pairwise_sum(values, 0, count) == float(np.add.reduce(np.array(values)))
    if count:
        assert program.pairwise_sum(values, 0, count) / count * 100.0 == float(np.mean(values) * 100.0)


def test_python_3_7_reads_and_runs_it() -> None:
    source = FILE.read_text(encoding="ascii")
    ast.parse(source, feature_version=(3, 7))
    assert vermin.detect(source)[1] <= (3, 7)
    assert vermin.detect("'a'.removeprefix('b')")[1] > (3, 7)  # it sees methods, too


def test_it_needs_the_standard_library_alone() -> None:
    tree = ast.parse(FILE.read_text(encoding="ascii"))
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {str(name).partition(".")[0] for name in modules} <= sys.stdlib_module_names


# --- the program as a whole ---


def play(folder: Path, track: int, targets: Any, files: dict[str, bytes]) -> tuple[int, dict[str, float], str]:
    """Exit code, scores and page of the program with these files handed in."""
    for name, data in {
        "ref/answers.json": json.dumps(targets).encode(),
        **{f"res/{n}": d for n, d in files.items()},
    }.items():
        path = folder / "input" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "input" / "res").mkdir(exist_ok=True)
    code = program.main([str(track), str(folder / "input"), str(folder / "output")])
    scores = folder / "output" / "scores.json"
    page = (folder / "output" / "detailed_results.html").read_text(encoding="utf-8")
    return code, json.loads(scores.read_text()) if scores.exists() else {}, page


def data(document: Any) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize("track", [1, 2, 3])
def test_scores_are_the_official_fractions(tmp_path: Path, track: Any) -> None:
    targets = answers(12)
    predictions = spans(targets)[:-1] if track == 1 else lists(targets)[:-1]
    official = score_official(track, predictions, targets).fractions
    code, scores, page = play(tmp_path, track, targets, {"mine.json": data(predictions)})
    assert code == 0
    assert scores == {key: official[title] for key, title in program.COLUMNS[track]}
    assert "<th>answered</th><td>11</td>" in page
    assert "<th>not answered</th><td>1</td>" in page
    for row in targets:
        assert row["video_id"] not in page


TARGETS = answers(3)
GOOD = lists(TARGETS)
DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no .json file"),
        ({"a.txt": b"[]", ".hidden.json": b"[]", "__MACOSX/a.json": b"[]", "._a.json": b"[]"}, "no .json file"),
        ({"a.json": data(GOOD), "sub/b.JSON": data(GOOD)}, "2 .json files"),
        ({"a.json": b""}, "not JSON"),
        ({"a.json": b"\xef\xbb\xbf[]"}, "not JSON: Unexpected UTF-8 BOM"),
        ({"a.json": b"\xff\xfe["}, "not UTF-8: byte 0xff at offset 0"),
        ({"a.json": DEEP}, "nested too deeply"),
        ({"a.json": b"[" + b"1" * 5001 + b"]"}, "more digits than Python reads"),
        ({"a.json": data({"id": 0})}, "TypeError"),
        ({"a.json": data([None])}, "TypeError"),
        ({"a.json": data([{"output": []}])}, "KeyError"),
        ({"a.json": data([{"id": 1, "output": []}])}, "at question 1 with ValueError: output is empty"),
        ({"a.json": data([{"id": 1, "output": [[]]}])}, "at question 1 with IndexError"),
        ({"a.json": data([{"id": 1, "output": [None]}])}, "at question 1 with TypeError"),
        ({"a.json": data([{"id": 1, "start_second": 0, "end_second": 1}])}, "at question 1 with KeyError"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_gets_no_scores_and_why(
    tmp_path: Path, files: dict[str, bytes], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, scores, page = play(tmp_path, 3, TARGETS, files)
    printed = capsys.readouterr()
    assert (code, scores, printed.out) == (1, {}, "")
    assert said in page
    assert said in printed.err
    assert "Traceback" not in printed.err


@pytest.mark.parametrize(("track", "said"), [(1, "mIoU"), (3, "Average")])
def test_an_empty_array_counts_0(tmp_path: Path, track: Any, said: str) -> None:
    code, scores, page = play(tmp_path, track, TARGETS, {"a.json": b"[]"})
    assert (code, set(scores.values())) == (0, {0.0})
    assert said in page


def test_nothing_answered_on_track_2_gets_no_scores(tmp_path: Path) -> None:
    code, scores, page = play(tmp_path, 2, TARGETS, {"a.json": b"[]"})
    assert (code, scores) == (1, {})
    assert "no question of these is answered" in page


@pytest.mark.parametrize("entry", [["V"], ["V", 1], ["V", None, 2], ["V", "1", 2], ["V", 0, 10**400]])
def test_a_crash_that_would_tell_what_is_right_is_the_same_for_all_questions(tmp_path: Path, entry: list[Any]) -> None:
    entry = ["video_99" if value == "V" else value for value in entry]
    right = [[TARGETS[1]["video_id"], *entry[1:]]]
    wrong = [entry]
    codes = []
    for number, output in enumerate((right, wrong)):
        code, scores, page = play(tmp_path / str(number), 3, TARGETS, {"a.json": data([{"id": 1, "output": output}])})
        assert scores == dict.fromkeys(["average", "r1_miou", "r10_miou", "r50_miou"], 0.0)
        assert "question 1" not in page
        assert TARGETS[1]["video_id"] not in page
        codes.append(code)
    assert codes == [0, 0]  # both count as a submission


def test_hostile_texts_do_no_harm_on_the_page(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>\u202e.json"
    _, _, page = play(tmp_path, 3, TARGETS, {name.replace("/", "_"): data(GOOD), "b.json": data(GOOD)})
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert page.isascii()


@pytest.mark.parametrize("track", [1, 2, 3])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_nan_is_refused_because_it_would_count_as_right(tmp_path: Path, track: Any, value: str) -> None:
    text = f'[{{"id": 1, "start_second": {value}, "end_second": {value}, "output": [["A", {value}, {value}]]}}]'
    code, scores, page = play(tmp_path, track, TARGETS, {"a.json": text.encode()})
    assert (code, scores) == (1, {})
    assert "NaN or Infinity" in page


@pytest.mark.parametrize("value", ["1e999", "-1e999", "-0.0"])
def test_odd_numbers_give_finite_scores(tmp_path: Path, value: str) -> None:
    text = json.dumps(spans(TARGETS)).replace(str(spans(TARGETS)[0]["start_second"]), value, 1)
    code, scores, _ = play(tmp_path, 1, TARGETS, {"a.json": text.encode()})
    assert code == 0
    assert all(np.isfinite(value) for value in scores.values())


def test_ids_made_to_collide_cost_nothing(tmp_path: Path) -> None:
    items = [{"id": (2**61 - 1) * number, "output": [["A", 0, 1]]} for number in range(20_000)]
    code, _, page = play(tmp_path, 3, TARGETS, {"a.json": data(items)})
    assert code == 0
    assert "<th>answers to no question</th><td>19999</td>" in page  # 0 is a question


def test_a_link_is_no_submission(tmp_path: Path) -> None:
    given_in = tmp_path / "input" / "res"
    given_in.mkdir(parents=True)
    (given_in / "a.json").symlink_to(tmp_path / "input" / "ref" / "answers.json")
    code, _, page = play(tmp_path, 1, TARGETS, {})
    assert code == 1
    assert "no .json file" in page


@pytest.mark.parametrize("arguments", [[], ["4", "a", "b"], ["1", "a"]])
def test_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(arguments) == 2
    assert "usage" in capsys.readouterr().err
