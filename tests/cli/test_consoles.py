"""Output survives consoles that cannot show Chinese, and pipes; JSON stays JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import cmivqa, cmivqa_here


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A submission for the embedded corpus whose findings quote Chinese and an emoji."""
    folder = tmp_path_factory.mktemp("console")
    assert cmivqa_here("sample", "--track", "3", "--out", "entry.json", cwd=folder).returncode == 0
    rows = json.loads((folder / "entry.json").read_text(encoding="utf-8"))
    rows[1]["output"][0] = ["视频😀\x1b[31m", 3.0, 1.0]
    (folder / "entry.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return folder


@pytest.mark.parametrize("encoding", ["ascii", "gbk", "utf-8", "latin-1", "cp1252"])
@pytest.mark.parametrize(
    "arguments", [["validate", "entry.json"], ["data", "check", "--all"], ["--help"]], ids=" ".join
)
def test_no_console_breaks_the_output(broken: Path, encoding: str, arguments: list[str]) -> None:
    done = cmivqa_here(*arguments, cwd=broken, PYTHONIOENCODING=encoding)
    assert done.returncode == (1 if "validate" in arguments else 0), done.stderr
    assert b"Traceback" not in done.stderr
    text = done.stdout.decode(encoding)
    assert "\x1b" not in text  # no colours on a pipe, and none from the file
    if "validate" in arguments:
        assert "E411" in text
        assert ("视频" in text) == (encoding in ("gbk", "utf-8"))


@pytest.mark.parametrize("encoding", ["ascii", "gbk", "utf-8"])
def test_json_stays_json_on_every_console(broken: Path, encoding: str) -> None:
    done = cmivqa("validate", "entry.json", "--format", "json", cwd=broken, PYTHONIOENCODING=encoding)
    report = json.loads(done.stdout.decode(encoding))[0]
    assert report["ok"] is False
    assert any("视频" in finding["message"] for finding in report["findings"])


def test_no_color_is_honoured(broken: Path) -> None:
    """FORCE_COLOR makes rich colour a pipe; NO_COLOR takes the colours away again."""
    coloured = cmivqa_here("validate", "entry.json", cwd=broken, FORCE_COLOR="1")
    plain = cmivqa_here("validate", "entry.json", cwd=broken, FORCE_COLOR="1", NO_COLOR="1")
    assert b"\x1b[3" in coloured.stdout
    assert b"\x1b[3" not in plain.stdout
