"""Re-rankers behind hybrid, cross-encoders that begin as its own encoder: of spans in the given video, and of videos.

Both read the question beside subtitles and learn by a softmax over a list of the first stage (`hybrid_lists.py`); the
score is that of the first stage over its temperature and, weighed, what the re-ranker adds to it, at first 0. They
learn from the questions about most training videos, and are asked those about the others (a third, or 1 / FOLDS),
behind a first stage that is trained as usual on the same questions; its two temperatures are fitted on the ones asked.
Run: python benchmarks/hybrid_reranker.py ROOT ENCODER [--fold 0] [--folds 3] [--steps 160] [--runs DIR]
(ENCODER: a folder, a hub name, or tiny)
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from hybrid_cross_encoder import CrossEncoder, Descent, Pair, Texts
from hybrid_folds import LAST_STEP, config_of, fold_of, overall, trained, trial_parser
from hybrid_lists import FirstStage, cross_fitted, first_stage, shuffled
from numpy.typing import NDArray
from torch import Tensor, nn

from baselines.hybrid.encoder import Encoding
from cmivqa_kit.data.corpus import open_split
from cmivqa_kit.neural.encoders import Encoder
from cmivqa_kit.neural.tokens import Ids
from cmivqa_kit.prediction.expected_overlap import LikelySpans, best_span, overlaps, soft_target
from cmivqa_kit.prediction.spans.candidates import SpanBlock
from cmivqa_kit.runs.directory import open_run

WEIGHTS = (0.25, 0.5, 1.0, 1.5)  # of what a re-ranker adds
RATE, DROPOUT = 1e-4, 0.1
SPANS, REFERENCE, CANDIDATES = 40, 200, 150  # likeliest spans that are read anew; those of `decode`
SHIFT = 100  # tokens by which the first row of a video is shorter in training, at most
QUESTIONS = 6  # of a step of the re-ranker of spans
LISTS, OTHERS = 4, 5  # questions of a step of the re-ranker of videos, and wrong videos of each
WORDS = 200  # tokens of the passage that a video is read by
Ints = NDArray[np.int64]


class SpanReranker(nn.Module):
    """What every span of a video gains: where it begins, where it ends, its lines' own votes, and the mean of them."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder, self.texts, self.drop = CrossEncoder(encoder), Texts(encoder.reader), nn.Dropout(DROPOUT)
        self.line, self.inner = nn.Linear(self.encoder.size, 3), nn.Linear(self.encoder.size, 64)
        self.out, self.inside = nn.Linear(64, 1), nn.Parameter(torch.tensor(0.3))
        for layer in (self.line, self.out):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, rows: Sequence[FirstStage], shifts: Sequence[int]) -> list[tuple[Ints, Tensor]]:
        """The numbers of the likeliest spans of each right video, and what they gain, (spans,) each."""
        texts = self.texts
        pairs = [Pair(texts.question(row.text), texts.lines(row.corpus, row.right)) for row in rows]
        gains = []
        for row, states in zip(rows, self.encoder.lines(pairs, shifts), strict=True):
            best = np.argsort(-row.spans[row.right], kind="stable")[:SPANS]
            block, low = row.block(row.right), int(row.corpus.spans.first_line[row.right])
            gains.append((best, self._spans(states, block, best, low)))
        return gains

    def _spans(self, states: Tensor, block: SpanBlock, best: Ints, low: int) -> Tensor:
        first, stop = (torch.from_numpy(lines[best] - low) for lines in (block.first, block.stop))
        states = self.drop(states)
        line = self.line(states)
        votes = nn.functional.pad(line[:, 2].cumsum(0), (1, 0))
        sums = nn.functional.pad(states.cumsum(0), (0, 0, 1, 0))
        mean = (sums[stop] - sums[first]) / (stop - first)[:, None]
        whole = self.out(torch.relu(self.inner(mean)))[:, 0]
        gain: Tensor = whole + line[first, 0] + line[stop - 1, 1] + self.inside * (votes[stop] - votes[first])
        return gain

    def loss(self, rows: Sequence[FirstStage], drawn: np.random.Generator) -> Tensor:
        """Cross-entropy of the likeliest spans with those that overlap the answer, a mean over questions."""
        total = torch.zeros((), dtype=torch.float64)
        for row, (best, gain) in zip(rows, self(rows, drawn.integers(0, SHIFT, len(rows)).tolist()), strict=True):
            ious = hits(row)[best]
            if ious.max() > 0:
                scores = torch.from_numpy(row.spans[row.right][best]).double() + gain.double()
                total = total - (torch.from_numpy(soft_target(ious)) * scores.log_softmax(0)).sum()
        return total / len(rows)

    @torch.inference_mode()
    def figures(self, rows: Sequence[FirstStage]) -> list[float]:
        """mIoU of Track 1 of the first stage, and at each of the `WEIGHTS`."""
        every = []
        for row in rows:
            ((best, gain),) = self([row], [0])
            added = np.zeros(len(row.spans[row.right]))
            added[best] = gain.numpy()
            every.append([answered(row, weight * added) for weight in (0.0, *WEIGHTS)])
        return [float(value) for value in np.mean(every, axis=0)]


def hits(row: FirstStage) -> NDArray[np.float64]:
    """The IoU of every span of the right video with the answer."""
    block = row.block(row.right)
    ious: NDArray[np.float64] = overlaps(
        np.array([row.answer.start]), np.array([row.answer.end]), block.start, block.end
    )[0]
    return ious


