"""What might rank videos better than hybrid's untrained tier does: tried on training questions, by folds of videos.

Each addition is tried beside the tier without and with the mean of a video's windows (`fusion.video_window_weight`).
What has weights or a bank of questions learns from the questions about the videos of the other folds; "chosen" is the
setting (nothing added among them) that is best on these. Dev is looked at once, after all that, and chooses nothing.
All other settings are those of `config.toml`, some of which were chosen on training questions of TutorialVQA.
Run: python benchmarks/hybrid_ranking.py ROOT ENCODER [--questions N]   (ENCODER: a folder, a hub name, or tiny)
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hybrid_folds import config_of, overall
from hybrid_terms import Asked, WeightedBM25, example, learnt_weights
from numpy.typing import NDArray

from baselines.hybrid.corpus import Corpus, Learnt
from baselines.hybrid.encoder import window_vectors
from baselines.hybrid.encoding import UntrainedHybrid
from baselines.hybrid.late import LateInteraction
from baselines.hybrid.settings import UNTRAINED, Settings
from baselines.hybrid.untrained import UntrainedTier, WindowVectors
from cmivqa_kit.data.corpus import open_split
from cmivqa_kit.data.subset import subset
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.neural.sentence_embedding import SentenceEmbedding, unit
from cmivqa_kit.prediction.lexical.scorer import Scorer
from cmivqa_kit.runs.directory import start_run

FOLDS = 4
TOGETHER = 4  # questions whose span scores are in memory at once
SUBJECT = 0.2  # of the mean window, beside which the others are tried; what the tier has
LEARNT_FROM = 800  # training questions that term weights are learnt from, at most
SUBJECT_WEIGHTS = (0.1, 0.2, 0.3)
FIRST_LINES, FIELD_WEIGHTS = (3, 6, 10), (0.2, 0.5)
LATE_WEIGHTS = (0.4, 0.7, 1.0, 1.5)  # of the best line by late interaction
FEEDBACK, FEEDBACK_WEIGHT = (3, 10), 0.5  # nearest windows whose mean moves the question towards them
BANK_SHARES, BANK_WEIGHTS = (0.05, 0.1, 0.2, 0.5), (0.5, 1.0)  # of the bank's nearest questions; of what they say
Floats = NDArray[np.float64]
Field = tuple[Floats, Floats]  # scores of videos for training questions and for dev questions, (questions, videos)


def z(scores: Floats) -> Floats:
    """Scores of videos on one scale for each question."""
    scaled: Floats = (scores - scores.mean(axis=1, keepdims=True)) / (scores.std(axis=1, keepdims=True) + 1e-9)
    return scaled


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """Questions of a split in the corpus: their vectors, the numbers of their right videos, and the fold of each."""

    questions: Sequence[Question]
    vectors: NDArray[np.float32]
    right: NDArray[np.int64]
    fold: NDArray[np.int64]

    @classmethod
    def of(cls, split: Split, most: int, corpus: Corpus, embedding: SentenceEmbedding) -> Asking:
        """The questions of a split that have an answer, at most so many (0: all); folds are drawn by video."""
        asked = [q for q in split.questions if q.answer is not None and q.answer.valid and q.video_id in corpus.numbers]
        some = subset(asked, most, split.name)
        right = np.array([corpus.numbers[question.video_id or ""] for question in some], np.int64)
        videos = np.random.default_rng(0).permutation(np.unique(right))
        fold_of = np.zeros(len(corpus.ids), np.int64)
        for number, part in enumerate(np.array_split(videos, FOLDS)):
            fold_of[part] = number
        return cls(some, embedding.questions([question.text for question in some]), right, fold_of[right])


class Trials:
    """The scores of videos under each addition to the tier, which looks at no late interaction else.

    Args:
        corpus: that is asked.
        windows: as the encoder reads them.
        settings: of the tier.
        train: training questions.
        dev: dev questions.
    """

    def __init__(self, corpus: Corpus, windows: WindowVectors, settings: Settings, train: Asking, dev: Asking) -> None:
        self.corpus, self.windows, self.train, self.dev = corpus, windows, train, dev
        self.fusion = replace(settings.fusion, video_window_weight=0.0)
        means = windows.means()
        self.subject: Field = self.both(lambda asking: (asking.vectors @ means.T).astype(np.float64))
        self.base = self.both(lambda asking: self.ranked(asking, asking.vectors))

    def both(self, scores: Callable[[Asking], Floats]) -> Field:
        """Something of the training questions and of the dev questions."""
        return scores(self.train), scores(self.dev)

    def ranked(self, asking: Asking, vectors: NDArray[np.float32], corpus: Corpus | None = None) -> Floats:
        """What the tier without mean windows says of the videos."""
        tier, count = UntrainedTier(corpus or self.corpus, self.windows, self.fusion), len(asking.questions)
        rows = [
            scored.videos
            for begin in range(0, count, TOGETHER)
            for scored in tier.scored(asking.questions[begin : begin + TOGETHER], vectors[begin : begin + TOGETHER])
        ]
        return z(np.array(rows))

    def beside(self, field: Field, weight: float) -> Field:
        """Some scores with mean windows beside them."""
        train, dev = (scores + weight * z(subject) for scores, subject in zip(field, self.subject, strict=True))
        return train, dev

    def first_lines(self, lines: int) -> Field:
        """BM25 of the first lines of each video."""
        bm25, first = self.corpus.bm25, self.corpus.spans.first_line
        scorer = Scorer(bm25.postings, first[:-1], np.minimum(first[:-1] + lines, first[1:]), bm25.k1, bm25.b)
        return self.both(
            lambda asking: z(np.array(list(scorer.scores_of_all([bm25.tokens(q.text) for q in asking.questions]))))
        )

    def late(self, late: LateInteraction) -> Field:
        """The best line of each video by late interaction."""
        videos = np.arange(len(self.corpus.ids))
        return self.both(lambda asking: z(np.array([late.best_lines(one)(videos) for one in asking.questions])))

    def with_field(self, field: Field, weight: float, subject: float) -> Field:
        """A field's scores beside those of the tier."""
        train, dev = (z(s) + weight * f for s, f in zip(self.beside(self.base, subject), field, strict=True))
        return train, dev

    def feedback(self, count: int) -> Field:
        """The tier asked with the question moved towards the windows that are nearest to it."""

        def moved(vector: NDArray[np.float32]) -> NDArray[np.float32]:
            nearest = np.argsort(-self.windows.cosines(vector[None])[0], kind="stable")[:count]
            seen = np.concatenate([self.windows.vectors[n : n + 1] for n in nearest.tolist()])
            mean: NDArray[np.float32] = seen.astype(np.float32).mean(axis=0)
            return vector + np.float32(FEEDBACK_WEIGHT) * mean

        return self.both(lambda asking: self.ranked(asking, unit(np.stack([moved(v) for v in asking.vectors]))))

    def terms(self) -> Field:
        """The tier with learnt weights of terms; training questions with those of the other folds."""
        train = self.train
        scores = np.zeros(self.base[0].shape)
        for fold in range(FOLDS):
            out = train.fold == fold
            held_out = Asking(
                [train.questions[n] for n in np.flatnonzero(out).tolist()],
                train.vectors[out],
                train.right[out],
                train.fold[out],
            )
            scores[out] = self._by_terms(held_out, np.flatnonzero(~out))
        return scores, self._by_terms(self.dev, np.arange(len(train.questions)))

    def _by_terms(self, asking: Asking, known: NDArray[np.int64]) -> Floats:
        questions = [self.train.questions[number] for number in known.tolist()]
        asked = Asked(questions, self.corpus.bm25)
        some = subset(questions, LEARNT_FROM, "terms")
        learnt = learnt_weights([example(one, self.corpus, self.windows.windows, asked) for one in some])
        bm25: Any = WeightedBM25(self.corpus, learnt, asked)  # asked like the corpus' own
        return self.ranked(asking, asking.vectors, replace(self.corpus, bm25=bm25))

    def less_bank(self, share: float, weight: float, subject: float) -> Field:
        """Scores less what each video gets of the nearest questions of a bank: some videos are near to everything.

        The bank is made of the training questions about the videos of other folds, and of a video's own ones none
        counts against it.
        """
        train, dev = self.beside(self.base, subject)
        scores = np.zeros(train.shape)
        for fold in range(FOLDS):
            out = self.train.fold == fold
            scores[out] = train[out] - weight * self._nearness(train, ~out, share)
        return scores, dev - weight * self._nearness(train, np.ones(len(train), np.bool_), share)

    def _nearness(self, scores: Floats, bank: NDArray[np.bool_], share: float) -> Floats:
        near = np.zeros(scores.shape[1])
        for video in range(len(near)):
            others = np.sort(scores[bank & (self.train.right != video), video])[::-1]
            near[video] = others[: max(1, int(len(others) * share))].mean()
        return near


