"""The cost of a pass beforehand: rows and tokens counted, time and memory measured on a few of its own batches."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from cmivqa_kit.errors import RunFailed
from cmivqa_kit.memory import peak_memory
from cmivqa_kit.prediction.pairs.batching import Ints, RowTable, batches
from cmivqa_kit.prediction.pairs.corpus_pass import ON_CPU, CorpusPass
from cmivqa_kit.prediction.pairs.engine import LEAST, Engine, out_of_memory, release
from cmivqa_kit.prediction.pairs.pass_options import Chunk, CostEstimate
from cmivqa_kit.prediction.types import EncodedQuestion

MOST = 1 << 17  # tokens that fill any GPU
SHARE = 0.7  # of the free memory: lengths differ, and the allocator leaves gaps
QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the batches of a chunk, by length


def estimate(corpus_pass: CorpusPass) -> CostEstimate:
    """Count a pass, and time five batches of each of its corpora; the network's first call is not counted.

    Raises:
        RunFailed: not even one row fits into memory.
    """
    chunks: dict[str | None, list[Chunk]] = {}
    for chunk in corpus_pass.chunks():
        chunks.setdefault(chunk.language, []).append(chunk)
    pairs = rows = tokens = videos = 0
    seconds = 0.0
    for language, some in chunks.items():
        engine = corpus_pass.engine(language)
        questions = [question for chunk in some for question in corpus_pass.tokens_of(chunk)]
        chosen = corpus_pass.chosen and min(corpus_pass.chosen.count, len(engine.corpus.videos))
        share = (chosen or len(engine.corpus.videos)) / len(engine.corpus.videos)
        counted = engine.corpus.count(questions)
        rows, tokens = rows + round(counted[0] * share), tokens + round(counted[1] * share)
        pairs += round(len(questions) * len(engine.corpus.videos) * share)
        videos = max(videos, len(engine.corpus.videos))
        seconds += _seconds(corpus_pass, engine, some[len(some) // 2]) * counted[1] * share
    device = corpus_pass.scorer.device
    return CostEstimate(
        questions=len(corpus_pass.questions), videos=videos, pairs=pairs, rows=rows, tokens=tokens, seconds=seconds,
        memory=_peak(device), batch=corpus_pass.tokens, device=str(device),
    )  # fmt: skip


def _peak(device: torch.device) -> int:
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else peak_memory()


def _seconds(corpus_pass: CorpusPass, engine: Engine, chunk: Chunk) -> float:
    """Seconds per token, from batches of five lengths."""
    questions = [engine.corpus.fitting(question) for question in corpus_pass.tokens_of(chunk)]
    rows = engine.corpus.rows(questions)
    parts = list(batches(rows.size, engine.tokens))
    chosen = [parts[round(quantile * (len(parts) - 1))] for quantile in QUANTILES]
    _timed(engine, rows, chosen[len(chosen) // 2], questions)  # warms up
    spent = [_timed(engine, rows, part, questions) for part in chosen]
    longest = [float(rows.size[part.start]) for part in chosen]
    per_row = [seconds / (part.stop - part.start) for seconds, part in zip(spent, chosen, strict=True)]
    of_rows = np.interp(rows.size, longest[::-1], per_row[::-1])
    return float(of_rows.sum() / rows.size.sum(dtype=np.int64))


def _timed(engine: Engine, rows: RowTable, part: slice, questions: list[EncodedQuestion]) -> float:
    device = engine.corpus.device
    begin = time.perf_counter()
    _score(engine, rows, part, questions)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - begin


def _score(engine: Engine, rows: RowTable, part: slice, questions: list[EncodedQuestion]) -> None:
    batch = engine.corpus.batch(rows, part, questions)
    with torch.inference_mode():
        on_device = {name: tensor.to(engine.corpus.device) for name, tensor in batch.items()}
        engine.corpus.best(on_device, engine.top_k.count)


def batch_tokens(corpus_pass: CorpusPass, given: int) -> int:
    """Tokens of a batch: those ``given``, else a constant on the CPU, else what the GPU's free memory holds.

    Raises:
        RunFailed: not even the longest row fits into memory.
    """
    device = corpus_pass.scorer.device
    if given or device.type != "cuda":
        return given or ON_CPU
    return fitting_tokens(lambda count: _memory_of(corpus_pass, count), torch.cuda.mem_get_info(device)[0])


def fitting_tokens(measured: Callable[[int], tuple[int, int]], free: int) -> int:
    """The largest batch that should fit into ``free`` bytes, in whole multiples of `LEAST` tokens.

    Args:
        measured: a number of the longest rows -> their tokens, and the bytes that scoring them took.
        free: bytes.
    """
    tokens, single = measured(1)
    more, four = measured(4)
    per_token = max(1.0, (four - single) / max(1, more - tokens)) if more > tokens else max(1.0, single / tokens)
    room = SHARE * free - max(0.0, single - per_token * tokens)
    return int(min(MOST, max(tokens, LEAST, room / per_token // LEAST * LEAST)))


def _memory_of(corpus_pass: CorpusPass, count: int) -> tuple[int, int]:
    engine = corpus_pass.engine(next(filter(corpus_pass.has_videos, corpus_pass.languages)))
    question = max((q for chunk in corpus_pass.chunks()[:8] for q in corpus_pass.tokens_of(chunk)), key=len)
    asked = [engine.corpus.fitting(question)] * count
    only: list[Ints] = [np.array([engine.corpus.largest], np.int32)] * count
    rows = engine.corpus.rows(asked, only)
    part = slice(0, min(count, len(rows)))
    device = corpus_pass.scorer.device
    release(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    try:
        _score(engine, rows, part, asked)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise RunFailed(
            f"out of memory: {count} of the longest rows ({int(rows.size[0])} tokens) do not fit",
            "Give --batch-tokens N for smaller batches, --set decode.maxlen=N for shorter rows, or another --device.",
        ) from error
    return int(rows.size[part].sum()), torch.cuda.max_memory_allocated(device) - before
