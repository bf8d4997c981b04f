"""`cmivqa validate` and `cmivqa schema`: places, warnings in one line, several files, answer files, limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.cli.json_schemas.registry import EXPLAIN
from cmivqa_kit.submission import codes
from tests.cli.running import cmivqa_here as cmivqa
from tests.declared import conform
from tests.submission.small import VIDEOS, lists, put, records, root_2023, root_2024, spans, without


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return root_2023(tmp_path_factory.mktemp("data"))


def answers() -> list[dict[str, Any]]:
    """Lists for dev as the official baseline writes them: 50 entries, videos and entries repeated."""
    output = [[VIDEOS[j % 3], float(j % 10), 30.0] for j in range(50)]
    return [{"id": row["id"], "question": row["question"], "output": output} for row in records("dev")]


def run(*arguments: object, code: int = 0, cwd: Path) -> list[str]:
    done = cmivqa("validate", *arguments, cwd=cwd)
    assert done.returncode == code, done.stderr.decode() + done.stdout.decode()
    assert b"Traceback" not in done.stderr
    return done.stdout.decode().splitlines()


def test_warnings_take_one_line_per_code(root: Path, tmp_path: Path) -> None:
    put(tmp_path / "x.json", answers())
    lines = run("x.json", "--data", root, cwd=tmp_path)
    assert len(lines) < 10
    assert "valid for dev, Tracks 2 and 3; 3 items, 0 errors, 6 warnings" in lines[0]
    assert sum("W413" in line for line in lines) == sum("W414" in line for line in lines) == 1
    (warning,) = [line for line in lines if "W414" in line]
    assert "(3): e.g. x.json:1:" in warning
    assert "/0/output/3 (id 0): 47 of 50 entries" in warning
    assert lines[-2].startswith("  Not checked: ends of spans against exact durations")
    assert lines[-1].startswith("Next: cmivqa score x.json")
    whole = run("x.json", "--data", root, "-v", cwd=tmp_path)
    assert sum("x.json:1:" in line for line in whole) == 6


def test_errors_have_line_and_column(root: Path, tmp_path: Path) -> None:
    rows = answers()
    rows[1]["output"] = [*rows[1]["output"][:2], [VIDEOS[0], 9, 4], *rows[1]["output"][3:]]
    text = json.dumps(rows, ensure_ascii=False, indent=1)
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    lines = run("x.json", "--data", root, code=1, cwd=tmp_path)
    place = text[: text.index("9,\n")].rindex("[")
    line, column = text.count("\n", 0, place) + 1, place - text.rindex("\n", 0, place)
    assert f"    x.json:{line}:{column} /1/output/2 (id 1): 9 to 4 ends before it starts" in lines
    assert any(line.startswith("  E304") and "Official program: counts 0. Fix: " in line for line in lines)


def test_at_most_twenty_errors_of_a_code_are_listed(root: Path, tmp_path: Path) -> None:
    put(tmp_path / "x.json", [*answers(), *range(30)])
    lines = run("x.json", "--data", root, "--split", "dev", code=1, cwd=tmp_path)
    assert sum("is not an object" in line for line in lines) == 20
    assert "    ... and 10 more" in lines


def test_several_files_end_with_a_table(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "entries"
    put(folder / "a" / "good.json", answers())
    put(folder / "b" / "bad.json", answers()[:2])
    put(folder / "c" / "object.json", answers()[0])
    put(folder / "d" / "foreign.json", [{"id": 0, "question": "x", "output": [["y", 0, 1]]}])
    done = cmivqa("validate", "entries", "--data", root, cwd=tmp_path)
    assert done.returncode == 2
    assert b"foreign.json" in done.stderr
    text = done.stdout.decode()
    table = [line.split() for line in text[text.index("verdict") :].splitlines()[1:5]]
    assert [row[1:] for row in table] == [
        ["valid", "0", "6"], ["not", "valid", "1", "4"], ["not", "valid", "1", "0"], ["not", "judged", "-", "-"]
    ]  # fmt: skip


def test_json_has_findings_whole_and_counts(root: Path, tmp_path: Path) -> None:
    put(tmp_path / "x.json", [*answers()[:2], 5])
    done = cmivqa("validate", "x.json", "--data", root, "--format", "json", cwd=tmp_path)
    assert done.returncode == 1
    (report,) = json.loads(done.stdout)
    assert report["counts"] == {"E201": 1, "E206": 1, "W413": 2, "W414": 2}
    assert len(report["findings"]) == 6
    finding = report["findings"][0]
    assert (finding["code"], finding["path"], finding["line"], finding["official"]) == ("E201", "/2", 1, "crashes")
    assert finding["column"] == (tmp_path / "x.json").read_text(encoding="utf-8").rindex("5") + 1


def test_an_answer_file_alone(root: Path, tmp_path: Path) -> None:
    put(tmp_path / "answers.json", records("dev"))
    lines = run("--truth", "answers.json", cwd=tmp_path)
    assert lines[0] == "answers.json: answer file, valid; 3 items, 0 errors, 0 warnings"
    assert lines[-1] == "To score a submission against it: cmivqa score --truth answers.json FILE"
    rows = records("dev")
    rows[0]["video_id"] = "nowhere"
    rows[1]["end_second"] = 500
    rows[2]["start_second"] = 99
    put(tmp_path / "answers.json", rows)
    lines = run("--truth", "answers.json", "--data", root, code=1, cwd=tmp_path)
    assert [line.split()[0] for line in lines if line.startswith("  ") and line[2] in "EW"] == ["E904", "E905", "W906"]
    put(tmp_path / "answers.json", {})
    assert "E901" in run("--truth", "answers.json", code=1, cwd=tmp_path)[1]


def test_submissions_against_an_answer_file(tmp_path: Path) -> None:
    put(tmp_path / "answers.json", records("dev"))
    put(tmp_path / "x.json", spans(records("dev")))
    lines = run("x.json", "--truth", "answers.json", cwd=tmp_path)
    assert "x.json: valid, Track 1; 3 items, 0 errors, 0 warnings" in lines
    assert lines[-1] == "Next: cmivqa score x.json --truth answers.json"
    put(tmp_path / "y.json", without(spans(records("dev"))[:2], "question"))
    assert any("E206" in line for line in run("y.json", "--truth", "answers.json", code=1, cwd=tmp_path))
    put(tmp_path / "ids.json", without(records("dev"), "question"))
    assert not any("E213" in line for line in run("x.json", "--truth", "ids.json", cwd=tmp_path))


def test_the_size_limit(root: Path, tmp_path: Path) -> None:
    put(tmp_path / "x.json", answers())
    lines = run("x.json", "--data", root, "--max-size", "0.0001", code=1, cwd=tmp_path)
    assert "E102" in lines[1]
    assert cmivqa("validate", "x.json", "--max-size", "0", cwd=tmp_path).returncode == 2


def test_items_of_no_track_have_findings_all_the_same(tmp_path: Path) -> None:
    put(tmp_path / "x.json", [1, {"a": 2}])
    lines = run("x.json", code=1, cwd=tmp_path)
    assert [line.split()[0] for line in lines if line.startswith("  E")] == ["E201", "E202"]
    assert any("the track is unknown" in line for line in lines)
    put(tmp_path / "y.json", [{"id": 0}])
    assert cmivqa("validate", "y.json", cwd=tmp_path).returncode == 2


def test_nothing_to_check_is_wrong_usage(tmp_path: Path) -> None:
    done = cmivqa("validate", cwd=tmp_path)
    assert done.returncode == 2
    assert b"--truth" in done.stderr


def test_a_file_of_another_track_in_2024(tmp_path: Path) -> None:
    root = root_2024(tmp_path / "data")
    rows = [
        {"id": f"NLPCC2024_Task3_{row['id'] + 1}", "question": row["question"], "output": row["output"]}
        for row in lists(records("dev"))
    ]
    put(tmp_path / "x.json", rows)
    lines = run("x.json", "--data", root, "--track", "2", code=1, cwd=tmp_path)
    listed = {line.split()[0] for line in lines if line.startswith("  ") and line[2:4] in ("E2", "E4")}
    assert listed == {"E207", "E212", "E411"}


@pytest.mark.parametrize("edition", ["cmivqa-2023", "mmivqa-2024", "m4ivqa-2025"])
def test_schemas_are_shown(edition: str, tmp_path: Path) -> None:
    from jsonschema import Draft202012Validator

    for track in "123":
        shown = cmivqa("schema", "show", "--track", track, "--edition", edition, cwd=tmp_path)
        assert shown.returncode == 0, shown.stderr
        schema = json.loads(shown.stdout)
        Draft202012Validator.check_schema(schema)
        assert schema["$id"] == f"urn:cmivqa-kit:schema:{edition}:track{track}"


def test_a_code_is_explained_as_codes_md_has_it(tmp_path: Path) -> None:
    lines = run("--explain", "e213", "--explain", "E110", "--explain", "E213", cwd=tmp_path)
    assert lines == [
        "E213: question text differs (error)",
        "  About: Items",
        "  Official program: never read",
        "  Fix: rows may be shifted: check ids against texts",
        "E110: top level is not an array (error)",
        "  About: The file",
        "  Official program: crashes",
        "  Fix: put the objects into [ ]",
        "  Nothing further in the file is checked.",
    ]
    table = (Path(codes.__file__).parent / "CODES.md").read_text(encoding="utf-8")
    for code in codes.CODES.values():
        [entry] = json.loads("\n".join(run("--explain", code.code, "--format", "json", cwd=tmp_path)))
        conform(f"validate{EXPLAIN}", [entry])
        assert entry["code"] == code.code
        assert all(entry[key] in table for key in ("title", "official", "fix", "about"))


def test_codes_that_do_not_exist_are_all_named_and_no_file_is_checked_beside(tmp_path: Path) -> None:
    done = cmivqa("validate", "--explain", "E999", "--explain", "E213", "--explain", "x", cwd=tmp_path)
    assert done.returncode == 2
    assert b"no such code: 'E999', 'X'" in done.stderr
    done = cmivqa("validate", "--explain", "E213", "x.json", cwd=tmp_path)
    assert done.returncode == 2
    assert b"name codes or files, not both" in done.stderr


def test_brief_is_one_line_per_file(root: Path, tmp_path: Path) -> None:
    rows = answers()
    put(tmp_path / "good.json", rows)
    rows[0] = {**rows[0], "question": "another"}
    put(tmp_path / "bad.json", rows)
    (tmp_path / "cut.json").write_text("[", encoding="utf-8")
    lines = run("--brief", "bad.json", "cut.json", "good.json", "--data", root, code=1, cwd=tmp_path)
    assert lines[:3] == [
        "bad.json: not valid for dev, Tracks 2 and 3; 3 items, 1 error, 6 warnings: E213 x 1, W413 x 3, W414 x 3",
        "cut.json: not valid; 0 items, 1 error, 0 warnings: E105 x 1",
        "good.json: valid for dev, Tracks 2 and 3; 3 items, 0 errors, 6 warnings: W413 x 3, W414 x 3",
    ]
    assert lines[3] == "Without --brief each place is named."
    assert lines[4].startswith("Next: cmivqa validate bad.json cut.json")
    assert cmivqa("validate", "--brief", "-v", "good.json", cwd=tmp_path).returncode == 2
