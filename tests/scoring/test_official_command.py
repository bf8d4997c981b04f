"""The drop-in for the organizers' program; its output is compared in tests/golden (procedure ``cli``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.scoring.official.__main__ import main
from tests.golden import scoring  # registers the procedures
from tests.golden.replay import OWN, PROCEDURES, cases

TARGET = [{"id": 1, "video_id": "v", "start_second": 0.0, "end_second": 10.0}]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the program on predictions (bytes or a document); gives status, output and errors."""
    monkeypatch.chdir(tmp_path)
    Path("dataset_testA_for_task_1_answer.json").write_text(json.dumps(TARGET), encoding="utf-8")

    def call(predictions: Any, *arguments: str) -> tuple[int, str, str]:
        data = predictions if isinstance(predictions, bytes) else json.dumps(predictions).encode()
        Path("output_task1.json").write_bytes(data)
        status = main(arguments)
        return status, *capsys.readouterr()

    return call


def test_the_default_names_and_full_precision(run: Any) -> None:
    status, out, err = run([{"id": 1, "start_second": 0, "end_second": 3.3333}])
    assert (status, err) == (0, "")
    assert out == "R@1,IoU=0.3: 100.0\nR@1,IoU=0.5: 0.0\nR@1,IoU=0.7: 0.0\nmIoU: 33.333\n"


@pytest.mark.parametrize("task", ["", "1", "--task="])
def test_any_task_prints_nothing(run: Any, task: str) -> None:
    assert run(b"not JSON", "--task", "x" + task) == (0, "", "")
    assert run(b"not JSON", f"--task={task}") == (0, "", "")


@pytest.mark.parametrize(
    ("predictions", "error"),
    [
        ([{"start_second": 0, "end_second": 1}], "KeyError at target 0"),
        ({"id": 1}, "TypeError at target 0"),
        (b"[1,]", "JSONDecodeError: "),
        (b"\xff", "UnicodeDecodeError: "),
        (b"\xef\xbb\xbf[]", "JSONDecodeError: "),
        (b"[" * 100_000, "RecursionError: "),
        (b"[" + b"1" * 5000 + b"]", "ValueError: "),
    ],
)
def test_where_it_crashes(run: Any, predictions: Any, error: str) -> None:
    status, out, err = run(predictions)
    assert (status, out) == (1, "")
    assert err.startswith(error)
    assert "Traceback" not in err


def test_a_missing_file(run: Any) -> None:
    assert run([], "--target_file", "absent.json")[2].startswith("FileNotFoundError: ")
    assert run([], "--pred", "absent.json")[0] == 1  # shortened, as argparse allows


def test_wrong_usage(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run([], "--nonsense")
    assert caught.value.code == 2


def test_the_replay_sees_other_output_and_other_numbers(tmp_path: Path) -> None:
    """A replay that notices nothing proves nothing."""
    assert scoring.cli in PROCEDURES.values()
    for name in ("cli", "files"):
        (tmp_path / name).mkdir()
        for file in (OWN / "scoring" / name).iterdir():
            (tmp_path / name / file.name).write_bytes(file.read_bytes())
    program = tmp_path / "cli" / "cases.json"
    document = json.loads(program.read_text(encoding="utf-8"))
    document["runs"] = [document["runs"][0], document["runs"][-1]]
    document["runs"][0]["stdout"] += "x"
    document["runs"][1]["exception"] = "OSError"
    program.write_text(json.dumps(document), encoding="utf-8")
    numbers = tmp_path / "files" / "cases.json"
    rows = {one["name"]: one for one in json.loads(numbers.read_text(encoding="utf-8"))}
    rows["load_crlf_ok"]["strict"]["miou"] += 1e-12
    rows["load_crlf_ok"]["strict"]["counts"]["extra"] = 1
    rows["load_lone_surrogate_ok"]["strict"]["by_language"] = {"Chinese": {}}
    rows["load_bom"]["strict"] = {"error": "ground_truth_empty"}
    rows["load_gbk"]["expected"]["raises"] = "JSONDecodeError"
    rows["load_jsonl"]["repaired"] = {"miou": 0.0}
    numbers.write_text(json.dumps(list(rows.values())), encoding="utf-8")
    found = {case.key[1]: PROCEDURES[case.key](case) for case in cases(tmp_path)}
    assert len(found["cli"]) == 3
    assert "cases.json: 2 cases, 9 are announced" in found["cli"]
    assert sorted(line.split()[1] for line in found["files"]) == [
        "load_bom", "load_crlf_ok", "load_crlf_ok", "load_gbk", "load_jsonl", "load_lone_surrogate_ok",
    ]  # fmt: skip
