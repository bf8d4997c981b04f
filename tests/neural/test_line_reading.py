"""Lines as rows of tokens: which stand together, what is cut, where the tokens of each lie."""

from __future__ import annotations

from cmivqa_kit.neural.line_reading import lengths_of, line_blocks, line_parts, mean_weights, token_places
from cmivqa_kit.neural.tokens import Special, TextReader

READER = TextReader(lambda text: tuple(map(ord, text)), Special(1, 2, 0), None)


def test_lines_are_read_in_rows_of_at_most_so_many_tokens() -> None:
    lines = [(10, 11, 12), (13,), (), (14, 15, 16, 17, 18, 19, 20, 21), (22, 23)]
    blocks = line_blocks(lines, READER, 8, (9,))
    assert [block.ids for block in blocks] == [
        (1, 9, 10, 11, 12, 13, 2), (1, 9, 14, 15, 16, 17, 18, 2), (1, 9, 22, 23, 2)
    ]  # fmt: skip
    assert [block.bounds for block in blocks] == [(2, 5, 6, 6), (2, 7), (2, 4)]
    shifted = line_blocks(lines, READER, 8, (9,), shift=2)
    assert shifted[0].ids == (1, 9, 10, 11, 12, 2)
    assert sum(len(block.bounds) - 1 for block in shifted) == 5
    assert line_blocks([], READER, 8) == []


def test_the_vector_of_a_line_is_the_mean_of_its_tokens() -> None:
    blocks = line_blocks([(10, 11), (12,), ()], READER, 8)
    weights = mean_weights(line_parts(blocks), 6, 1)
    assert weights.tolist() == [[0, 0.5, 0.5, 0, 0, 0], [0, 0, 0, 1, 0, 0], [0] * 6]


def test_the_tokens_of_lines_lie_where_their_rows_have_them() -> None:
    blocks = line_blocks([(10, 11), (), (12, 13, 14), (15,)], READER, 6)
    parts = line_parts(blocks)
    assert lengths_of(parts).tolist() == [2, 0, 3, 1]
    padded = [*blocks[0].ids, 0, 0, *blocks[1].ids]
    assert [block.ids for block in blocks] == [(1, 10, 11, 2), (1, 12, 13, 14, 15, 2)]
    assert [padded[place] for place in token_places(parts, 6)] == [10, 11, 12, 13, 14, 15]
    assert token_places([], 6).tolist() == []
