"""The engine: a scorer over rows, in batches of so many tokens, one prepared while another is computed.

The best spans are found on the device; nothing else leaves it. The same questions in the same chunk give the same
bytes on a CPU, whatever other chunks there are and whichever process works on them.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import Queue
from threading import Event, Thread
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cmivqa_kit.errors import RunFailed
from cmivqa_kit.prediction.pairs.batching import BestSpans, Corpus, Ints, RowTable, batches
from cmivqa_kit.prediction.pairs.pass_options import Progress, quiet
from cmivqa_kit.prediction.pairs.ranking import Ranked, RankedCells
from cmivqa_kit.prediction.types import EncodedQuestion

log = logging.getLogger(__name__)
T = TypeVar("T")
AHEAD = 2  # batches under way on a GPU while the next one is prepared
LEAST = 256  # tokens of a batch below which stepping down is of no use


@dataclass(frozen=True, slots=True)
class TopK:
    """How many best spans a pass keeps: ``count`` of a question, ``per_video`` of each of its videos."""

    count: int = 50
    per_video: int = 10


class Engine:
    """Scores chunks of questions against a corpus.

    Args:
        corpus: the videos, and the network behind them.
        top_k: how many spans are kept.
        tokens: padded tokens of a batch at most. Halved once where memory runs out.
    """

    def __init__(self, corpus: Corpus, top_k: TopK, tokens: int) -> None:
        self.corpus, self.top_k, self.tokens = corpus, top_k, tokens
        self._stepped_down = False

    def rank(
        self,
        names: Sequence[object],
        questions: Sequence[EncodedQuestion],
        chosen: Sequence[Ints] | None = None,
        progress: Progress = quiet,
    ) -> Ranked | RankedCells:
        """Rank the spans of the corpus for each question of a chunk.

        Args:
            names: what messages call the questions.
            questions: their tokens.
            chosen: per question the videos to look at, by default all.
            progress: told after each batch.

        Raises:
            RunFailed: a score is no number, or memory ran out twice.
        """
        fitting = [self.corpus.fitting(question) for question in questions]
        for name, question, short in zip(names, questions, fitting, strict=True):
            if len(short) < len(question):
                log.warning("question %r: %d tokens are cut to %d: a row takes %s in all",
                            name, len(question), len(short), self.corpus.limit)  # fmt: skip
        rows = self.corpus.rows(fitting, chosen)
        while True:
            try:
                return self._rank(names, fitting, rows, progress)
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                if self._stepped_down or self.tokens < 2 * LEAST:
                    raise RunFailed(
                        f"out of memory with batches of {self.tokens} tokens", OUT_OF_MEMORY.format(self.tokens // 4)
                    ) from error
            self._stepped_down = True
            self.tokens //= 2
            release(self.corpus.device)
            log.warning("out of memory: going on with batches of %d tokens", self.tokens)

    def _rank(
        self, names: Sequence[object], questions: Sequence[EncodedQuestion], rows: RowTable, progress: Progress
    ) -> Ranked | RankedCells:
        collector = self.corpus.collector(rows, len(questions), self.top_k)
        for part, best in self._scored(questions, rows, collector.wanted):
            if bool(best.unsound.any()):
                at = part.start + int(best.unsound.nonzero()[0, 0])
                video = self.corpus.videos[int(rows.video[at])].id
                raise RunFailed(
                    f"question {names[int(rows.question[at])]!r}, video {video!r}: the network's scores are no numbers",
                    "Give --dtype float32; if that does not help, train again with a lower learning rate.",
                )
            collector.add(part, best.score.numpy(), best.start.numpy(), best.end.numpy())
            progress(part.stop - part.start, int(rows.size[part].sum()))
        ranked: Ranked | RankedCells = collector.finish()
        return ranked

    def _scored(
        self, questions: Sequence[EncodedQuestion], rows: RowTable, wanted: NDArray[np.int64]
    ) -> Iterator[tuple[slice, BestSpans]]:
        """Per batch: its rows and their best spans, on the CPU."""
        device = self.corpus.device
        cuda = device.type == "cuda"

        def prepared() -> Iterator[tuple[slice, Mapping[str, Tensor]]]:
            for part in batches(rows.size, self.tokens):
                batch = self.corpus.batch(rows, part, questions)
                yield part, {name: tensor.pin_memory() for name, tensor in batch.items()} if cuda else batch

        under_way: deque[tuple[slice, BestSpans]] = deque()
        for part, batch in ahead(prepared(), AHEAD) if cuda else prepared():
            with torch.inference_mode():
                on_device = {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}
                under_way.append((part, self.corpus.best(on_device, int(wanted[part].max()))))
            if len(under_way) > (AHEAD if cuda else 0):
                first, best = under_way.popleft()
                yield first, best.cpu()
        for part, best in under_way:
            yield part, best.cpu()


OUT_OF_MEMORY = "Give --batch-tokens {}, or another --device; what is done stays, and --resume goes on from it."


def out_of_memory(error: BaseException) -> bool:
    """True for what torch and Python raise when memory runs out, on a GPU or not."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def release(device: torch.device) -> None:
    """Give cached memory of a GPU back."""
    if device.type == "cuda":
        torch.cuda.empty_cache()


def ahead(items: Iterable[T], depth: int) -> Iterator[T]:
    """Yield the same items, made by a thread that is at most ``depth`` of them ahead; its errors are raised here."""
    queue: Queue[tuple[bool, Any]] = Queue(depth)
    stopped = Event()

    def work() -> None:
        try:
            for item in items:
                queue.put((True, item))
                if stopped.is_set():
                    return
            queue.put((False, None))
        except BaseException as error:
            queue.put((False, error))

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            more, item = queue.get()
            if more:
                yield item
            elif item is None:
                return
            else:
                raise item
    finally:
        stopped.set()
        while thread.is_alive():  # it may wait for a free place
            while not queue.empty():
                queue.get_nowait()
            thread.join(0.01)
