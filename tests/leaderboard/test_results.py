"""The cache of results: what lies there comes back bit for bit, and what is damaged or old is made again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cmivqa_kit.entries.ground import Ground
from cmivqa_kit.leaderboard import Board, boards, results
from cmivqa_kit.leaderboard.boards import boards_of
from cmivqa_kit.leaderboard.records import FiledEntry
from cmivqa_kit.scoring.statistics.bootstrap import Resampling
from tests.leaderboard.small_board import ANSWERS, corpus, put, spans, truth

FEW = Ground(resampling=Resampling(50))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / results.FOLDER


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The teams' folders of the files that are scored, and not taken from the cache."""
    files: list[str] = []
    real = boards.file_result

    def counted(path: Path, *others: Any) -> Any:
        files.append(path.parent.parent.name)
        return real(path, *others)

    monkeypatch.setattr(boards, "file_result", counted)
    yield files


def three(folder: Path) -> list[FiledEntry]:
    broken = corpus(0.9)
    broken[3]["output"] = []
    return [put(folder, "a", corpus(0.5)), put(folder, "b", broken), put(folder, "c", spans(2))]


def shown(made: list[Board]) -> str:
    return json.dumps([board.to_dict() for board in made])


def kept(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.npz"))


def test_a_second_board_scores_nothing_and_is_the_same(tmp_path: Path, cache: Path, scored: list[str]) -> None:
    entries = three(tmp_path)
    first = boards_of(entries, FEW, [truth(tmp_path)])
    assert len(scored) == 3
    assert shown(boards_of(entries, FEW, [truth(tmp_path)])) == shown(first)
    assert len(scored) == 3


def test_one_new_file_is_the_one_that_is_scored(tmp_path: Path, cache: Path, scored: list[str]) -> None:
    entries = three(tmp_path)
    boards_of(entries, FEW, [truth(tmp_path)])
    entries.append(put(tmp_path, "d", corpus(0.7)))
    warm = boards_of(entries, FEW, [truth(tmp_path)])
    assert len(scored) == 4
    for path in kept(cache):
        path.unlink()
    assert shown(boards_of(entries, FEW, [truth(tmp_path)])) == shown(warm)


def test_the_same_content_under_another_name_is_scored_once(tmp_path: Path, cache: Path, scored: list[str]) -> None:
    boards_of([put(tmp_path, team, corpus(0.5)) for team in "abc"], FEW, [truth(tmp_path)])
    assert len(scored) == 1


@pytest.mark.parametrize("what", ["answers", "resamples", "version", "interpreter", "format", "edition", "text"])
def test_whatever_a_result_depends_on_makes_another(
    tmp_path: Path, cache: Path, scored: list[str], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    entries = [put(tmp_path, "a", corpus(0.5))]
    boards_of(entries, FEW, [truth(tmp_path)])
    ground, answers = FEW, ANSWERS
    if what == "answers":
        answers = [{**ANSWERS[0], "end_second": 31.0}, *ANSWERS[1:]]
    elif what == "text":
        answers = [{**ANSWERS[0], "question": "另一个问题？"}, *ANSWERS[1:]]
    elif what == "resamples":
        ground = Ground(resampling=Resampling(60))
    elif what == "version":
        monkeypatch.setattr(results, "__version__", "0.0.9")
    elif what == "interpreter":
        monkeypatch.setattr(results, "interpreter", lambda: "3.99")
    elif what == "format":
        monkeypatch.setattr(results, "FORMAT", 0)
    else:
        entries = [put(tmp_path, "a", corpus(0.5), edition="m4ivqa-2025")]
    boards_of(entries, ground, [truth(tmp_path, answers)])
    assert len(scored) == 2


def test_a_damaged_file_is_noticed_and_made_again(tmp_path: Path, cache: Path, scored: list[str]) -> None:
    entries = three(tmp_path)
    sound = shown(boards_of(entries, FEW, [truth(tmp_path)]))
    first, second, third = kept(cache)
    whole = first.read_bytes()
    changed = bytearray(second.read_bytes())
    changed[len(changed) // 2] ^= 0xFF
    first.write_bytes(whole[: len(whole) // 2])
    second.write_bytes(changed)
    np.savez(third, facts=np.array([{"a": 1}], dtype=object))  # a pickle
    said: list[str] = []
    assert shown(boards_of(entries, FEW, [truth(tmp_path)], say=said.append)) == sound
    assert said == [f"{first.parent}: 3 kept results damaged, made again"]
    assert len(scored) == 6
    assert shown(boards_of(entries, FEW, [truth(tmp_path)])) == sound
    assert len(scored) == 6


def test_the_result_of_another_file_under_this_name_is_not_taken(tmp_path: Path, cache: Path) -> None:
    entries = three(tmp_path)
    sound = shown(boards_of(entries, FEW, [truth(tmp_path)]))
    first, second, _ = kept(cache)
    first.write_bytes(second.read_bytes())
    said: list[str] = []
    assert shown(boards_of(entries, FEW, [truth(tmp_path)], say=said.append)) == sound
    assert len(said) == 1


def test_a_board_that_is_cancelled_leaves_the_cache_whole(tmp_path: Path, cache: Path, scored: list[str]) -> None:
    entries = three(tmp_path)

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        boards_of(entries, FEW, [truth(tmp_path)], progress=stop)
    assert len(kept(cache)) == 2
    said: list[str] = []
    boards_of(entries, FEW, [truth(tmp_path)], say=said.append)
    assert (said, len(scored)) == ([], 3)


def test_a_cache_that_cannot_be_written_costs_time_and_no_board(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scored: list[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "file"))
    entries = three(tmp_path)
    said: list[str] = []
    made = boards_of(entries, FEW, [truth(tmp_path)], say=said.append)
    assert [len(board.rows) for board in made] == [1, 2, 2]
    assert len(said) == 1
    assert said[0].startswith("results are not kept: ")


def test_nothing_in_the_cache_is_a_pickle(tmp_path: Path, cache: Path) -> None:
    boards_of(three(tmp_path), FEW, [truth(tmp_path)])
    for path in kept(cache):
        with np.load(path, allow_pickle=False) as arrays:
            assert {arrays[name].dtype.kind for name in arrays.files} <= set("fiu")
