"""What a question costs hybrid in corpora of several sizes, beside CCGS' engine on the same questions.

Each size is a process of its own. Videos and questions are those of the embedded corpus' generator, 45 lines a video.
The encoder has the shape of MiniLM (BERT, 6 layers x 384) and random weights, in hybrid and in CCGS alike. It reads a
sample of the videos, which gives its seconds a video; the vectors that questions are compared with are drawn, and lie
where read ones would (those of tokens in a few files, each of which is read for many videos). CCGS reads each question
beside each video: a pair is measured on the sample, and a question is as many of them as there are videos. On
a CPU one thread, processor time; on a GPU wall time.
Run: python benchmarks/hybrid_scale.py [VIDEOS ...] [--questions 4] [--device cpu|cuda]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from processes import run

if TYPE_CHECKING:
    from cmivqa_kit.data.types import Split

SIZES = (100, 1000, 10_000)
SAMPLE = 16  # videos that the encoder reads, and that CCGS answers in
PAIRED = 2  # questions that CCGS answers there
SCRIPTS = (1, 2)  # of a video, by turns
WIDTH, LAYERS, HEADS = 384, 6, 12
TIERS = ("lexical", "untrained", "trained")
TOKEN_FILES, TOKENS = 64, 4096  # drawn tokens, and how many each file has: more than any of these videos
LIMIT = 3600.0


def main(sizes: Sequence[int], questions: int, device: str) -> None:
    """Print two tables. Nothing heavy is imported here: a child's peak would begin with it."""
    pair = _child("ccgs", SAMPLE, PAIRED, device)[0]
    print(f"CCGS' engine: {pair['pairs']} pairs of {pair['tokens']:.0f} tokens, {pair['each']:.4f} s a pair\n")
    print(f"| videos | spans | tier | s a question | peak, MiB | CCGS' engine, s a question | ratio |\n|{' --- |' * 7}")
    for videos in sizes:
        for tier in TIERS:
            found, peak = _child(tier, videos, questions, device)
            ccgs, each = pair["each"] * videos, found["question"]
            print(f"| {videos:,} | {found['spans']:,} | {tier} | {each:.3f} | {peak:,.0f} | {ccgs:,.1f} | "
                  f"{ccgs / each:,.0f} |", flush=True)  # fmt: skip
    found = _child("encode", SAMPLE, 1, device)[0]
    print("\nOnce for a corpus, seconds a video: " + ", ".join(f"{name} {s:.3f}" for name, s in found.items()))


def _child(part: str, videos: int, questions: int, device: str) -> tuple[dict[str, Any], float]:
    """A measurement in a process of its own, with its peak memory in MiB by the system."""
    measured = ["--measure", part, str(videos), str(questions)]
    done = run([sys.executable, __file__, "--device", device, *measured], limit=LIMIT)
    if done.stopped:
        raise SystemExit(f"{part}, {videos} videos: not done after {LIMIT:.0f} s")
    return json.loads(done.output), done.memory


@contextmanager
def _timed(seconds: dict[str, float], name: str, device: str) -> Iterator[None]:
    clock = _clock(device)
    begin = clock()
    yield
    seconds[name] = clock() - begin


def _clock(device: str) -> Callable[[], float]:
    return time.process_time if device == "cpu" else time.perf_counter


