"""The files of the board: what they allow and escape, when they are written. No browser needed."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from cmivqa_kit.errors import UserError
from cmivqa_kit.leaderboard import page as package
from cmivqa_kit.leaderboard.page import BOARD, ENTRY, board_page, entry_page, write_pages
from tests.diagnosis.page.test_page import elements, hash_of
from tests.leaderboard.page.made import EVIL, entry, hostile, payload


@pytest.mark.parametrize("text", [board_page(hostile()), entry_page(entry(EVIL[0]))], ids=["board", "entry"])
def test_no_name_ends_an_element_and_the_policy_allows_the_script_alone(text: str) -> None:
    style, data, script = elements(text)
    assert f"script-src '{hash_of(script)}'; style-src '{hash_of(style)}'" in text
    assert "default-src 'none'" in text
    assert "connect-src 'none'" in text
    assert "<" not in data
    assert json.loads(data)["kit"] == "0.1.0"
    assert "alert(1)</script>" not in text


def test_every_part_is_used_and_none_reads_text_as_html() -> None:
    used = {*BOARD.styles, *BOARD.scripts, BOARD.body, *ENTRY.styles, *ENTRY.scripts, ENTRY.body}
    lying = {path.name for path in files(package).iterdir() if path.name.endswith((".js", ".css", ".html"))}
    assert lying == used
    for name in used:
        text = files(package).joinpath(name).read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|fetch\(|localStorage", text
        )
    assert not re.search(r"https?://[a-z]", "".join(files(package).joinpath(name).read_text() for name in used))


def test_every_word_that_is_said_is_there_in_both_languages_and_every_one_is_said() -> None:
    words = files(package).joinpath("words.js").read_text(encoding="utf-8")
    known = set(re.findall(r"^  (\w+): \[", words, re.MULTILINE))
    scripts = "".join(files(package).joinpath(name).read_text() for name in {*BOARD.scripts, *ENTRY.scripts})
    said = set(re.findall(r'word\("(\w+)"', scripts)) | set(
        re.findall(r'^\s+const facts = .*$|\["(\w+)", foreign', scripts)
    )
    by_value = {"task1", "task2", "task3", "curve2", "curve3", "baseline", "late", "over", "superseded", "crashed"}
    about = {"title", "method", "link", "hardware", "external", "received", "original", "digest"}
    assert said - {""} <= known
    assert known == (said - {""}) | by_value | about


def test_pages_are_written_together_and_never_over_others(tmp_path: Path) -> None:
    site = tmp_path / "site"
    assert write_pages(site, payload(), {"entries/team-000.html": entry()}) == site / "index.html"
    before = {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    assert set(before) == {"index.html", "entries/team-000.html"}
    with pytest.raises(UserError, match="holds pages already"):
        write_pages(site, hostile(), {})
    write_pages(site, payload(), {"entries/team-000.html": entry()}, force=True)
    assert {
        path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()
    } == before
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="is a file"):
        write_pages(tmp_path / "file", payload(), {})
