"""Annotations of moments: the rules of each benchmark, and everything that can be wrong in their files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmivqa_kit.bench.tasks.moments.benchmarks import charades_cd, charades_cg, charades_sta, qvhighlights, tacos
from cmivqa_kit.bench.tasks.moments.charades import read_charades_json, read_charades_sta
from cmivqa_kit.bench.tasks.moments.evaluator import MomentEvaluator
from cmivqa_kit.bench.tasks.moments.qvhighlights import read_qvhighlights, segment
from cmivqa_kit.bench.tasks.moments.tacos import read_tacos
from cmivqa_kit.bench.tasks.moments.types import AnnotationsAndProblems
from cmivqa_kit.errors import UserError
from tests.bench.generated_moments import make, write_lines

HEADER = "id,subject,script,length\n"
ROWS = 'AAAAA,x,"a, b",30.5\nBBBBB,x,,20\n'


def charades(folder: Path, text: str, rows: str = ROWS) -> Path:
    """A text file of Charades-STA with its table of durations."""
    (folder / "Charades_v1_test.csv").write_text(HEADER + rows, encoding="utf-8")
    path = folder / "charades_sta_test.txt"
    path.write_text(text, encoding="utf-8")
    return path


def document(folder: Path, content: Any) -> Path:
    """A JSON file."""
    path = folder / "test.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def found(result: AnnotationsAndProblems) -> list[tuple[Any, ...]]:
    """Id, video, text and window of every query, nothing being wrong."""
    annotations, problems = result
    assert problems == []
    return [(query.qid, query.video, query.text, *query.windows[0]) for query in annotations.queries]


def test_the_rules_of_charades_sta_in_their_order(tmp_path: Path) -> None:
    text = (
        "AAAAA 24.3 30.4##person turns a light on.  \n"
        "AAAAA 31 40##begins after the video: dropped\n"
        "AAAAA 9 2##swapped\n"
        "AAAAA 1 99##clipped\n"
        "BBBBB 0.0 5.0##another ## not read\n"
    )
    result = read_charades_sta([charades(tmp_path, text)])
    assert found(result) == [
        (0, "AAAAA", "person turns a light on.", 24.3, 30.4),
        (2, "AAAAA", "swapped", 2.0, 9.0),
        (3, "AAAAA", "clipped", 1.0, 30.5),
        (4, "BBBBB", "another", 0.0, 5.0),
    ]
    assert result[0].changes == {"dropped": 1, "swapped": 1, "clipped": 1}
    assert [query.duration for query in result[0].queries] == [30.5, 30.5, 30.5, 20.0]


def test_windows_line_ends_and_a_table_given_by_name(tmp_path: Path) -> None:
    path = charades(tmp_path, "AAAAA 1 2##a\r\nBBBBB 1 2##b\r\n")
    table = (tmp_path / "Charades_v1_test.csv").rename(tmp_path / "lengths.csv")
    assert [row[2] for row in found(read_charades_sta([path, table]))] == ["a", "b"]
    with pytest.raises(UserError, match="no table of durations beside it"):
        read_charades_sta([path])


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("CCCCC 1 2##x", "line 2: video 'CCCCC' has no row in Charades_v1_test.csv"),
        ("AAAAA 1 2 x", "line 2: 'AAAAA 1 2 x' is not VIDEO START END##SENTENCE"),
        ("AAAAA 1##x", "is not VIDEO START END##SENTENCE"),
        ("AAAAA one 2##x", "is not VIDEO START END##SENTENCE"),
        ("", "line 2: '' is not VIDEO START END##SENTENCE"),
        ("AAAAA nan 2##x", "line 2: nan to 2.0 is no window"),
        ("AAAAA 1 inf##x", "line 2: 1.0 to inf is no window"),
        ("AAAAA -1 2##x", "line 2: -1.0 to 2.0 is no window"),
        ("AAAAA 1 2##  ", "line 2: has no sentence"),
        ("NOLEN 1 2##x", "Charades_v1_test.csv:4: '' is no duration"),
        ("MINUS 1 2##x", "Charades_v1_test.csv:5: -3.0 is no duration"),
        ("LARGE 1 2##x", "Charades_v1_test.csv:6: inf is no duration"),
    ],
)
def test_every_wrong_line_is_named(tmp_path: Path, line: str, wanted: str) -> None:
    path = charades(tmp_path, f"AAAAA 1 2##a\n{line}\nbroken\n", f"{ROWS}NOLEN,x,,\nMINUS,x,,-3\nLARGE,x,,1e999\n")
    with pytest.raises(UserError) as raised:
        charades_sta().read_truth([path])
    assert wanted in raised.value.message
    assert "line 3: 'broken'" in raised.value.message
    assert "2 problems" in raised.value.message


def test_a_video_without_duration_is_named_once(tmp_path: Path) -> None:
    _, problems = read_charades_sta([charades(tmp_path, "CCCCC 1 2##x\nCCCCC 1 2##y\n")])
    assert len(problems) == 1


@pytest.mark.parametrize("table", ["", "video,seconds\nAAAAA,3\n"])
def test_a_table_of_other_columns(tmp_path: Path, table: str) -> None:
    path = charades(tmp_path, "AAAAA 1 2##a\n")
    (tmp_path / "Charades_v1_test.csv").write_text(table, encoding="utf-8")
    with pytest.raises(UserError, match=r"Charades_v1_test.csv:1: the columns are not id, ..., length"):
        read_charades_sta([path])


def test_a_web_page_in_place_of_the_annotation(tmp_path: Path) -> None:
    page = "<!DOCTYPE html><html><body>Sign in</body></html>"
    with pytest.raises(UserError, match="web page"):
        read_charades_sta([charades(tmp_path, page)])
    (tmp_path / "val.jsonl").write_text(page, encoding="utf-8")
    with pytest.raises(UserError, match="web page"):
        read_qvhighlights(tmp_path / "val.jsonl")


@pytest.mark.parametrize(
    ("evaluator", "key"), [(charades_cd, "video_duration"), (charades_cg, "duration")], ids=["cd", "cg"]
)
def test_charades_json_counts_from_1_and_before_it_drops(
    tmp_path: Path, evaluator: Callable[[], MomentEvaluator], key: str
) -> None:
    windows = [[1, 2], [31, 40], [9, 2], [1, 99]]
    content = {
        "AAAAA": {"timestamps": windows, "sentences": ["a", "b", "c", "d"], key: 30.5, "framestamps": []},
        "B/BBB": {"timestamps": [[0, 5]], "sentences": ["e"], key: 20},
    }
    annotations = evaluator().read_truth([document(tmp_path, content)])
    assert [(query.qid, query.windows) for query in annotations.queries] == [
        (1, ((1.0, 2.0),)), (3, ((2.0, 9.0),)), (4, ((1.0, 30.5),)), (5, ((0.0, 5.0),)),
    ]  # fmt: skip
    assert annotations.changes == {"dropped": 1, "swapped": 1, "clipped": 1}


def test_every_problem_of_a_json_file_is_named(tmp_path: Path) -> None:
    content = {
        "A": {
            "timestamps": [[1, 2], [1], None, [1, "2"], [-1, 2]],
            "sentences": ["a", "b", "c", "d", "e"],
            "duration": 9,
        },
        "B": {"timestamps": [[1, 2]], "sentences": ["", "x"], "duration": None},
        "C/D": {"timestamps": 3, "sentences": ["x"], "duration": 1e9},
        "E": [],
    }
    _, problems = read_charades_json(document(tmp_path, content), "duration")
    assert [problem.location for problem in problems] == [
        "/A/timestamps/1", "/A/timestamps/2", "/A/timestamps/3", "/A/timestamps/4",
        "/B/duration", "/B", "/B/sentences/0", "/C~1D/duration", "/C~1D", "/E/duration", "/E",
    ]  # fmt: skip


@pytest.mark.parametrize("content", [[], "x", None, 3])
def test_no_object_of_videos(tmp_path: Path, content: Any) -> None:
    path = document(tmp_path, content)
    for read in (lambda: read_charades_json(path, "duration"), lambda: read_tacos(path)):
        with pytest.raises(UserError, match="is no object of videos"):
            read()


def test_no_query_at_all(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no query"):
        tacos().read_truth([document(tmp_path, {})])


def test_tacos_counts_in_frames_and_skips_what_is_reversed(tmp_path: Path) -> None:
    windows = [[0, 30], [60, 30], [-15, 3000]]
    content = {"s1.avi": {"timestamps": windows, "sentences": ["a", "b", "c"], "fps": 30, "num_frames": 900}}
    result = read_tacos(document(tmp_path, content))
    assert found(result) == [(1, "s1.avi", "a", 0.0, 1.0), (2, "s1.avi", "c", 0.0, 30.0)]
    assert result[0].changes == {"dropped": 1, "clipped": 1}


@pytest.mark.parametrize(
    ("change", "location"),
    [({"fps": 0}, "/s1.avi"), ({"fps": None}, "/s1.avi"), ({"num_frames": float("nan")}, "/s1.avi"),
     ({"num_frames": 10**400}, "/s1.avi"), ({"timestamps": [[1000, 1200]]}, "/s1.avi/timestamps/0")],
)  # fmt: skip
def test_tacos_without_a_duration_or_beyond_it(tmp_path: Path, change: dict[str, Any], location: str) -> None:
    entry = {"timestamps": [[0, 30]], "sentences": ["a"], "fps": 30, "num_frames": 900, **change}
    _, problems = read_tacos(document(tmp_path, {"s1.avi": entry}))
    assert [problem.location for problem in problems] == [location]


def test_qvhighlights(tmp_path: Path) -> None:
    _, truth = make(0, 5)
    annotations, problems = read_qvhighlights(write_lines(tmp_path / "val.jsonl", truth))
    assert problems == []
    for query, wanted in zip(annotations.queries, truth, strict=True):
        assert (query.qid, query.video, query.duration) == (wanted["qid"], wanted["vid"], wanted["duration"])
        assert [list(window) for window in query.windows] == wanted["relevant_windows"]
        assert query.saliency is not None
        assert query.saliency.scores.tolist() == wanted["saliency_scores"]
        assert query.source == wanted["vid"].rsplit("_", 2)[0]


def test_a_segment_is_split_from_the_right() -> None:
    assert segment("a_b-_c_60.0_210.0") == ("a_b-_c", 60.0, 210.0)
    assert segment("abc") is segment("a_b_c") is segment("_1_2") is None


@pytest.mark.parametrize(
    ("change", "location"),
    [
        ({"qid": None}, "line 2 /qid"),
        ({"qid": True}, "line 2 /qid"),
        ({"qid": 7}, "line 2 /qid"),
        ({"query": ""}, "line 2 /query"),
        ({"vid": 3}, "line 2 /vid"),
        ({"duration": float("nan")}, "line 2 /duration"),
        ({"duration": 1e12}, "line 2 /duration"),
        ({"duration": 1}, "line 2 /duration"),
        ({"relevant_windows": []}, "line 2 /relevant_windows"),
        ({"relevant_windows": None}, "line 2 /relevant_windows"),
        ({"relevant_windows": [[0, 2], [4, 152]]}, "line 2 /relevant_windows/1"),
        ({"relevant_windows": [[4, 2]]}, "line 2 /relevant_windows/0"),
        ({"relevant_windows": [[float("nan"), 2]]}, "line 2 /relevant_windows/0"),
        ({"relevant_clip_ids": [0, 75]}, "line 2 /relevant_clip_ids/1"),
        ({"relevant_clip_ids": [0, 0]}, "line 2 /relevant_clip_ids"),
        ({"relevant_clip_ids": [0]}, "line 2"),
        ({"saliency_scores": [[1, 2, 3], [1, 2, 5]]}, "line 2 /saliency_scores/1"),
        ({"saliency_scores": [[1, 2, 3], [1, 2]]}, "line 2 /saliency_scores/1"),
        ({"saliency_scores": [[1, 2, 3], [1, 2, 1.5]]}, "line 2 /saliency_scores/1"),
    ],
)
def test_every_defect_of_qvhighlights_is_named(tmp_path: Path, change: dict[str, Any], location: str) -> None:
    good = {
        "qid": 7, "query": "x", "duration": 150, "vid": "v_0.0_150.0", "relevant_windows": [[0, 4]],
        "relevant_clip_ids": [0, 1], "saliency_scores": [[1, 2, 3], [4, 4, 4]],
    }  # fmt: skip
    lines = [good, {**good, "qid": 8, **change}, {**good, "qid": 9, "query": None}]
    _, problems = read_qvhighlights(write_lines(tmp_path / "val.jsonl", lines))
    assert [problem.location for problem in problems if problem.location.startswith("line 2")] == [location]
    assert {problem.location for problem in problems} == {location, "line 3 /query"}


def test_the_test_split_can_be_read_but_not_scored_on(tmp_path: Path) -> None:
    line = {"qid": 1, "query": "x", "duration": 150, "vid": "v_0.0_150.0"}
    path = write_lines(tmp_path / "highlight_test_release.jsonl", [line])
    with pytest.raises(UserError, match="the queries have no windows"):
        qvhighlights().read_truth([path])
    check = qvhighlights().check(tmp_path, "test")
    assert check.counts == {"queries": 1, "videos": 1, "sources": 1, "windows": 0}
    assert check.problems == ()
    assert "cannot" not in check.remarks[0]
    assert "not scored here" in check.remarks[1]


def test_one_line_without_annotation_among_others_is_a_problem(tmp_path: Path) -> None:
    _, truth = make(0, 2)
    bare = {key: truth[1][key] for key in ("qid", "query", "duration", "vid")}
    _, problems = read_qvhighlights(write_lines(tmp_path / "val.jsonl", [truth[0], bare]))
    assert {problem.location for problem in problems} == {"line 2 /relevant_windows", "line 2"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_plainly(tmp_path: Path, content: str | bytes) -> None:
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    charades(tmp_path, "")
    for name, evaluator in (
        ("a.txt", charades_sta),
        ("a.json", charades_cg),
        ("b.json", tacos),
        ("a.jsonl", qvhighlights),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UserError):
            evaluator().read_truth([tmp_path / name])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("timestamps", "sentences", "duration", "fps", "num_frames", "qid", "query", "vid", "relevant_windows",
        "relevant_clip_ids", "saliency_scores")  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(KEYS), json_values))
def test_any_values_are_read_or_named(tmp_path: Path, entry: dict[str, Any]) -> None:
    path = document(tmp_path, {"v": entry})
    lines = write_lines(tmp_path / "val.jsonl", [entry])
    for result, problems in (read_charades_json(path, "duration"), read_tacos(path), read_qvhighlights(lines)):
        for query in result.queries:
            assert problems or all(0 <= start <= end <= query.duration for start, end in query.windows)
