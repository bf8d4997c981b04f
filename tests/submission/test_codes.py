"""The table of codes for the documentation is made by the code and not stale."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import cmivqa_kit.submission.codes as module
from cmivqa_kit.submission.codes import CODES, documented, markdown
from cmivqa_kit.submission.context import check

DOCUMENT = Path(module.__file__).with_name("CODES.md")


def test_the_documented_table_is_not_stale() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert documented(text) == text, "run: python -m cmivqa_kit.submission.codes --write"
    for code in CODES:
        assert f"| {code} | " in text


def test_a_stale_table_is_replaced() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    stale = text.replace("| E101 |", "| E100 |")
    assert stale != text
    assert documented(stale) == text


def test_the_module_prints_the_table() -> None:
    done = subprocess.run([sys.executable, "-m", "cmivqa_kit.submission.codes"], capture_output=True, check=True)
    assert done.stdout.decode().replace("\r\n", "\n") == markdown()


def test_a_check_cannot_report_unknown_codes() -> None:
    with pytest.raises(ValueError, match="E999"):
        check("item", "E999")