def encoder_config(tokenizer: Any) -> Any:
    """MiniLM's shape; its vocabulary is the tokenizer's."""
    from transformers import BertConfig

    build: Any = BertConfig  # it carries no types
    return build(
        vocab_size=len(tokenizer), hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        intermediate_size=4 * WIDTH, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip


def measure_ccgs(videos: int, questions: int, device: str) -> dict[str, float]:
    """One pass of CCGS' engine: its pairs, their tokens, seconds a pair without the calibration."""
    from pairs import PUBLISHED, System, make_model, make_split, make_tokenizer, run_in

    from cmivqa_kit.plugin.types import PredictOptions
    from cmivqa_kit.prediction.pairs.pass_options import CostEstimate, PassOptions
    from cmivqa_kit.prediction.pairs.run_pass import run_pass

    tokenizer = make_tokenizer()
    system = System(make_model(encoder_config(tokenizer), device), tokenizer)
    tokens = {"tokens": 4096 if device == "cpu" else 0}
    options = PredictOptions({"decode": {**PUBLISHED["decode"], **tokens}}, device=device)
    clock = _clock(device)
    begun: list[tuple[float, CostEstimate]] = []
    with tempfile.TemporaryDirectory() as folder:
        pass_options = PassOptions(announce=lambda cost, first: begun.append((clock(), cost)))
        split = make_split(questions, videos, SCRIPTS)
        run_pass(system, run_in(Path(folder), dict(options.config)), [split], options, pass_options)
        seconds = clock() - begun[0][0]
    cost = begun[0][1]
    return {"pairs": cost.pairs, "tokens": cost.tokens / cost.pairs, "each": seconds / cost.pairs}


def measure_encoding(videos: int, device: str) -> dict[str, float]:
    """Seconds a video of what is done once: reading its words, embedding its windows and its lines."""
    from pairs import make_split, make_tokenizer

    from baselines.hybrid.encoder import line_texts, window_vectors
    from baselines.hybrid.settings import Settings
    from cmivqa_kit.neural.encoders import Encoder, new_encoder
    from cmivqa_kit.neural.sentence_embedding import SentenceEmbedding
    from cmivqa_kit.runs.device import resolve

    settings, tokenizer, seconds = Settings.of({}), make_tokenizer(), dict[str, float]()
    config = encoder_config(tokenizer)
    encoder = Encoder(new_encoder(config), config, tokenizer)
    embedding = SentenceEmbedding(encoder, f"drawn {time.time_ns()}", settings.encoder, resolve(device))
    with _timed(seconds, "words", device):
        corpus = _corpus(make_split(1, videos, SCRIPTS))
    with _timed(seconds, "windows", device):
        window_vectors(corpus, embedding, settings)
    with _timed(seconds, "lines", device):
        embedding.lines(line_texts(corpus))
    with _timed(seconds, "their tokens", device):
        embedding.tokens(line_texts(corpus))
    return {name: taken / videos for name, taken in seconds.items()}


def measure_tier(tier: str, videos: int, questions: int, device: str) -> dict[str, float]:
    """The spans of a corpus, and seconds a question for the list of Tracks 2 and 3."""
    from pairs import make_split

    from baselines.hybrid.baseline import LexicalTier
    from baselines.hybrid.decoding import Decoder
    from baselines.hybrid.encoding import EncodedTier
    from baselines.hybrid.late import line_texts
    from baselines.hybrid.model import HeadSizes, SpanScorer
    from baselines.hybrid.settings import Settings
    from baselines.hybrid.trained import member_of
    from baselines.hybrid.trained_tier import TrainedTier

    settings, split, drawn = Settings.of({}), make_split(questions + 1, videos, SCRIPTS), _drawn(device)
    corpus = _corpus(split)
    answering: Any = LexicalTier(corpus, settings) if tier == "lexical" else EncodedTier(corpus, drawn, settings)
    if tier == "trained":
        model = SpanScorer(HeadSizes(WIDTH)).to(device)
        member = member_of(model, drawn, corpus, drawn.passages(line_texts(corpus)))
        answering = TrainedTier(corpus, [member], answering, settings)
    decoder, seconds = Decoder(corpus, _learnt(), settings.decode), dict[str, float]()
    for name, some in (("once", split.questions[:1]), ("questions", split.questions[1:])):
        with _timed(seconds, name, device):
            for question, scored in zip(some, answering.scored(some), strict=True):
                decoder.prediction(question, scored, "corpus", 50)
    return {"spans": sum(len(block) for block in corpus.spans.blocks()), "question": seconds["questions"] / questions}


def _drawn(device: str) -> Any:
    """In the place of an encoder: vectors of its width, drawn from the text; what a question costs asks no more."""
    import numpy as np
    import torch
    from pairs import make_tokenizer

    from baselines.hybrid.settings import Settings
    from cmivqa_kit.neural.line_reading import lengths_of, line_blocks, line_parts
    from cmivqa_kit.neural.sentence_embedding import unit
    from cmivqa_kit.neural.tokens import TextReader

    on = torch.device(device)

    class Drawn:
        size, device, reader = WIDTH, on, TextReader.of(make_tokenizer(), None)

        def __init__(self) -> None:
            self._folder = tempfile.TemporaryDirectory()  # of tokens: read as those of the cache are
            drawn = np.random.default_rng(0)
            for number in range(TOKEN_FILES):
                np.save(self._path(number), drawn.integers(-20, 20, (TOKENS, WIDTH), np.int8))

        def _path(self, number: int) -> Path:
            return Path(self._folder.name) / f"{number}.npy"

        def questions(self, texts: Sequence[str]) -> Any:
            numbers = np.random.default_rng(zlib.crc32("".join(texts).encode()))
            return unit(numbers.standard_normal((len(texts), WIDTH), np.float32))

        def question_tokens(self, text: str) -> Any:
            ids = self.reader.tokens(text)
            return ids, self.questions([f"{text} {number}" for number in range(len(ids))])

        def passages(self, texts: Mapping[str, Sequence[str]]) -> Any:
            return _Made(texts, lambda some: self.questions(some).astype(np.float16))

        def token_counts(self, lines: Sequence[Any]) -> Any:
            return lengths_of(line_parts(line_blocks(lines, self.reader, Settings.of({}).encoder.line_tokens)))

        def tokens(self, texts: Mapping[str, Sequence[str]]) -> Any:
            def counted(some: Sequence[str]) -> int:
                return int(self.token_counts([self.reader.tokens(text) for text in some]).sum())

            def read(of: tuple[int, int]) -> Any:
                return np.array(np.load(self._path(of[0] % TOKEN_FILES), mmap_mode="r")[: of[1]])

            return _Made({name: (n, counted(some)) for n, (name, some) in enumerate(texts.items())}, read)

    return Drawn()


class _Made(Mapping[str, Any]):
    """What is made of each value of another mapping, when it is asked for."""

    def __init__(self, given: Mapping[str, Any], make: Callable[[Any], Any]) -> None:
        self._given, self._make = given, make

    def __getitem__(self, name: str) -> Any:
        return self._make(self._given[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def _learnt() -> Any:
    from baselines.hybrid.corpus import Learnt

    return Learnt("trained", 24, 130.0, 6.0)


def _corpus(split: Split) -> Any:
    from baselines.hybrid.corpus import Corpus
    from baselines.hybrid.settings import Settings

    return Corpus.of(split, None, _learnt(), Settings.of({}))


def measure(part: str, videos: int, questions: int, device: str) -> dict[str, float]:
    """What one process measures, in one thread."""
    import torch

    torch.set_num_threads(1)
    if part == "ccgs":
        return measure_ccgs(videos, questions, device)
    return measure_encoding(videos, device) if part == "encode" else measure_tier(part, videos, questions, device)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", type=int, nargs="*", default=SIZES)
    parser.add_argument("--questions", type=int, default=4)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure[0], *map(int, given.measure[1:]), given.device)))
    else:
        main(given.videos, given.questions, given.device)
