"""From `cmivqa score FILE` to the score card a reader walks through few modules.

Counted are the modules of the kit on the call stack whenever a part of a card is made: the decoded file, the match with
a split, the answers, the official and the strict scores, the card. What these call further down (layouts, metrics, the
arithmetic of the official program) is not on the way.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType

import pytest

from tests.cli.running import cmivqa_here
from tests.submission.small import lists, put, records, root_2023

AT_MOST = 12
PARTS = {"Document", "Match", "Official", "Strict", "ScoreCard"}
READERS = {"truth_records", "read_answers"}


@pytest.mark.parametrize("ground", ["data root", "answer file"])
def test_from_file_to_card(tmp_path: Path, ground: str) -> None:
    path = put(tmp_path / "entry.json", lists(records("testA")))
    truth = put(tmp_path / "answers.json", records("testA"))
    given = ("--data", root_2023(tmp_path / "root", answers=True)) if ground == "data root" else ("--truth", truth)
    walked: set[str] = set()
    made: set[str] = set()

    def look(frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code.co_name
        part = type(frame.f_locals.get("self")).__name__ if code == "__init__" else code
        if event == "call" and part in PARTS | READERS:
            made.add(part)
            at: FrameType | None = frame
            while at is not None:
                walked.add(str(at.f_globals.get("__name__")))
                at = at.f_back

    sys.setprofile(look)
    try:
        ended = cmivqa_here("score", path, *given, cwd=tmp_path)
    finally:
        sys.setprofile(None)
    assert ended.returncode == 0, ended.stderr
    modules = sorted(name for name in walked if name.startswith("cmivqa_kit"))
    assert made >= (PARTS - {"Match"} if ground == "answer file" else PARTS)
    assert len(modules) <= AT_MOST, modules
