"""The published way of answering Tracks 2 and 3, made again in our own words: what `predict_vs_reference` measures.

As docs/spec/ccgs.md tells it (2.1, 3.4, 5.1 to 5.3, and 7, "Where the reference wastes time"): one pair at a time, its
texts tokenized and put into tensors anew for every pair, float32, the score of every cell appended to a list as a
tensor of its own, a dictionary from the place in that list back to the cell, all scalars stacked and sorted, the
seconds found by walking over the tokens. Slow on purpose; no line of it is anyone's code.

It differs in two respects that make lists comparable. The published sort leaves ties open; here it is stable, so ties
go by (-score, corpus index, row, column). And the separator is the tokenizer's, not the literal 2. Texts that contain
the separator themselves shift the seconds, as published.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from baselines.ccgs.model import GlobalSpanModel
from cmivqa_kit.data.types import Video

Cell = tuple[int, int, int]  # corpus index of the video, first line, last line
Answer = list[Any]  # [video id, start, end], seconds


def predict_reference(
    model: GlobalSpanModel,
    tokenizer: Any,
    questions: Sequence[str],
    videos: Sequence[Video],
    count: int = 50,
    copies: bool = False,
) -> list[list[Answer]]:
    """Answer every question from every video.

    Args:
        model: the text variant, in evaluation mode and float32, where it is to run.
        tokenizer: a Hugging Face tokenizer that puts [CLS] in front and [SEP] behind by itself.
        questions: their texts.
        videos: the corpus in its order, each with at least one line.
        count: answers a question.
        copies: compute the head's m identical matrices, as the published training path does (prediction: one).

    Returns:
        Per question at most ``count`` answers ``[video id, start, end]``, best first.
    """
    answers = []
    unused = []  # the published program keeps the best score of every pair, and never reads it
    with torch.no_grad():
        for question in questions:
            logits = []
            for video in videos:
                ids, marks = collate(tokenizer, question, [line.text for line in video.subtitles])
                logits.append(score(model, ids, marks, copies))
                unused.append(logits[-1].max())
            found = []
            for _, (index, row, column) in rank_reference(logits, count):
                video = videos[index]
                ids, _ = collate(tokenizer, question, [line.text for line in video.subtitles])
                found.append([video.id, *seconds(ids, tokenizer.sep_token_id, video, row, column)])
            answers.append(found)
    return answers


def rank_reference(logits: Sequence[Tensor], count: int = 50) -> list[tuple[float, Cell]]:
    """The ranking step alone.

    Args:
        logits: per video of the corpus (n, n), row = first line, column = last line; on any device.
        count: how many cells.

    Returns:
        The ``count`` best cells with their scores, best first; ties by corpus index, row, column.
    """
    scores: list[Tensor] = []
    cells: dict[int, Cell] = {}
    for index, matrix in enumerate(logits):
        for row in range(matrix.shape[0]):
            for column in range(matrix.shape[1]):
                cells[len(scores)] = index, row, column
                scores.append(matrix[row, column])
    order = torch.sort(torch.stack(scores), descending=True, stable=True)
    best = zip(order.values[:count], order.indices[:count], strict=True)
    return [(float(value), cells[int(place)]) for value, place in best]


def collate(tokenizer: Any, question: str, lines: Sequence[str]) -> tuple[list[int], list[int]]:
    """Token ids of a pair and its marks, 1 on the separators that close the question and each line."""
    ids = [tokenizer.cls_token_id, *tokenizer(question, verbose=False)["input_ids"]]
    marks = [0] * (len(ids) - 1) + [1]
    for line in lines:
        added = tokenizer(line, verbose=False)["input_ids"][1:]
        ids += added
        marks += [0] * (len(added) - 1) + [1]
    return ids, marks


def score(model: GlobalSpanModel, ids: Sequence[int], marks: Sequence[int], copies: bool = False) -> Tensor:
    """(n, n) span logits of one pair, by the weights of ``model``."""
    device = model.dense.weight.device
    input_ids = torch.tensor([ids], device=device)
    hidden = model.P_Encoder(input_ids=input_ids, attention_mask=torch.ones_like(input_ids)).last_hidden_state
    places = [place for place, mark in enumerate(marks) if mark]
    boundaries = torch.stack([hidden[0, place] for place in places])[:, None]  # (m, 1, H)
    queries, keys = model.dense(boundaries).chunk(2, dim=-1)
    queries, keys = turned(queries)[:, 0], turned(keys)[:, 0]
    if copies:
        matrix = (queries.expand(len(places), 1, -1, -1) @ keys.T.expand(len(places), 1, -1, -1))[0, 0]
    else:
        matrix = queries @ keys.T
    logits: Tensor = matrix[:-1, 1:]
    return logits


def turned(vectors: Tensor) -> Tensor:
    """(m, 1, D) turned by the number of the position along the axis of size 1: by nothing, at the cost of turning."""
    size = vectors.shape[2]
    position = torch.arange(vectors.shape[1], device=vectors.device, dtype=vectors.dtype)
    pair = torch.arange(size // 2, device=vectors.device, dtype=vectors.dtype)
    angle = position[:, None] * 10000 ** (-2 * pair / size)
    sin, cos = angle.sin().repeat_interleave(2, dim=1), angle.cos().repeat_interleave(2, dim=1)
    other = torch.stack((-vectors[..., 1::2], vectors[..., ::2]), dim=-1).flatten(-2)
    return vectors * cos + other * sin


def seconds(ids: Sequence[int], separator: int, video: Video, row: int, column: int) -> tuple[float, float]:
    """Start and end of cell (row, column): separators counted along the tokens up to the span's two boundaries.

    Where the start is not before the end, the end is that of the video's last line.
    """
    first = last = 0
    seen = -1  # the separators read so far, less that of the question
    for token in ids:
        if token == separator:
            seen += 1
            if seen == row:
                first = seen
            if seen == column + 1:
                last = seen - 1
    lines = video.subtitles
    start, end = lines[first].start, lines[last].end
    return start, lines[-1].end if start >= end else end
