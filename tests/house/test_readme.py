"""The two READMEs give the same commands, and the example entry is what the kit makes."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.cli.running import cmivqa_here as cmivqa

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(name: str) -> list[tuple[str, str]]:
    return BLOCK.findall((ROOT / name).read_text(encoding="utf-8"))


def test_both_readmes_have_the_same_code_blocks() -> None:
    english, chinese = blocks("README.md"), blocks("README.zh-CN.md")
    assert len(english) >= 4
    assert english == chinese


def test_commands_in_the_readme_exist() -> None:
    from click.testing import CliRunner

    from cmivqa_kit.cli.main import cli

    lines = [line for kind, text in blocks("README.md") if kind == "bash" for line in text.splitlines()]
    called = [line.split()[1:] for line in lines if line.startswith("cmivqa ")]
    assert len(called) > 10
    for words in called:
        path = words[: 2 if words[0] == "data" else 1]
        result = CliRunner().invoke(cli, [*path, "--help"])
        assert result.exit_code == 0, words
        flags = [word for word in words if word.startswith("-")]
        assert all(flag in result.output for flag in flags), words


def test_the_example_entry_is_valid_and_reproduced(tmp_path: Path) -> None:
    entry = ROOT / "submissions" / "demo-bm25" / "submission.json"
    assert cmivqa("validate", entry, cwd=tmp_path).returncode == 0
    assert cmivqa("train", "-m", "bm25", cwd=tmp_path).returncode == 0
    assert cmivqa("predict", "--split", "testA", cwd=tmp_path).returncode == 0
    assert (tmp_path / "submission.json").read_bytes() == entry.read_bytes()
    assert len(json.loads(entry.read_text(encoding="utf-8"))) >= 80
