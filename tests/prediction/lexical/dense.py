"""The index written out plainly: every window a list of tokens, a dense table of scores. For small corpora only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Video
from cmivqa_kit.data.usual_span import UsualSpan
from cmivqa_kit.data.words import Tokenizer
from cmivqa_kit.prediction.lexical.settings import IndexSettings
from cmivqa_kit.prediction.lexical.windows import windows


def documents(
    videos: Sequence[Video], tokens: Tokenizer, lengths: Sequence[float], step: float, usual: UsualSpan
) -> tuple[list[list[str]], list[list[str]], list[Span], list[int]]:
    """Tokens of whole videos and of windows, the windows' spans, and where each video's windows begin."""
    whole, parts, spans, first = [], [], [], [0]
    for video in videos:
        lines = video.subtitles
        words = [tokens(line.text) for line in lines]
        whole.append(list(chain.from_iterable(words)))
        limit = video.duration if video.duration_is_exact else None
        distinct = {}
        for i, j in windows(lines, lengths, step):
            start = max(0.0, round(min(line.start for line in lines[i:j]), 3))
            end = round(max(line.end for line in lines[i:j]), 3)
            distinct[Span(start, end if limit is None else min(end, limit))] = i, j
        usable = sorted((span, run) for span, run in distinct.items() if span.valid)
        for span, (i, j) in usable or [(usual.span(video.duration), (0, len(lines)))]:
            spans.append(span)
            parts.append(list(chain.from_iterable(words[i:j])))
        first.append(len(spans))
    return whole, parts, spans, first


def scores(texts: Sequence[Sequence[str]], question: Sequence[str], settings: IndexSettings) -> NDArray[np.float64]:
    """Lucene's BM25 of each document, one after the other; weights and sums are float32, as in bm25s."""
    average = np.array([len(text) for text in texts]).mean()
    total = np.zeros(len(texts), np.float32)
    for token in question:
        holding = sum(token in text for text in texts)
        idf = np.float32(math.log(1 + (len(texts) - holding + 0.5) / (holding + 0.5)))
        for number, text in enumerate(texts):
            times = list(text).count(token)
            if times:
                norm = settings.k1 * ((1 - settings.b) + settings.b * len(text) / average)
                total[number] += np.float32(float(idf) * (times / (norm + times)))
    return total.astype(np.float64)