def answered(row: FirstStage, added: NDArray[np.float64]) -> float:
    """The IoU of the span that Track 1 is given."""
    block = row.block(row.right)
    likely = LikelySpans.of(block.start, block.end, row.spans[row.right] + added, 1.0, REFERENCE)
    return likely.span(best_span(likely, CANDIDATES)[0]).iou(row.answer)


class VideoReranker(nn.Module):
    """What videos gain by the passage around their likeliest span."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder, self.texts, self.drop = CrossEncoder(encoder), Texts(encoder.reader), nn.Dropout(DROPOUT)
        self.out = nn.Linear(2 * self.encoder.size, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, some: Sequence[tuple[FirstStage, Sequence[int]]]) -> list[Tensor]:
        """What the videos named beside each question gain, (videos,) each."""
        pairs = [
            Pair(self.texts.question(row.text), self.passage(row, video)) for row, videos in some for video in videos
        ]
        gains = self.out(self.drop(self.encoder.passages(pairs)))[:, 0]
        return list(gains.split([len(videos) for _, videos in some]))

    def passage(self, row: FirstStage, video: int) -> list[Ids]:
        """The lines around the middle of a video's likeliest span, as many as have room."""
        lines, block = self.texts.lines(row.corpus, video), row.block(video)
        if not lines:
            return []
        best, low = int(np.argmax(row.spans[video])), int(row.corpus.spans.first_line[video])
        middle = (block.start[best] + block.end[best]) / 2
        spoken = slice(low, low + len(lines))
        centre = (row.corpus.spans.start[spoken] + row.corpus.spans.end[spoken]) / 2
        first = last = int(np.argmin(np.abs(centre - middle)))
        room = WORDS - len(lines[first])
        grows = True
        while grows:
            grows = False
            if first > 0 and len(lines[first - 1]) <= room:
                first, grows = first - 1, True
                room -= len(lines[first])
            if last + 1 < len(lines) and len(lines[last + 1]) <= room:
                last, grows = last + 1, True
                room -= len(lines[last])
        return [line[:WORDS] for line in lines[first : last + 1]]

    def loss(self, rows: Sequence[FirstStage], drawn: np.random.Generator) -> Tensor:
        """Cross-entropy of the right video among others that are likely, a mean over questions."""
        some = []
        for row in rows:
            others = [video for video in row.likeliest if video != row.right]
            some.append((row, [row.right, *drawn.permutation(others)[:OTHERS].tolist()]))
        losses = [
            -(torch.from_numpy(row.videos[videos]) + gain.double()).log_softmax(0)[0]
            for (row, videos), gain in zip(some, self(some), strict=True)
        ]
        return torch.stack(losses).mean()

    @torch.inference_mode()
    def figures(self, rows: Sequence[FirstStage]) -> list[float]:
        """Overall of Track 2 of the first stage, and at each of the `WEIGHTS`."""
        every = []
        for row in rows:
            (gain,) = self([(row, row.likeliest)])
            added = np.zeros(len(row.videos))
            added[list(row.likeliest)] = (gain - gain.mean()).numpy()
            every.append([row.videos + weight * added for weight in (0.0, *WEIGHTS)])
        right = np.array([row.right for row in rows])
        return [overall(scores, right) for scores in np.array(every).transpose(1, 0, 2)]


def reranked(
    model: SpanReranker | VideoReranker,
    size: int,
    taught: Sequence[FirstStage],
    asked: Sequence[FirstStage],
    steps: int,
) -> list[float]:
    """The figures of a re-ranker that was trained for so many steps of ``size`` questions."""
    descent, drawn = Descent(model, RATE, steps), np.random.default_rng(0)
    model.train()
    for batch in shuffled(taught, size, steps):
        descent.step(model.loss(batch, drawn))
    return model.eval().figures(asked)


def main(root: Path, encoder: str, fold: int, folds: int, overrides: Sequence[str], steps: int, runs: Path) -> None:
    """Print a row for each re-ranker."""
    torch.set_num_threads(1)
    config = config_of(encoder, [*LAST_STEP, *overrides])
    frozen = config_of(encoder, [*LAST_STEP, *overrides, 'train.members=["frozen"]'])
    learnt, held_out = fold_of(open_split(root, "train"), fold, folds)
    system = trained(learnt, held_out, config, runs / f"fold-{fold}-usual")
    asked = first_stage(system, held_out, config)
    taught = cross_fitted(learnt, frozen, runs / f"fold-{fold}")
    print(f"fold {fold} of {folds}: {len(taught)} questions in lists to learn from, {len(asked)} asked\n")
    weights = " | ".join(f"weight {weight}" for weight in WEIGHTS)
    print(f"| re-ranker | first stage alone | {weights} | processor seconds |\n|{' --- |' * 7}")
    for name, kind, size in (("spans, mIoU", SpanReranker, QUESTIONS), ("videos, Overall", VideoReranker, LISTS)):
        begin = time.process_time()
        torch.manual_seed(0)
        model = kind(Encoding(open_run(runs / f"fold-{fold}-usual")).encoder)
        cells = " | ".join(f"{value:.4f}" for value in reranked(model, size, taught, asked, steps))
        print(f"| {name} | {cells} | {time.process_time() - begin:.0f} |", flush=True)


if __name__ == "__main__":
    parser = trial_parser(__doc__)
    parser.add_argument("--steps", type=int, default=160)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = given.runs or Path(folder)
        main(given.root, given.encoder, given.fold, given.folds, given.overrides, given.steps, runs)
