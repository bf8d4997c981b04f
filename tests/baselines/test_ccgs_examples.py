"""Sequences, IoU, negatives, drop rules, windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import BertConfig, DebertaV2Config

from baselines.ccgs import examples
from cmivqa_kit.data.span import Span, interval_iou
from cmivqa_kit.data.types import Question, Subtitle
from cmivqa_kit.neural.encoders import position_limit
from cmivqa_kit.neural.tiny_encoder import tiny_tokenizer
from cmivqa_kit.neural.tokens import Special, tokenize_with
from cmivqa_kit.neural.windows import Window, holding, pieces, windows
from cmivqa_kit.training.usable_examples import published_drop

TOKENIZER = tiny_tokenizer(["how do i wash", "如何洗手", "music"])
TOKENS, SPECIAL = tokenize_with(TOKENIZER), Special.of(TOKENIZER)
LINES = (Subtitle("如何", 0.0, 2.0), Subtitle("", 2.0, 2.0), Subtitle("how do", 4.0, 4.0))


def test_a_row_has_two_cls_and_a_mark_per_boundary() -> None:
    row = examples.sequence(TOKENS("洗手"), [TOKENS(line.text) for line in LINES], SPECIAL)
    assert row.ids[:2] == (SPECIAL.cls, SPECIAL.cls)
    assert sum(row.marks) == len(LINES) + 1
    assert [row.ids[place] for place, mark in enumerate(row.marks) if mark] == [SPECIAL.sep] * 4
    assert len(row.ids) == examples.length(2, [2, 0, 2])


def test_a_separator_in_a_text_is_no_boundary() -> None:
    row = examples.sequence(TOKENS("wash"), [TOKENS("[SEP] music [SEP]"), TOKENS("how")], SPECIAL)
    assert list(row.ids).count(SPECIAL.sep) == 5
    assert sum(row.marks) == 3


def test_a_tokenizer_learnt_twice_is_the_same_and_knows_chinese() -> None:
    texts = [f"第{n}步 wash the hands {n}" for n in range(50)]
    one, other = tiny_tokenizer(texts), tiny_tokenizer(reversed(texts))
    assert one.get_vocab() == other.get_vocab()
    assert TOKENIZER.tokenize("如何 WASH") == ["如", "何", "wash"]


times = st.lists(st.tuples(st.floats(0, 50), st.floats(0, 9)), min_size=1, max_size=7)


@given(times, st.floats(0, 40), st.floats(0.5, 30))
def test_iou_is_the_kits_own_above_the_diagonal_and_zero_below(
    spoken: list[tuple[float, float]], start: float, length: float
) -> None:
    lines = [Subtitle("x", begin, duration) for begin, duration in sorted(spoken)]
    matrix = examples.iou_matrix(lines, Span(start, start + length))
    for i, first in enumerate(lines):
        for j, last in enumerate(lines):
            expected = interval_iou(start, start + length, first.start, last.end) if j >= i else 0.0
            assert matrix[i, j] == pytest.approx(expected, abs=1e-6)
    assert matrix.ravel()[np.ravel_multi_index(examples.target(matrix), matrix.shape)] == matrix.max()


def test_the_target_is_the_first_best_cell() -> None:
    assert examples.target(np.array([[0.2, 0.7], [0.0, 0.7]], np.float32)) == (0, 1)
    assert examples.target(np.zeros((3, 3), np.float32)) == (0, 0)


QUESTIONS = [Question(n, f"q{n}", None, f"v{n // 2}", Span(0, 1)) for n in range(8)]


def test_negatives_depend_on_seed_epoch_and_index_only() -> None:
    def draw(*place: int) -> list[int]:
        return [examples.draw_question(*place, number, QUESTIONS, any_question=False) for number in range(20)]

    assert draw(0, 1, 2) == draw(0, 1, 2)
    assert len({tuple(draw(*place)) for place in [(0, 1, 2), (1, 1, 2), (0, 2, 2), (0, 1, 3)]}) == 4
    assert {QUESTIONS[n].video_id for n in draw(0, 1, 2)} == {"v0", "v2", "v3"}
    published = {examples.draw_question(0, e, 2, 0, QUESTIONS, any_question=True) for e in range(200)}
    assert published == set(range(8))  # the same question and the same video included


def test_a_negative_where_there_is_only_one_video() -> None:
    one = [Question(n, "q" if n < 2 else "other", None, "v", Span(0, 1)) for n in range(3)]
    assert {examples.draw_question(0, e, 0, 0, one, any_question=False) for e in range(20)} == {2}
    assert examples.draw_video(0, 0, 0, 0, "v", ["v"]) is None
    assert examples.draw_video(0, 0, 0, 0, "v", ["u", "v"]) == "u"


@pytest.mark.parametrize(
    ("lines", "maxlen", "why"),
    [(None, 99, "no-subtitles"), (LINES[:2], 99, "few-subtitles"), (LINES, 5, "too-long"), (LINES, 6, None)],
)
def test_published_rules(lines: tuple[Subtitle, ...] | None, maxlen: int, why: str | None) -> None:
    # joined: 如何how do -> 如 何 how do, plus two: 6
    assert published_drop(lines, TOKENS, maxlen) == why


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30), st.integers(4, 60), st.floats(0, 0.9))
def test_windows_cover_everything_and_fit(lengths: list[int], room: int, overlap: float) -> None:
    found = windows(lengths, room, overlap)
    lines = [tuple(range(100 * n, 100 * n + size)) for n, size in enumerate(lengths)]
    seen: set[int] = set()
    lone = set()
    for window in found:
        shown = pieces(window, lines)
        assert sum(len(line) + 1 for line in shown) <= room
        assert len(shown) == window.stop - window.first
        seen.update(token for line in shown for token in line)
        lone.update(range(window.first, window.stop))
    assert lone == set(range(len(lengths)))
    assert seen == {token for line in lines for token in line}
    assert len(set(found)) == len(found)


def test_windows_overlap_and_the_most_central_one_holds_a_span() -> None:
    found = windows([9] * 12, 60, 0.5)
    assert found == [Window(0, 6), Window(3, 9), Window(6, 12)]
    assert holding(found, 4, 5) == Window(3, 9) or holding(found, 4, 5) == Window(0, 6)
    assert holding(found, 5, 6) == Window(3, 9)
    assert holding(found, 0, 8) is None
    assert windows([9] * 12, None) == [Window(0, 12)]
    assert windows([], 50) == []


def test_position_limits() -> None:
    assert position_limit(BertConfig(max_position_embeddings=512)) == 512
    assert position_limit(DebertaV2Config(relative_attention=True, position_biased_input=False)) is None
    assert position_limit(DebertaV2Config(relative_attention=False)) == 512
