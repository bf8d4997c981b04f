"""What is drawn has the distribution that it says, whatever the size of the blocks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cmivqa_kit.scoring.statistics import draws


@pytest.mark.parametrize("clusters", [2, 3, 200, 1000])
def test_textbook_resamples(clusters: int) -> None:
    rows = np.concatenate(list(draws.weights(clusters, 4000, seed=1)))
    assert rows.shape == (4000, clusters)
    assert (rows.sum(axis=1) == clusters).all()
    assert np.abs(rows.mean(axis=0) - 1).max() < 5 / math.sqrt(4000)
    assert rows.var() == pytest.approx(1 - 1 / clusters, rel=0.05)


def test_poisson_resamples() -> None:
    rows = np.concatenate(list(draws.weights(1001, 4000, seed=1)))
    assert rows.shape == (4000, 1001)
    for number in range(6):
        assert (rows == number).mean() == pytest.approx(math.exp(-1) / math.factorial(number), rel=0.03)
    assert np.abs(np.corrcoef(rows[:, :50], rowvar=False) - np.eye(50)).max() < 0.1


def test_poisson_table_has_the_moments() -> None:
    table = draws._poisson_table().astype(float)
    assert len(table) == 65536
    assert table.mean() == pytest.approx(1, abs=1e-4)
    assert table.var() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("clusters", [1, 3, 17, 64, 65])
def test_every_pattern_of_signs_is_as_likely(clusters: int) -> None:
    rows = np.concatenate(list(draws.signs(clusters, 5000, seed=2)))
    assert rows.shape == (5000, clusters)
    assert set(np.unique(rows)) == {0.0, 1.0}
    assert np.abs(rows.mean(axis=0) - 0.5).max() < 0.04
    if clusters == 3:
        patterns = np.bincount((rows @ [4, 2, 1]).astype(int), minlength=8)
        assert patterns.min() > 5000 / 8 * 0.8


@pytest.mark.parametrize("clusters", [5, 1500])
def test_blocks_do_not_matter(clusters: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before = np.concatenate(list(draws.weights(clusters, 300, seed=3)))
    swapped = np.concatenate(list(draws.signs(clusters, 300, seed=3)))
    monkeypatch.setattr(draws, "BLOCK", 7)
    monkeypatch.setattr(draws, "ROWS", 7)
    assert (np.concatenate(list(draws.weights(clusters, 300, seed=3))) == before).all()
    assert (np.concatenate(list(draws.signs(clusters, 300, seed=3))) == swapped).all()


def test_blocks_are_small() -> None:
    assert all(block.size <= draws.BLOCK for block in draws.weights(1000, 1000, seed=0))
    assert all(len(block) <= draws.ROWS for block in draws.weights(100_000, 40, seed=0))


def test_seeds_differ() -> None:
    first, second = (next(iter(draws.weights(50, 10, seed=seed))) for seed in (0, 1))
    assert (first != second).any()
