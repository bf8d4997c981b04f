"""`cmivqa validate --fix OUT`: the copy, what is said of it, and the exit code of its validation."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import cmivqa_here as cmivqa
from tests.submission.small import lists, records, root_2023

OFFICIAL = Path(__file__).parents[2].parent / "shared" / "data" / "official_samples"
# Every video is one of the corpus.
ROWS = [{**row, "output": row["output"][:1]} for row in lists(records("dev"))]
TRIPLES = [[f"video_{i:05}", 1.5 * i, 1.5 * i + 7.25] for i in range(50)]
BROKEN_2024 = {
    "2024_MMIVQA_TASK1_Sample.json": (
        '[\n    {\n        "id": "NLPCC2024_Task1_1",\n        "video_id": "EybiLglTJOg",\n        "question": "？",\n'
        '        "start_second": 64.54,\n        "end_second": 76.53999999999999,\n        "language_type": "Chinese"\n'
        "    },\n\n]"
    ),
    **{
        f"2024_MMIVQA_TASK{track}_Sample.json": (
            f'[\n    {{\n        "id": "NLPCC2024_Task{track}_1",\n        "question": "How?",\n'
            f'        "output": {json.dumps(TRIPLES)},\n        "language_type": "English", \n    }},\n\n]'
        )
        for track in (2, 3)
    },
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return root_2023(tmp_path_factory.mktemp("data") / "root")


def fixed(work: Path, data: Path, content: str | bytes, *more: str, code: int = 0) -> tuple[list[str], Any]:
    """The lines printed for a file fixed into mended.json, and the document there."""
    raw = content.encode() if isinstance(content, str) else content
    (work / "mine.json").write_bytes(raw)
    done = cmivqa("validate", "mine.json", "--fix", "mended.json", "--data", data, *more, cwd=work)
    assert done.returncode == code, (done.stdout.decode(), done.stderr.decode())
    assert (work / "mine.json").read_bytes() == raw, "the input is never touched"
    out = work / "mended.json"
    return done.stdout.decode().splitlines(), json.loads(out.read_bytes()) if out.exists() else None


def test_a_file_with_many_faults(tmp_path: Path, data: Path) -> None:
    rows = [{**ROWS[0], "id": "0", "output": [["vidA_______", "1:05", 60], *ROWS[0]["output"][:1]]}, *ROWS[1:]]
    text = json.dumps(rows, ensure_ascii=False)[:-1] + ",]"
    lines, document = fixed(tmp_path, data, text.encode("gbk"))
    said = "\n".join(lines)
    assert document == [{**ROWS[0], "output": [["vidA_______", 60, 65], ROWS[0]["output"][0]]}, *ROWS[1:]]
    assert lines[0] == "mine.json: mended into mended.json"
    assert [line.split()[0] for line in lines if line[:3] in ("  E", "  W") and "(1)" in line][:5] == [
        "E103",
        "E105",
        "E208",
        "E301",
        "E304",
    ]
    assert '  /0/output/0/1: "1:05" -> 65' in said
    assert "mended.json: valid for dev" in said


def test_what_stays_is_named_and_decides_the_exit_code(tmp_path: Path, data: Path) -> None:
    lines, document = fixed(tmp_path, data, "\ufeff" + json.dumps(ROWS[:2], ensure_ascii=False), code=1)
    said = "\n".join(lines)
    assert document == ROWS[:2]
    assert "Left: E206 questions without an answer" in said
    assert "mended.json: not valid" in said


def test_a_valid_file_is_copied(tmp_path: Path, data: Path) -> None:
    text = json.dumps(ROWS, ensure_ascii=False, indent=3) + "\n\n"
    lines, _ = fixed(tmp_path, data, text)
    assert lines[0] == "mine.json: nothing to mend; copied to mended.json"
    assert (tmp_path / "mended.json").read_text(encoding="utf-8") == text


def test_nothing_is_written_where_no_json_comes_out(tmp_path: Path, data: Path) -> None:
    lines, document = fixed(tmp_path, data, "[{'id': 0}]", code=1)
    assert document is None
    assert lines[0] == "mine.json: cannot be mended; nothing was written"
    assert any("E105" in line and "double quotes" in line for line in lines)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.json"]


def test_json_goes_to_standard_output_alone(tmp_path: Path, data: Path) -> None:
    (tmp_path / "mine.json").write_text(json.dumps(ROWS)[:-1] + ",]", encoding="utf-8")
    done = cmivqa("validate", "mine.json", "--fix", "out.json", "--data", data, "--format", "json", cwd=tmp_path)
    assert done.returncode == 0
    assert Path(json.loads(done.stdout)[0]["file"]).name == "out.json"
    assert b"trailing commas removed" in done.stderr


def test_files_are_not_replaced_unasked(tmp_path: Path, data: Path) -> None:
    mine, other = tmp_path / "mine.json", tmp_path / "other.json"
    mine.write_text(json.dumps(ROWS, ensure_ascii=False), encoding="utf-8")
    other.write_text("precious", encoding="utf-8")
    (tmp_path / "link.json").symlink_to(mine)
    before = mine.read_bytes()
    for arguments, message in (
        (["mine.json", "--fix", "mine.json"], "never touched"),
        (["mine.json", "--fix", "./mine.json", "--force"], "never touched"),
        (["mine.json", "--fix", "link.json", "--force"], "never touched"),
        (["mine.json", "--fix", "other.json"], "exists already"),
        (["mine.json", "--fix", "."], "is a directory"),
        (["mine.json", "other.json", "--fix", "out.json"], "mends one file"),
        (["none.json", "--fix", "out.json"], "no such submission file"),
    ):
        done = cmivqa("validate", *arguments, "--data", data, cwd=tmp_path)
        assert (done.returncode, message in done.stderr.decode()) == (2, True), (arguments, done.stderr)
    assert mine.read_bytes() == before
    assert other.read_text() == "precious"
    assert not (tmp_path / "out.json").exists()
    assert cmivqa("validate", mine, "--fix", other, "--force", "--data", data, cwd=tmp_path).returncode == 0
    assert other.read_bytes() == before


@pytest.mark.parametrize("name", sorted(BROKEN_2024))
def test_the_official_samples_of_2024(tmp_path: Path, name: str) -> None:
    file = OFFICIAL / name
    text = file.read_text(encoding="utf-8") if file.is_file() else BROKEN_2024[name]
    (tmp_path / name).write_text(text, encoding="utf-8")
    done = cmivqa("validate", name, "--fix", "out.json", "--edition", "mmivqa-2024", cwd=tmp_path)
    assert done.returncode in (0, 1, 2), done.stderr
    out = (tmp_path / "out.json").read_text(encoding="utf-8")
    assert len(json.loads(out)) >= 1
    removed = len(re.findall(r",\s*[]}]", text))
    assert removed == done.stdout.decode().count("-> (removed)") > 0
    assert len(text) - len(out) == removed, "the commas alone"
    assert text.count(",") - out.count(",") == removed
    assert out.replace(",", "") == text.replace(",", "")
    assert "E105 trailing commas removed" in done.stdout.decode()
    assert "Traceback" not in done.stderr.decode()


def test_an_encoding_that_only_the_user_knows(tmp_path: Path) -> None:
    data = root_2023(tmp_path / "data")
    rows = [{**row, "question": "請先用肥皂洗手，然後壓住傷口止血"} for row in ROWS]
    given = tmp_path / "big5.json"
    given.write_bytes(json.dumps(rows, ensure_ascii=False).encode("big5"))
    words = ("validate", given, "--data", data, "--split", "dev", "--track", "3", "--fix", tmp_path / "out.json")
    refused = cmivqa(*words, cwd=tmp_path)
    assert refused.returncode == 1
    assert "it looks like Big5" in refused.stdout.decode()
    assert not (tmp_path / "out.json").exists()
    cmivqa(*words, "--encoding", "big5", cwd=tmp_path)
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))[0]["question"] == rows[0]["question"]
    report = cmivqa(*words[:-2], "--encoding", "big5", "--format", "json", cwd=tmp_path).stdout
    (document,) = json.loads(report)
    assert document["rows"] == len(rows)
    assert document["counts"]["E103"] == 1
    scored = cmivqa("score", *words[1:-2], "--encoding", "big5", "--format", "json", cwd=tmp_path)
    assert scored.returncode == 3
    (entry,) = json.loads(scored.stdout)
    assert entry["scores"][0]["official"]["status"] == "unreadable"
    assert entry["status"] == "ok"
