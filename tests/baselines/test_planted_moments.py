"""What benchmarks/planted_moments.py plants: a sentence's words show in the rows of its moment, unless shuffled."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from cmivqa_kit.bench.contract.registry import create_evaluator, find_benchmark

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import planted_moments

sys.path.pop(0)


def named_share(root: Path, seed: int) -> float:
    """How often the rows of a moment look more like the thing that its sentence names than like any other."""
    looks = planted_moments.directions(seed)
    evaluator = create_evaluator(find_benchmark("charades-sta"))
    right = []
    for split in ("train", "test"):
        for query in evaluator.read_truth(evaluator.truth_files(root, split)).queries:  # type: ignore[attr-defined]
            rows = np.load(root / "features" / planted_moments.STORE / f"{query.video}.npy")
            assert len(rows) == query.duration and rows.shape[1] == planted_moments.WIDTH
            ((start, end),) = query.windows
            mean = rows[int(start) : int(end)].mean(axis=0)
            _, _, act, _, thing = query.text.rstrip(".").split()
            likeness = {word: float(mean @ looks[word]) for word in planted_moments.THINGS}
            assert act in planted_moments.ACTS
            right.append(max(likeness, key=likeness.__getitem__) == thing)
    return float(np.mean(right))


@pytest.mark.parametrize("seed", [0, 1])
def test_the_rows_of_a_moment_show_what_its_sentence_names_unless_they_are_shuffled(tmp_path: Path, seed: int) -> None:
    planted = planted_moments.write_root(tmp_path / "planted", seed)
    shuffled = planted_moments.write_root(tmp_path / "shuffled", seed, shuffled=True)
    assert named_share(planted, seed) > 0.85
    assert named_share(shuffled, seed) < 0.45  # of six things
    for name in ("charades_sta_train.txt", "charades_sta_test.txt", "Charades_v1_train.csv", "Charades_v1_test.csv"):
        assert (planted / name).read_bytes() == (shuffled / name).read_bytes()
    again = planted_moments.write_root(tmp_path / "again", seed)
    stores = [sorted((root / "features" / planted_moments.STORE).iterdir()) for root in (planted, again)]
    assert [path.read_bytes() for path in stores[0]] == [path.read_bytes() for path in stores[1]]


def test_chance_is_that_of_moments_at_the_places_of_others(tmp_path: Path) -> None:
    figures = planted_moments.chance(planted_moments.write_root(tmp_path, 0))
    assert 0 < figures["R1@0.7"] < figures["R1@0.5"] < 0.25