class Table:
    """A table, line by line as it is measured, of additions beside the tier without and with mean windows."""

    def __init__(self, trials: Trials) -> None:
        self.trials = trials
        self._bases = [trials.beside(trials.base, weight) for weight in (0.0, SUBJECT)]
        sides = [f"{side}training | folds better | dev" for side in ("", f"beside mean windows at {SUBJECT}: ")]
        print(f"| added | {' | '.join(sides)} |\n|{' --- |' * 7}")
        self._print("nothing", [self._cells(base, base) for base in self._bases])

    def add(self, name: str, additions: Sequence[tuple[str, Callable[[float], Field]]], sides: int = 2) -> None:
        """Lines of one kind of addition, and of the one that is chosen for each fold on the others.

        Args:
            name: of the kind.
            additions: the setting in words, and a function weight of the mean windows -> scores.
            sides: 1: without mean windows only.
        """
        weights = (0.0, SUBJECT)[:sides]
        fields = [[made(weight) for weight in weights] for _, made in additions]
        for (setting, _), row in zip(additions, fields, strict=True):
            self._print(f"{name}{setting}", [self._cells(field, self._bases[n]) for n, field in enumerate(row)])
        if len(additions) > 1:
            columns = [[self._bases[n], *(row[n] for row in fields)] for n in range(sides)]
            chosen = [self._chosen(column) for column in columns]
            self._print(f"{name}, chosen", [self._cells(field, self._bases[n]) for n, field in enumerate(chosen)])

    def _chosen(self, fields: Sequence[Field]) -> Field:
        """For each fold the scores that are best on the others, and for dev those that are best on all."""
        train = self.trials.train

        def best(known: NDArray[np.bool_]) -> int:
            return int(np.argmax([overall(field[0][known], train.right[known]) for field in fields]))

        scores = np.zeros(fields[0][0].shape)
        for fold in range(FOLDS):
            out = train.fold == fold
            scores[out] = fields[best(~out)][0][out]
        return scores, fields[best(np.ones(len(train.fold), np.bool_))][1]

    def _cells(self, field: Field, base: Field) -> str:
        train, dev = self.trials.train, self.trials.dev
        folds = [train.fold == fold for fold in range(FOLDS)]
        better = sum(overall(field[0][f], train.right[f]) > overall(base[0][f], train.right[f]) for f in folds)
        count = "" if field is base else f"{better} of {FOLDS}"
        return f"{overall(field[0], train.right):.3f} | {count} | {overall(field[1], dev.right):.3f}"

    def _print(self, name: str, cells: Sequence[str]) -> None:
        print(f"| {name} | {' | '.join([*cells, ' |  | '][:2])} |", flush=True)


