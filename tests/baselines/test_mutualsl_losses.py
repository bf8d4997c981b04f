"""Which losses count, and how much."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from baselines.mutualsl.examples import Gold
from baselines.mutualsl.losses import Terms, batch_terms, highlight_loss, iou
from baselines.mutualsl.model import Output
from baselines.mutualsl.text import text_row
from baselines.mutualsl.token_frame_table import TokenFrameTable
from cmivqa_kit.neural.tokens import Special

ROW = text_row((10, 11), [(12, 13), (14,), (15, 16)], Special(1, 2, 0))  # 3 lines, 12 tokens
TABLE = TokenFrameTable(np.array([0.0, 4.0, 8.0]), np.array([4.0, 8.0, 12.0]), ROW.firsts, ROW.separators)
GOLD = Gold(7, 8, 4, 8, 14, len(ROW.ids), 14, TABLE)


def peak(size: int, at: int, height: float = 3.0) -> Tensor:
    logits = torch.zeros(1, size)
    logits[0, at] = height
    return logits.requires_grad_()


def found(start: int, end: int, first: int, last: int, gold: Gold = GOLD) -> Terms:
    """The terms where the text says tokens ``start`` to ``end`` and the frames say ``first`` to ``last``."""
    output = Output(peak(12, start), peak(12, end), peak(14, first), peak(14, last), torch.full((1, 14), 0.5))
    (terms,) = batch_terms(output, [gold])
    return terms


def test_every_prediction_is_looked_up_for_the_other() -> None:
    terms = found(7, 8, 1, 9)  # the text says line 1, the frames say about lines 0 and 1
    assert terms.text_said == (4, 8) and terms.text_iou == 1
    assert terms.visual_said == (1, 9) and terms.visual_iou == 0.5
    assert terms.text_lookup == (ROW.firsts[0], ROW.separators[2])
    assert terms.to_text is not None and terms.visual is not None and terms.to_visual is not None
    text, visual = sum(terms.text) / 2, sum(terms.visual)
    wanted = text + visual + 0.5 * sum(terms.to_text) / 2 + sum(terms.to_visual)
    assert float(terms.total().detach()) == pytest.approx(float(torch.as_tensor(wanted).detach()))


def test_an_answer_behind_the_frames_teaches_the_text_and_the_highlight_only() -> None:
    terms = found(7, 8, 1, 9, replace(GOLD, end_row=14))
    assert terms.visual is None and terms.to_text is None
    assert terms.to_visual is not None  # what the text says is looked up all the same
    assert found(7, 8, 1, 9, replace(GOLD, limit=0, frames=0)).to_visual is None
    assert found(9, 11, 1, 9, replace(GOLD, limit=12)).to_visual is None  # line 2 ends at 12


def test_a_label_behind_the_row_is_clamped_for_supervision_and_skipped_for_transfer() -> None:
    terms = found(7, 8, 1, 9, replace(GOLD, start_label=12))
    assert terms.text_label == (12, 8)
    assert float(terms.text[0].detach()) == pytest.approx(float((peak(12, 7).logsumexp(1)).detach()))
    late = replace(TABLE, start_tokens=(5, 8, 12))
    assert found(7, 8, 9, 9, replace(GOLD, table=late)).to_text is None


def test_terms_that_are_too_large_do_not_count() -> None:
    usual = found(7, 8, 1, 9)
    huge = torch.tensor(5000.0)
    each = dict.fromkeys(("text", "visual", "to_text", "to_visual"), (huge, huge))
    assert float(replace(usual, **each).total()) == 0
    zero = torch.tensor(0.0)
    without = replace(usual, to_text=None)
    assert torch.equal(replace(usual, to_text=(zero, zero)).total(), without.total())


def test_a_teacher_that_is_wrong_gives_zero_gradients_not_none() -> None:
    frames = peak(14, 13)
    output = Output(peak(12, 7), peak(12, 8), frames, peak(14, 13), torch.full((1, 14), 0.5))
    (terms,) = batch_terms(output, [replace(GOLD, start_row=0, end_row=1)])
    assert terms.visual_iou == 0 and terms.to_text is not None
    (0 * terms.to_text[0]).backward()  # type: ignore[no-untyped-call]
    assert output.start_logits.grad is not None and not output.start_logits.grad.any()


times = st.floats(0, 100)


@given(times, times, times, times)
def test_overlap_is_zero_where_the_hull_is_empty(a: float, b: float, c: float, d: float) -> None:
    answer = min(c, d), max(c, d)
    assert 0 <= iou((a, b), answer) <= 1
    assert iou((a, a), (a, a)) == 0
    if a < b:
        assert iou((a, b), (a, b)) == 1


def test_highlight_counts_the_answer_twice_and_padding_never() -> None:
    scores, labels = torch.tensor([0.2, 0.7, 0.0]), torch.tensor([0.0, 1.0, 0.0])
    mask = torch.tensor([1.0, 1.0, 0.0])
    wanted = (-np.log(0.8) - 2 * np.log(0.7)) / 2
    assert float(highlight_loss(scores, labels, mask)) == pytest.approx(wanted, rel=1e-5)


def test_without_frames_there_is_no_loss() -> None:
    with pytest.raises(ValueError, match="give features"):
        batch_terms(Output(peak(12, 1), peak(12, 1)), [GOLD])
