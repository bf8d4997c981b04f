"""What a question costs hybrid in corpora of several sizes: processor time and memory, by tier.

Run: ``python benchmarks/hybrid.py [VIDEOS ...] [--questions 8] [--width 384]``; 100, 1,000 and 10,000 videos of 48
lines unless told otherwise. Lines, questions and weights are drawn: the encoder's part, once per corpus, is not in it.
Memory is the peak of the process so far, so sizes should rise.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.hybrid.corpus import Corpus, Learnt
from baselines.hybrid.decoding import Decoder
from baselines.hybrid.model import Head, HeadSizes
from baselines.hybrid.settings import TRAINED, Settings
from baselines.hybrid.trained_tier import Member, TrainedTier
from baselines.hybrid.untrained import Scored, UntrainedTier, WindowVectors
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Question, Split, Subtitle, Video
from cmivqa_kit.prediction.spans.windows import LineWindows

LINES, SECONDS, WORDS = 48, 5.4, 12  # of a video, of a line
LEARNT = Learnt(TRAINED, 24, 130.0, 6.0)


def corpus(videos: int, questions: int) -> Split:
    """Videos of random words, rare and frequent ones, and questions of five words."""
    drawn = np.random.default_rng(0)
    said = (drawn.zipf(1.3, (videos, LINES, WORDS)) % 20_000).astype(str)
    made = {
        f"v{number:06d}": Video(
            f"v{number:06d}",
            tuple(
                Subtitle(" ".join(f"w{word}" for word in line), SECONDS * n, SECONDS) for n, line in enumerate(lines)
            ),
        )
        for number, lines in enumerate(said)
    }
    asked = [Question(n, " ".join(f"w{word}" for word in drawn.integers(5, 500, 5))) for n in range(questions)]
    return Split("drawn", tuple(asked), made, SplitFeatures())


def unit(drawn: np.random.Generator, count: int, width: int) -> NDArray[np.float32]:
    """Random vectors of length 1."""
    vectors = drawn.standard_normal((count, width), np.float32)
    scaled: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return scaled


def first(vectors: NDArray[np.float32], questions: Sequence[Question]) -> NDArray[np.float32]:
    """As many of the vectors as there are questions."""
    return vectors[: len(questions)]


def answer(decoder: Decoder, questions: Sequence[Question], scored: Sequence[Scored]) -> None:
    """The list for both tracks of each question."""
    for question, said in zip(questions, scored, strict=True):
        decoder.prediction(question, said, "corpus", 50)


def main() -> None:
    """Print one line per size and tier."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", type=int, nargs="*", default=[100, 1000, 10_000])
    parser.add_argument("--questions", type=int, default=8)
    parser.add_argument("--width", type=int, default=384)
    options = parser.parse_args()
    torch.set_num_threads(1)
    settings = Settings.of({})
    for count in options.videos:
        split = corpus(count, options.questions)
        begin = time.process_time()
        made = Corpus.of(split, None, LEARNT, settings)
        reading = time.process_time() - begin
        drawn = np.random.default_rng(1)
        windows = LineWindows.of(made.spans, settings.windows.lines)
        vectors = WindowVectors(windows, unit(drawn, len(windows.first), options.width).astype(np.float16))
        asked = unit(drawn, options.questions, options.width)
        lines = unit(drawn, len(made.spans.start), options.width).astype(np.float16)
        member = Member(Head(HeadSizes(options.width)).eval(), lines, partial(first, asked))
        lexical, untrained = UntrainedTier(made, None, settings.fusion), UntrainedTier(made, vectors, settings.fusion)
        decoder = Decoder(made, LEARNT, settings.decode)
        tiers = {
            "lexical": partial(lexical.scored, vectors=None),
            "untrained": partial(untrained.scored, vectors=asked),
            "trained": TrainedTier(made, [member], None, settings).scored,
        }
        for name, scored in tiers.items():
            answer(decoder, split.questions[:1], scored(split.questions[:1]))  # what is made once
            begin = time.process_time()
            answer(decoder, split.questions, scored(split.questions))
            each = (time.process_time() - begin) / options.questions
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{count:7,} videos, {name:9}: {each:7.3f} s a question, peak {peak:6,.0f} MiB, "
                  f"read in {reading:.1f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
