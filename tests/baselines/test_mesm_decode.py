"""Windows in seconds: order, grid, limit, temporal NMS."""

from __future__ import annotations

import numpy as np

from baselines.mesm.decode import NmsRules, WindowRules, decode, finish, four_decimals, suppress

LOGITS = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 0.0]], dtype=np.float32)
SHARES = np.array([[0.5, 0.2], [0.9, 0.4], [0.1, 0.1]], dtype=np.float32)


def test_the_best_comes_first_and_equals_stay_in_the_order_of_slots() -> None:
    table = decode(LOGITS, SHARES, 20.0)
    assert table.tolist() == [[14.0, 22.0, 0.8808], [8.0, 12.0, 0.5], [1.0, 3.0, 0.5]]
    assert decode(LOGITS, SHARES, 20.0, in_order=False)[:, 0].tolist() == [8.0, 14.0, 1.0]


def test_huge_logits_are_probabilities() -> None:
    logits = np.array([[1000.0, -1000.0], [-1000.0, 1000.0]], dtype=np.float32)
    assert decode(logits, SHARES[:2], 20.0)[:, 2].tolist() == [1.0, 0.0]


def test_limit_and_grid() -> None:
    windows = np.array([[-1.0, 0.4, 0.5], [0.5, 1.5, 0.4], [149.6, 180.0, 0.3]])
    assert finish(windows, WindowRules(1.0, 150.0))[:, :2].tolist() == [[0, 0], [0, 2], [150, 150]]
    assert np.allclose(finish(windows, WindowRules(-1.0, 1000.0))[:, :2], [[0, 0.4], [0.5, 1.5], [149.6, 180.0]])
    assert finish(np.array([[3.37, 3.5, 0.5]]), WindowRules(0.17))[0, 0] == np.float32(20) * np.float32(0.17)


def test_scores_have_four_decimals_as_python_writes_them() -> None:
    assert four_decimals(np.array([0.12345, 0.00005, 1.0])).tolist() == [0.1235, 0.0001, 1.0]


def test_a_weaker_window_goes_when_more_than_the_threshold_overlaps() -> None:
    windows = np.array([[0.0, 10.0, 0.9], [0.0, 5.0, 0.8], [0.0, 6.0, 0.7], [20.0, 20.0, 0.6], [20.0, 20.0, 0.5]])
    rest = suppress(windows, NmsRules(0.5))
    assert rest[:, 2].tolist() == [0.9, 0.8, 0.6, 0.5]  # 0.5 is not more than 0.5; points do not overlap
    assert suppress(windows, NmsRules(0.5, before=1)).tolist() == windows[:1].tolist()
    assert suppress(windows, NmsRules(1.0, after=2)).tolist() == windows[:2].tolist()
    assert suppress(windows[:0], NmsRules(0.5)).shape == (0, 3)
