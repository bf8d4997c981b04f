"""What a pass will take: rows and tokens counted, time and memory measured on a few of its own batches."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from cmivqa_kit.errors import RunFailed
from cmivqa_kit.memory import peak_memory
from cmivqa_kit.prediction.pairs.batching import Ints, Jobs, batches
from cmivqa_kit.prediction.pairs.cells import best_cells
from cmivqa_kit.prediction.pairs.corpus_pass import ON_CPU, CorpusPass
from cmivqa_kit.prediction.pairs.engine import LEAST, Engine, out_of_memory, release
from cmivqa_kit.prediction.pairs.pass_options import Chunk, CostEstimate
from cmivqa_kit.prediction.types import PairScorer, TokenIds

MOST = 1 << 17  # tokens that fill any GPU
SHARE = 0.7  # of the free memory: lengths differ, and the allocator leaves gaps
QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the batches of a chunk, by length


def estimate(one: CorpusPass) -> CostEstimate:
    """Count a pass, and time five batches of each of its corpora; the network's first call is not counted.

    Raises:
        RunFailed: not even one row fits into memory.
    """
    chunks: dict[str | None, list[Chunk]] = {}
    for chunk in one.chunks():
        chunks.setdefault(chunk.language, []).append(chunk)
    pairs = rows = tokens = videos = 0
    seconds = 0.0
    for language, some in chunks.items():
        engine = one.engine(language)
        questions = [question for chunk in some for question in one.tokens_of(chunk)]
        chosen = one.chosen and min(one.chosen.count, len(engine.corpus.videos))
        share = (chosen or len(engine.corpus.videos)) / len(engine.corpus.videos)
        counted = engine.corpus.count(questions)
        rows, tokens = rows + round(counted[0] * share), tokens + round(counted[1] * share)
        pairs += round(len(questions) * len(engine.corpus.videos) * share)
        videos = max(videos, len(engine.corpus.videos))
        seconds += _seconds(one, engine, some[len(some) // 2]) * counted[1] * share
    device = one.scorer.device
    return CostEstimate(
        questions=len(one.questions), videos=videos, pairs=pairs, rows=rows, tokens=tokens, seconds=seconds,
        memory=_peak(device), batch=one.tokens, device=str(device),
    )  # fmt: skip


def _peak(device: torch.device) -> int:
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else peak_memory()


def _seconds(one: CorpusPass, engine: Engine, chunk: Chunk) -> float:
    """Seconds per token, from batches of five lengths."""
    questions = [engine.corpus.fitting(question) for question in one.tokens_of(chunk)]
    jobs = engine.corpus.jobs(questions)
    parts = list(batches(jobs.size, engine.tokens))
    chosen = [parts[round(quantile * (len(parts) - 1))] for quantile in QUANTILES]
    _timed(engine, jobs, chosen[len(chosen) // 2], questions)  # warms up
    spent = [_timed(engine, jobs, part, questions) for part in chosen]
    longest = [float(jobs.size[part.start]) for part in chosen]
    per_row = [seconds / (part.stop - part.start) for seconds, part in zip(spent, chosen, strict=True)]
    rows = np.interp(jobs.size, longest[::-1], per_row[::-1])
    return float(rows.sum() / jobs.size.sum(dtype=np.int64))


def _timed(engine: Engine, jobs: Jobs, part: slice, questions: list[TokenIds]) -> float:
    scorer = engine.scorer
    begin = time.perf_counter()
    _score(scorer, engine, jobs, part, questions)
    if scorer.device.type == "cuda":
        torch.cuda.synchronize(scorer.device)
    return time.perf_counter() - begin


def _score(scorer: PairScorer, engine: Engine, jobs: Jobs, part: slice, questions: list[TokenIds]) -> None:
    batch = scorer.collate([engine.corpus.row(jobs, at, questions) for at in range(part.start, part.stop)])
    with torch.inference_mode():
        logits = scorer.score({name: tensor.to(scorer.device) for name, tensor in batch.items()})
        best_cells(logits, engine.kept.count, scorer.ordered_spans)


def batch_tokens(one: CorpusPass, given: int) -> int:
    """TokenIds of a batch: those ``given``, else a constant on the CPU, else what the GPU's free memory holds.

    Raises:
        RunFailed: not even the longest row fits into memory.
    """
    device = one.scorer.device
    if given or device.type != "cuda":
        return given or ON_CPU
    return fitting_tokens(lambda rows: _memory_of(one, rows), torch.cuda.mem_get_info(device)[0])


def fitting_tokens(measured: Callable[[int], tuple[int, int]], free: int) -> int:
    """The largest batch that should fit into ``free`` bytes, in whole multiples of `LEAST` tokens.

    Args:
        measured: a number of the longest rows -> their tokens, and the bytes that scoring them took.
        free: bytes.
    """
    tokens, one = measured(1)
    more, four = measured(4)
    per_token = max(1.0, (four - one) / max(1, more - tokens)) if more > tokens else max(1.0, one / tokens)
    room = SHARE * free - max(0.0, one - per_token * tokens)
    return int(min(MOST, max(tokens, LEAST, room / per_token // LEAST * LEAST)))


def _memory_of(one: CorpusPass, rows: int) -> tuple[int, int]:
    engine = one.engine(one.chunks()[0].language)
    longest = max(range(len(engine.corpus.videos)), key=lambda n: len(engine.corpus.videos[n].tokens))
    question = max((q for chunk in one.chunks()[:8] for q in one.tokens_of(chunk)), key=len)
    asked = [engine.corpus.fitting(question)] * rows
    only: list[Ints] = [np.array([longest], np.int32)] * rows
    jobs = engine.corpus.jobs(asked, only)
    part = slice(0, min(rows, len(jobs)))
    device = one.scorer.device
    release(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    try:
        _score(one.scorer, engine, jobs, part, asked)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise RunFailed(
            f"out of memory: {rows} of the longest rows ({int(jobs.size[0])} tokens) do not fit",
            "Give --batch-tokens N for smaller batches, --set decode.maxlen=N for shorter rows, or another --device.",
        ) from error
    return int(jobs.size[part].sum()), torch.cuda.max_memory_allocated(device) - before
