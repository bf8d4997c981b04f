"""Golden cases: numbers that the published programs returned. One test per case folder.

``CMIVQA_GOLDEN=FOLDER pytest tests/golden -v`` replays the cases of another folder. A folder whose (system, procedure)
is not known is a failure. See `tests.golden.replay` and, for what of ``scoring`` is compared, `tests.golden.scoring`.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.golden.replay import OWN, Case, cases, replay, root


@pytest.mark.parametrize("case", cases(root()), ids=lambda case: case.title)
def test_golden(case: Case) -> None:
    deviations = replay(case)
    assert not deviations, f"{len(deviations)} deviations:\n" + "\n".join(deviations)


def test_there_are_cases() -> None:
    assert cases(root()), f"no case.json below {root()}"


def test_the_project_keeps_every_procedure_that_is_built() -> None:
    replay(cases(OWN)[0])
    from tests.golden.replay import PROCEDURES

    assert {case.key for case in cases(OWN)} == set(PROCEDURES)


def test_an_unknown_procedure_fails(tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text(
        '{"system": "scoring", "case": "x", "procedure": "divination"}', encoding="utf-8"
    )
    (case,) = cases(tmp_path)
    assert case.title == "scoring-x"
    assert "'divination'" in replay(case)[0]


@pytest.mark.parametrize("text", ["", "[1]", "{"])
def test_a_damaged_case_fails(tmp_path: Path, text: str) -> None:
    (tmp_path / "case.json").write_text(text, encoding="utf-8")
    (case,) = cases(tmp_path)
    assert replay(case)


def test_every_deviating_case_is_listed(tmp_path: Path) -> None:
    folder = tmp_path / "any name"
    shutil.copytree(OWN / "scoring" / "track1", folder)
    changed = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    numbers = [one for one in changed if "raises" not in one["expected"]]
    numbers[3]["expected"]["miou"] += 1e-9
    numbers[5]["expected"]["i3"] = 12.5
    crash = next(one for one in changed if "raises" in one["expected"])
    crash["expected"]["at_index"] = 7
    (folder / "cases.json").write_text(json.dumps(changed[1:]), encoding="utf-8")
    deviations = "\n".join(replay(cases(tmp_path)[0]))
    for one in (numbers[3], numbers[5], crash):
        assert f"{one['name']} ({one['quirk']})" in deviations
    assert "96 cases, 97 are announced" in deviations
    assert len(deviations.splitlines()) == 4
