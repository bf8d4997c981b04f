"""What can be mended ends in the command that mends it; units of time; the form alone; parts of the questions."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

import cmivqa_kit as ck
from cmivqa_kit.data.demo import demo_corpus
from tests.cli.running import cmivqa_here as cmivqa

CORPUS = demo_corpus()
ANSWERS = CORPUS / "answers" / "dataset_testA_for_task_1_answer.json"


def right() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(ANSWERS.read_text(encoding="utf-8"))
    return rows


def put(folder: Path, rows: Any, name: str = "my file.json") -> str:
    (folder / name).write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return name


def next_of(*words: object, cwd: Path, code: int) -> list[str]:
    done = cmivqa(*map(str, words), cwd=cwd)
    assert done.returncode == code, (done.stdout.decode(), done.stderr.decode())
    return shlex.split(done.stdout.decode().splitlines()[-1].removeprefix("Next: cmivqa "))


def timed(factor: float) -> list[dict[str, Any]]:
    return [{**r, **{k: r[k] * factor for k in ("start_second", "end_second")}} for r in right()]


@pytest.mark.parametrize("flags", [(), ("--data", str(CORPUS))])
@pytest.mark.parametrize(
    "rows",
    [
        [{**row, "id": row["id"] + 1} for row in right()],
        [{**row, "id": float(row["id"])} for row in right()],
        [{**row, "id": f"{row['id']}.0"} for row in right()],
        [{key: value for key, value in row.items() if key != "id"} for row in right()],
    ],
)
def test_ids_are_mended_by_the_printed_command(rows: Any, flags: tuple[str, ...], tmp_path: Path) -> None:
    name = put(tmp_path, rows)
    words = next_of("validate", name, *flags, cwd=tmp_path, code=1)
    assert words == ["validate", name, "--fix", "my file_fixed.json", *flags]
    scoring = next_of(*words, cwd=tmp_path, code=0)
    assert scoring == ["score", "my file_fixed.json", *flags]
    done = cmivqa(*scoring, "--format", "json", cwd=tmp_path)
    assert json.loads(done.stdout)[0]["scores"][0]["strict"]["metrics"]["mIoU"] == 1.0
    # The copy is there now: the command that is printed then names another.
    assert next_of("validate", name, *flags, cwd=tmp_path, code=1)[3] == "my file_fixed2.json"


@pytest.mark.parametrize(("factor", "unit"), [(1000, "ms"), (25, "frames=25")])
def test_a_unit_is_named_and_converted(factor: float, unit: str, tmp_path: Path) -> None:
    name = put(tmp_path, timed(factor))
    done = cmivqa("validate", name, cwd=tmp_path)
    assert b"just after" not in done.stdout and done.stdout.count(b"W3") == 1
    words = next_of("validate", name, cwd=tmp_path, code=0)
    assert words == ["validate", name, "--fix", "my file_fixed.json", "--unit", unit]
    assert next_of(*words, cwd=tmp_path, code=0) == ["score", "my file_fixed.json"]
    ends = [row["end_second"] for row in json.loads((tmp_path / "my file_fixed.json").read_bytes())]
    assert ends == pytest.approx([row["end_second"] for row in right()])


def test_fractions_need_the_videos(tmp_path: Path) -> None:
    lengths = {video.id: video.duration or 1.0 for video in ck.open_split(CORPUS, "testA").videos.values()}
    rows = [{**r, **{k: r[k] / lengths[r["video_id"]] for k in ("start_second", "end_second")}} for r in right()]
    name = put(tmp_path, rows)
    words = next_of("validate", name, cwd=tmp_path, code=0)
    assert words[-1] == "fraction"
    next_of(*words, cwd=tmp_path, code=0)
    ends = [row["end_second"] for row in json.loads((tmp_path / "my file_fixed.json").read_bytes())]
    assert ends == pytest.approx([row["end_second"] for row in right()])
    mended = ck.mend(tmp_path / name, tmp_path / "x.json", ck.Ground(truth=ANSWERS), unit="fraction")
    assert "W310" in {refusal.code for refusal in mended.fixed.refused}


def test_unit_alone_and_no_unit_are_wrong_usage(tmp_path: Path) -> None:
    name = put(tmp_path, timed(1000))
    for words in (("--unit", "ms"), ("--unit", "weeks", "--fix", "x.json"), ("--unit", "frames", "--fix", "x.json")):
        done = cmivqa("validate", name, *words, cwd=tmp_path)
        assert done.returncode == 2 and b"--unit" in done.stderr
    assert not (tmp_path / "x.json").exists()


def test_the_form_alone(tmp_path: Path) -> None:
    rows = [{"id": 5, "video_id": "v", "question": "?", "start_second": 1, "end_second": 2}]
    flags = ("--track", "1", "--edition", "cmivqa-2023")
    done = cmivqa("validate", put(tmp_path, rows), *flags, cwd=tmp_path)
    shown = done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode()
    assert "valid, Track 1" in shown and "Not checked: ids and question texts" in shown
    assert "Not checked: ends of spans" in shown
    words = shlex.split(shown.splitlines()[-1].removeprefix("Next: cmivqa "))
    assert cmivqa(*words, cwd=tmp_path).returncode == 0
    assert cmivqa("validate", put(tmp_path, [{"id": 5}]), *flags, cwd=tmp_path).returncode == 1
    assert cmivqa("validate", put(tmp_path, rows), "--track", "1", cwd=tmp_path).returncode == 2


def test_float_ids_score_as_the_official_program_does(tmp_path: Path) -> None:
    name = put(tmp_path, [{**row, "id": float(row["id"])} for row in right()])
    done = cmivqa("validate", name, cwd=tmp_path)
    assert b"the official program counts it as 0" in done.stdout and b"E206" not in done.stdout
    card = json.loads(cmivqa("score", name, "--data", CORPUS, "--format", "json", cwd=tmp_path).stdout)[0]["scores"][0]
    assert card["official"]["metrics"]["mIoU"] == 1.0
    assert card["strict"]["metrics"]["mIoU"] == 0.0
    texts = put(tmp_path, [{**row, "id": f"{row['id']}.0"} for row in right()], "texts.json")
    card = json.loads(cmivqa("score", texts, "--data", CORPUS, "--format", "json", cwd=tmp_path).stdout)[0]["scores"][0]
    assert card["official"]["metrics"]["mIoU"] == 0.0


def test_only_says_what_the_ids_are_and_takes_paths(tmp_path: Path) -> None:
    name = put(tmp_path, right())
    (tmp_path / "empty.txt").write_text("\n", encoding="utf-8")
    done = cmivqa("score", name, "--only", "empty.txt", cwd=tmp_path)
    assert done.returncode == 2 and b"--only empty.txt: no id in it" in done.stderr
    put(tmp_path, ["0", "1"], "texts.json")
    done = cmivqa("score", name, "--only", "texts.json", cwd=tmp_path)
    assert b"In the answers the id is the number 0, not the text '0'" in done.stderr
    put(tmp_path, [0.0, 1.0], "floats.json")
    assert cmivqa("score", name, "--only", "floats.json", cwd=tmp_path).returncode == 0
    (tmp_path / "words.txt").write_text("0\n1\n", encoding="utf-8")
    for only in (tmp_path / "words.txt", str(tmp_path / "floats.json"), "0,1", [0, 1]):
        assert len(ck.score(tmp_path / name, ANSWERS, 1, only=only).question_ids) == 2
        ground = ck.Ground(CORPUS, options=ck.ScoreOptions(only=only), resampling=None)
        assert len(ck.open_entry(tmp_path / name, ground).cards[0].question_ids) == 2
    with pytest.raises(ck.UserError, match="no id in it"):
        ck.score(tmp_path / name, ANSWERS, 1, only=tmp_path / "empty.txt")
