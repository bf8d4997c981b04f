"""docs/researchers.md: the steps from `cmivqa baselines new` to a score are run as they stand, without network.

Only the place differs into which pip installs: a folder beside instead of the environment of the tests.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from tests.cli.running import cmivqa
from tests.hang import HANG
from tests.house.markdown import ROOT, Line, shell_lines

MARK = "<!-- new baseline -->\n```sh\n"


def steps() -> list[Line]:
    text = (ROOT / "docs" / "researchers.md").read_text(encoding="utf-8")
    return shell_lines(text.split(MARK)[1].partition("```")[0])


def test_the_package_trains_predicts_passes_its_test_and_is_listed(tmp_path: Path) -> None:
    env = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path / "site")])}
    said: dict[str, str] = {}
    for line in steps():
        program, *words = shlex.split(line.command)
        if program == "cmivqa":
            done = cmivqa(*words, cwd=tmp_path, **env)
        else:
            words = ["--target" if word == "-e" else word for word in words]
            if "--target" in words:
                words.insert(words.index("--target") + 1, str(tmp_path / "site"))
            done = subprocess.run(
                [sys.executable, "-m", program, *words], cwd=tmp_path, env={**os.environ, **env, "PIP_NO_INDEX": "1"},
                capture_output=True, timeout=HANG, check=False,
            )  # fmt: skip
        assert done.returncode == line.exit_code, f"{line.command}\n{done.stdout.decode()}{done.stderr.decode()}"
        said[line.command] = done.stdout.decode()
    assert "2 passed" in said["pytest our_system"]
    assert "our_system  1 2 3" in said["cmivqa baselines"]
    assert "answered by our_system, run runs/our_system-1" in said["cmivqa predict --split testA --all"]
    assert len(said) == 7
