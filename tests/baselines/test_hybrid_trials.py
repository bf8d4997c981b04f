"""What the trials of hybrid (benchmarks/hybrid_*.py) hold out, and that their batches are what they are called."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cmivqa_kit import demo_corpus, open_split

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import hybrid_folds
import hybrid_hard_negatives
import hybrid_ranking

sys.path.pop(0)


def test_a_fold_asks_about_videos_that_nothing_was_learnt_of() -> None:
    train = open_split(demo_corpus(), "train")
    about: list[set[str | None]] = []
    for number in range(3):
        learnt, held_out = (
            {question.video_id for question in split.questions} for split in hybrid_folds.fold_of(train, number, 3)
        )
        assert not learnt & held_out
        assert len(learnt) > len(held_out) > 0
        about.append(held_out)
    assert set.union(*about) == {question.video_id for question in train.questions}
    assert not set.intersection(*about)


@pytest.mark.parametrize("epoch", [0, 1])
def test_confusable_batches_hold_each_video_once_beside_those_it_is_confused_with(epoch: int) -> None:
    topic = np.arange(24) % 3  # eight videos each, which are confused with each other alone
    batches: Any = SimpleNamespace(
        seed=0, videos=[SimpleNamespace(number=number) for number in range(24)], settings=SimpleNamespace(videos=4)
    )
    groups = hybrid_hard_negatives.confusable((topic[:, None] == topic).astype(float))(batches, epoch)
    assert sorted(number for group in groups for number in group) == list(range(24))
    assert [len(group) for group in groups] == [4] * 6
    assert sum(len(set(topic[group])) == 1 for group in groups) >= 2  # a batch drawn at random is so in 1 of 50 cases


def test_a_bank_counts_no_question_of_the_fold_that_it_is_held_against() -> None:
    right, fold = np.array([0, 1, 2, 3]), np.array([0, 0, 1, 1])
    scores = np.arange(16.0).reshape(4, 4)
    trials: Any = object.__new__(hybrid_ranking.Trials)
    trials.train = SimpleNamespace(right=right, fold=fold)
    near = trials._nearness(scores, fold != 0, 1.0)
    assert near.tolist() == [(8 + 12) / 2, (9 + 13) / 2, 14, 11]  # of video 2 only question 3 counts, of 3 question 2


def test_overall_is_the_sum_of_recalls_and_mrr() -> None:
    scores = np.array([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
    assert hybrid_folds.overall(scores, np.array([0, 1])) == pytest.approx(0.5 + 1 + 1 + 0.75)