def main(root: Path, encoder: str, most: int) -> None:
    """Print the table."""
    torch.set_num_threads(1)
    train, dev = open_split(root, "train"), open_split(root, "dev")
    config = config_of(encoder, ["model.tier=untrained"])
    settings = Settings.of(config)
    learnt = Learnt.from_answers(train, UNTRAINED, settings.spans)
    with tempfile.TemporaryDirectory() as folder:
        neural, run = UntrainedHybrid(), start_run(Path(folder), "hybrid", config, 0)
        neural.prepare(config)
        neural.fit(train, None, run, learnt)
        embedding = neural.encoding.embedding(config, "cpu", lambda title, done, total: None)
    corpus = Corpus.of(replace(train, videos={**train.videos, **dev.videos}), None, learnt, settings)
    asked = [Asking.of(split, most, corpus, embedding) for split in (train, dev)]
    trials = Trials(corpus, window_vectors(corpus, embedding, settings), settings, *asked)
    print(f"{len(asked[0].questions)} training questions, {len(asked[1].questions)} dev questions, "
          f"{len(corpus.ids)} videos; Overall of Track 2\n")  # fmt: skip
    table = Table(trials)
    mean_windows = [(f", {weight}", partial(_alone, trials, weight)) for weight in SUBJECT_WEIGHTS]
    table.add("mean windows", mean_windows, 1)
    best = trials.late(LateInteraction(corpus, embedding, settings.lexical.idf_seconds))
    by_late = [(f", {weight}", partial(trials.with_field, best, weight)) for weight in LATE_WEIGHTS]
    table.add("late interaction", by_late)
    heads = {lines: trials.first_lines(lines) for lines in FIRST_LINES}
    settings_of_field = [
        (f", {lines} at {weight}", partial(trials.with_field, heads[lines], weight))
        for lines in FIRST_LINES
        for weight in FIELD_WEIGHTS
    ]
    table.add("first lines as a field", settings_of_field)
    table.add("learnt weights of terms", [("", partial(trials.beside, trials.terms()))])
    windows = [(f" of {count} windows", partial(trials.beside, trials.feedback(count))) for count in FEEDBACK]
    table.add("feedback", windows)
    settings_of_bank = [
        (f", nearest {share:.0%} at {weight}", partial(trials.less_bank, share, weight))
        for share in BANK_SHARES
        for weight in BANK_WEIGHTS
    ]
    table.add("bank of questions", settings_of_bank)


def _alone(trials: Trials, weight: float, subject: float) -> Field:
    """Mean windows of some weight, beside none."""
    return trials.beside(trials.base, weight + subject)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("encoder")
    parser.add_argument("--questions", type=int, default=0)
    given = parser.parse_args()
    main(given.root, given.encoder, given.questions)
