"""Attachments for tests: the example entry of Track 1 on the embedded corpus, whole and broken."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "submissions" / "cmivqa-2023" / "demo-bm25-5eacb2ce" / "run-2" / "submission_track1.json"


@cache
def example() -> bytes:
    return EXAMPLE.read_bytes()


def rows() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = json.loads(example())
    return made


def variant(number: int) -> bytes:
    """Another valid submission for each number."""
    made = rows()
    made[0]["end_second"] += number / 8
    return encoded(made)


def encoded(made: list[dict[str, Any]]) -> bytes:
    return json.dumps(made, ensure_ascii=False).encode()


def zipped(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in files.items():
            bundle.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    made = rows()
    for row in made:
        change(row)
    return encoded(made)


BROKEN: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "ids of 2024.json": (lambda: _changed(lambda row: row.update(id=f"NLPCC2024_Task1_{row['id']}")), {"E207"}),
    "another's questions.json": (
        lambda: _changed(lambda row: row.update(id=row["id"] + 9000, question="为什么？")),
        {"E207"},
    ),
    "cut off.zip": (lambda: zipped(**{"a.json": example()})[:2000], {"E113"}),
    "two.zip": (lambda: zipped(**{"a.json": example(), "b.json": example()}), {"E113"}),
    "outside.zip": (lambda: zipped(**{"../../a.json": example()}), {"E113"}),
    "nested.zip": (lambda: zipped(**{"a.zip": zipped(**{"a.json": example()})}), {"E113"}),
    "bomb.zip": (lambda: zipped(**{"a.json": b" " * (16 << 20)}), {"E113"}),
    "comma.json": (lambda: example().rstrip()[:-1] + b",]", {"E105"}),
    "nan.json": (lambda: example().replace(b'"end_second": ', b'"end_second": NaN, "x": ', 1), {"E106", "E302"}),
    "empty.json": (lambda: b"", {"E105"}),
    "page.json": (lambda: b"<!DOCTYPE html><html><body>404</body></html>", {"E114"}),
    "half.json": (lambda: encoded(rows()[:50]), {"E206"}),
}
