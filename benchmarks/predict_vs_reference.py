"""Our predictor beside the published procedure (`reference_predictor`): same weights, questions, videos, same lists.

Videos are those of the embedded corpus, two or three one behind the other, about 1,000 tokens and 80 lines each; the
network has random weights. The lists must be equal, or the program stops; bf16, on a GPU, is an exception: how many of
its lists are equal is printed. Of the reference's list are left out spans without length, which the kit never writes.
On a CPU one thread, processor time and float32 on both sides; on a GPU wall time, ours in bf16.
Run: python benchmarks/predict_vs_reference.py [--device cpu|cuda] [--questions N] [--videos N] [--rounds N]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from typing import Any

import numpy as np
import torch
from encoder_modes import config, seconds
from pairs import PUBLISHED, System, corpus_of, make_model, make_split, make_tokenizer
from reference_predictor import collate, predict_reference, rank_reference

from cmivqa_kit.data.types import Split
from cmivqa_kit.neural.deberta import accelerate_encoder
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction.pairs.batching import batches
from cmivqa_kit.prediction.pairs.cells import best_cells
from cmivqa_kit.prediction.pairs.corpus_pass import ON_CPU, CorpusPass
from cmivqa_kit.prediction.pairs.cost import batch_tokens
from cmivqa_kit.prediction.pairs.engine import TopK
from cmivqa_kit.prediction.pairs.line_times import LineTimes
from cmivqa_kit.prediction.pairs.ranking import CellCollector
from cmivqa_kit.prediction.pairs.run_pass import in_memory

COUNT = 50
VIDEOS = 196  # of Test A
SHAPES = {"cpu": (2, 128, 2), "cuda": (24, 1024, 16)}  # layers, hidden size, heads
SCRIPTS = (3, 3, 2, 3)
REFERENCE = {"cpu": (2, 10), "cuda": (2, 50)}  # questions, videos: so many pairs of the reference's are enough
OURS = {"cpu": 2, "cuda": 32}  # questions of ours, of which the first are the reference's: a GPU is to be filled
TEXTS = 8, 20  # questions, videos


def main(device: str, questions: int, videos: int, rounds: int, only_end: bool = False) -> None:
    """Measure and print a table."""
    torch.set_num_threads(1)
    tokenizer = make_tokenizer()
    system = System(make_model(config(*SHAPES[device]), device), tokenizer)
    print("| step | reference, s | kit, s | reference / kit |\n| --- | --- | --- | --- |")
    if not only_end:
        for lines in (40, 60, 80):
            _row(f"ranking alone, {VIDEOS} videos of {lines} lines, CPU", *ranking(lines, rounds))
        name = f"texts to batches, {TEXTS[0]} questions x {TEXTS[1]} videos, CPU"
        _row(name, *texts(system, make_split(*TEXTS, SCRIPTS), rounds))
    split = make_split(max(questions, OURS[device]), videos, SCRIPTS)
    end_to_end(system, split, replace(split, questions=split.questions[:questions]), device, rounds)


def ranking(lines: int, rounds: int) -> tuple[float, float]:
    """One question: from given logits of every video to its 50 best cells."""
    generator = torch.Generator().manual_seed(0)
    split = make_split(1, VIDEOS, SCRIPTS, lines)
    scorer = System(make_model(config(1, 16, 1), "cpu"), make_tokenizer()).scorer(split, PredictOptions(PUBLISHED))
    corpus = corpus_of(scorer, split)
    line_times = LineTimes.of([video.times for video in corpus.videos])
    rows = corpus.rows([scorer.encode_question(split.questions[0])])
    # Some videos have fewer lines: the batches of the network are padded with -inf.
    matrices = [torch.randn(len(video), len(video), generator=generator) for video in corpus.videos]
    given = []
    for part in batches(rows.size, ON_CPU):
        some = [matrices[number] for number in rows.video[part].tolist()]
        size = max(len(matrix) for matrix in some)
        logits = torch.full((len(some), size, size), -torch.inf)
        for at, matrix in enumerate(some):
            logits[at, : len(matrix), : len(matrix)] = matrix
        given.append((part, logits))

    def kit() -> list[tuple[int, ...]]:
        found = CellCollector(rows, (1, len(matrices)), TopK(COUNT), line_times, False)
        for part, logits in given:
            scores, cells, _ = best_cells(logits, COUNT, False)
            found.add(part, scores.numpy(), *np.divmod(cells.numpy(), logits.shape[1]))
        ranked = found.finish()
        return list(zip(ranked.video[0].tolist(), ranked.row[0].tolist(), ranked.column[0].tolist(), strict=True))

    took, reference = _timed(lambda: [cell for _, cell in rank_reference(matrices, COUNT)], "cpu", 1)
    ours, found = _timed(kit, "cpu", 20 * rounds)
    _require_equal([reference], [found], f"ranking of {lines} lines")
    return took, ours


def texts(system: System, split: Split, rounds: int) -> tuple[float, float]:
    """All that is done on texts: token ids and batches; by the reference once more for the seconds of its lists."""

    def reference() -> None:
        for question in split.questions:
            for video in split.videos.values():
                torch.tensor([collate(system.tokenizer, question.text, [line.text for line in video.subtitles])])
            for video in islice(cycle(split.videos.values()), COUNT):  # once more for each answer
                collate(system.tokenizer, question.text, [line.text for line in video.subtitles])

    def kit() -> None:
        scorer = system.scorer(split, PredictOptions(PUBLISHED))
        corpus = corpus_of(scorer, split)
        asked = [scorer.encode_question(question) for question in split.questions]
        rows = corpus.rows(asked)
        for part in batches(rows.size, ON_CPU):
            scorer.collate([corpus.row(rows, at, asked) for at in range(part.start, part.stop)])

    return _timed(reference, "cpu", 1)[0], _timed(kit, "cpu", rounds)[0]


def end_to_end(system: System, split: Split, first: Split, device: str, rounds: int) -> None:
    """Questions and videos to lists; rows of the table, for 1,000 pairs. Stops at the end if lists differ."""
    asked, videos = [question.text for question in first.questions], list(first.videos.values())
    predict_reference(system.model, system.tokenizer, asked[:1], videos[:1], COUNT)  # the first kernels
    took, reference = _timed(lambda: predict_reference(system.model, system.tokenizer, asked, videos, COUNT), device, 1)
    reference = [[entry for entry in answers if entry[1] < entry[2]] for answers in reference]
    pairs = len(asked) * len(videos)
    scorer = system.scorer(first, PredictOptions(PUBLISHED))
    corpus = corpus_of(scorer, first)
    tokens = corpus.count([scorer.encode_question(question) for question in first.questions])[1] / pairs
    checked: list[Any] = []
    ways = {"float32": first, **({"bf16": split} if device == "cuda" else {})}
    with accelerate_encoder(system.model.P_Encoder, "auto") as mode:
        for precision, of in ways.items():
            _lists(system, first, precision, device)  # the first kernels
            ours, found = _timed(partial(_lists, system, of, precision, device), device, rounds)
            if precision == "float32":
                checked = found
            equal = sum(one == other for one, other in zip(reference, found, strict=False))
            layers, hidden, _ = SHAPES[device]
            name = f"end to end, 1,000 pairs, DeBERTa-v2 {layers} x {hidden}, {precision}, attention {mode}"
            per = took / pairs * 1000, ours / (len(of.questions) * len(videos)) * 1000
            _row(f"{name}; {equal} of {len(reference)} lists equal", *per)
    kit = " and ".join(f"{len(of.questions) * len(videos)} in {precision}" for precision, of in ways.items())
    done = f"the reference did {pairs} pairs (batch 1, float32), the kit {kit}"
    print(f"\nEnd to end: {tokens:.0f} tokens a pair; {done}.")
    _require_equal(reference, checked, "end to end")


def _lists(system: System, split: Split, precision: str, device: str) -> list[list[list[Any]]]:
    settings = {"decode": {**PUBLISHED["decode"], "precision": "no" if precision == "float32" else precision}}
    options = PredictOptions(settings, COUNT, device=device)
    one = CorpusPass(system.scorer(split, options), split, split.questions, TopK(COUNT))
    one.use(batch_tokens(one, 0))
    made = in_memory(one, "corpus", options)
    return [[[c.video_id, c.span.start, c.span.end] for c in prediction.candidates] for prediction in made]


def _timed(work: Callable[[], Any], device: str, rounds: int) -> tuple[float, Any]:
    """Seconds of the best of some rounds, and what the last one returned."""
    results: list[Any] = []
    took = min(seconds(lambda: results.append(work()), device) for _ in range(rounds))
    return took, results[-1]


def _row(name: str, reference: float, kit: float) -> None:
    print(f"| {name} | {reference:.3f} | {kit:.4f} | {reference / kit:,.1f} |", flush=True)


def _require_equal(reference: Sequence[Any], lists: Sequence[Any], label: str) -> None:
    for number, (one, other) in enumerate(zip(reference, lists, strict=True)):
        if one != other:
            places = [k for k, (a, b) in enumerate(zip(one, other, strict=False), 1) if a != b]
            raise SystemExit(
                f"{label}: the lists of question {number} differ at {places[:5]}, {len(one)}, {len(other)}"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=sorted(SHAPES), default="cpu")
    parser.add_argument("--questions", type=int, default=0)
    parser.add_argument("--videos", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--end-to-end", action="store_true", help="leave out the rows that run on the CPU alone")
    given = parser.parse_args()
    usual = REFERENCE[given.device]
    main(given.device, given.questions or usual[0], given.videos or usual[1], given.rounds, given.end_to_end)
