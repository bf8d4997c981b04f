"""The official program from its specification gives what the organizers' program gave, and the kit gives the same."""

from __future__ import annotations

import base64
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz import official_program
from tests.fuzz.official_against_kit import disagreement
from tests.fuzz.official_inputs import files
from tests.fuzz.official_program import NAMES, Stopped, evaluate, repaired

CASES = Path(__file__).parents[1] / "golden" / "cases" / "scoring"
SEEDS = 200


def recorded(name: str) -> list[dict[str, Any]]:
    """Inputs with what the organizers' program gave, or where it stopped, on four interpreters."""
    path = CASES / name
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    document: Any = json.loads(data)
    cases: list[dict[str, Any]] = document if isinstance(document, list) else document["cases"]
    return cases


def documents(case: dict[str, Any], key: str) -> bytes:
    if f"{key}_b64" in case:
        return base64.b64decode(case[f"{key}_b64"])
    text = case[f"{key}_text"] if f"{key}_text" in case else json.dumps(case[key])
    return str(text).encode("utf-8", "backslashreplace")


@pytest.mark.parametrize("name", ["track1/cases.json", "track2/cases.json", "track3/cases.json", "files/cases.json"])
def test_it_gives_what_the_organizers_program_gave(name: str) -> None:
    cases = recorded(name)
    assert len(cases) > 10
    for case in cases:
        expected = case["expected"]
        if sys.version_info >= (3, 12):
            expected = case.get("expected_py312", expected)
        given = evaluate(case["track"], documents(case, "pred"), documents(case, "target"))
        if "raises" in expected:
            assert given == Stopped(expected["raises"], expected["stage"], expected.get("at_index")), case["name"]
        else:
            assert isinstance(given, dict), case["name"]
            assert repr(list(given.values())) == repr(list(expected.values())), case["name"]


@pytest.mark.parametrize("track", [1, 2, 3])
def test_repaired_numbers_are_the_recorded_ones(track: int) -> None:
    cases = [case for case in recorded(f"track{track}/cases.json") if case.get("repaired")]
    assert cases
    for case in cases:
        given = repaired(track, *(json.loads(documents(case, key)) for key in ("pred", "target")))
        assert given is not None and list(given) == list(NAMES[track])
        assert list(given.values()) == list(case["repaired"].values()), case["name"]


def test_the_kit_gives_the_same_on_random_files(tmp_path: Path) -> None:
    differences = {seed: disagreement(seed, tmp_path) for seed in range(SEEDS)}
    assert not {seed: text for seed, text in differences.items() if text}


def test_the_random_files_reach_every_end() -> None:
    """Numbers on each track, and every exception that the specification names."""
    ends: set[tuple[str, str]] = set()
    for seed in range(6 * SEEDS):
        if len(ends) > 12:
            break
        pair = files(seed)
        end = evaluate(pair.track, pair.predictions, pair.targets)
        ends.add((end.exception, end.stage) if isinstance(end, Stopped) else ("numbers", str(pair.track)))
    scored = ("TypeError", "KeyError", "ZeroDivisionError", "IndexError", "OverflowError", "ValueError")
    loaded = ("JSONDecodeError", "UnicodeDecodeError", "RecursionError")
    assert ends >= {
        *(("numbers", track) for track in "123"), *((name, "score") for name in scored),
        *((name, "load") for name in loaded),
    }  # fmt: skip


@pytest.mark.parametrize("name, other", [("THRESHOLDS", (0.31, 0.5, 0.7)), ("CUTS", (1, 3, 50))])
def test_a_program_that_differs_a_little_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, other: Any
) -> None:
    monkeypatch.setattr(official_program, name, other)
    assert any(disagreement(seed, tmp_path) for seed in range(2 * SEEDS))
