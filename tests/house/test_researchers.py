"""docs/researchers.md: its Python is run from top to bottom, and prints what stands behind it.

A ``text`` block right after a ``python`` block is its output, with ``...`` where the rest of a line or more may differ.
"""

from __future__ import annotations

import doctest
import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.running import python
from tests.house.markdown import ROOT, blocks

PAGE = ROOT / "docs" / "researchers.md"
RUNNER = """
import io, json, sys
from contextlib import redirect_stdout
names, said = {}, []
for source in json.load(open(sys.argv[1], encoding="utf-8")):
    out = io.StringIO()
    with redirect_stdout(out):
        exec(compile(source, "docs/researchers.md", "exec"), names)
    said.append(out.getvalue())
print(json.dumps(said))
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A block of Python, and what it is said to print; ``None`` where nothing is said."""

    source: str
    output: str | None


def steps(page: Path) -> list[Step]:
    """The Python blocks of a page, each with the text block that follows it."""
    all_blocks = [*blocks(page), ("", "")]
    return [
        Step(text, following if kind == "text" else None)
        for (language, text), (kind, following) in itertools.pairwise(all_blocks)
        if language == "python"
    ]


def differs(step: Step, said: str) -> bool:
    """Whether a step printed something else than it says; printing in silence counts."""
    return not doctest.OutputChecker().check_output(step.output or "", said, doctest.ELLIPSIS)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("session")
    (folder / "steps.json").write_text(json.dumps([step.source for step in steps(PAGE)]), encoding="utf-8")
    done = python(RUNNER, "steps.json", cwd=folder, PYTHONPATH=str(ROOT), PYTHONUTF8="1")
    assert done.returncode == 0, done.stderr
    outputs: list[str] = json.loads(done.stdout.splitlines()[-1])
    return outputs


def test_every_block_runs_and_prints_what_it_says(said: list[str]) -> None:
    found = steps(PAGE)
    assert len(found) == len(said) > 15
    assert sum(step.output is not None for step in found) > 12
    wrong = {step.source: output for step, output in zip(found, said, strict=True) if differs(step, output)}
    assert not wrong, "\n".join(f"{source}-->\n{output}" for source, output in wrong.items())


def test_another_output_is_seen(said: list[str]) -> None:
    figures = [step for step in steps(PAGE) if step.output and "0." in step.output]
    changed = [Step(step.source, re.sub("[0-9]", "8", step.output or "")) for step in figures]
    outputs = {step.source: output for step, output in zip(steps(PAGE), said, strict=True)}
    assert len(changed) > 5
    assert all(differs(step, outputs[step.source]) for step in changed)
    assert differs(Step("", None), "something\n") and differs(Step("", "something\n"), "")


def test_links_within_the_page_resolve() -> None:
    text = PAGE.read_text(encoding="utf-8")
    titles = [line.lstrip("# ").lower() for line in text.splitlines() if line.startswith("#")]
    anchors = {re.sub(r"[^\w -]", "", title).replace(" ", "-") for title in titles}
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        if path:
            assert (PAGE.parent / path).exists(), target
        else:
            assert anchor in anchors, target
