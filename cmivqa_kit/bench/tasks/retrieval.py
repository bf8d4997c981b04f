"""Retrieval benchmarks: captions in the target language against videos or images, in both directions.

Predictions are a score matrix (higher is better) or embeddings: a folder with ``videos`` and ``captions``, or with
``source`` and ``translation``, the two languages of each caption, which are mixed as the published programs do.

Source: docs/spec/nrccr.md, sections 1.3 and 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.bench.contract.types import Evaluation, SplitCheck
from cmivqa_kit.bench.tasks.captions import Caption, read_captions, text_folders
from cmivqa_kit.bench.tasks.retrieval_files import RetrievalPredictions, read_retrieval_predictions
from cmivqa_kit.data.display import count
from cmivqa_kit.errors import Problem, UserError
from cmivqa_kit.metrics.benchmarks.retrieval import (
    METRICS,
    Errors,
    RetrievalRanks,
    mixed,
    normalised,
    retrieval_ranks,
    retrieval_values,
)

WEIGHTS = (1.0, 0.8, 0.5, 0.2, 0.0)  # of the source language, in the order in which the published program prints them


@dataclass(frozen=True, slots=True)
class RetrievalTruth:
    """The captions that ask, in the order of their file, and the videos, in the order of theirs."""

    captions: tuple[Caption, ...]
    videos: tuple[str, ...]
    repeated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RetrievalEvaluator:
    """Reads caption files and scores retrieval in both directions.

    Attributes:
        collections: usual names of the folder of the benchmark below the data root.
        patterns: per split, the name of its caption file, with ``*`` for the collection.
        source_patterns: per split, the name of the machine translation beside it: it orders the videos.
        weight: the weight of the source language that the metrics are given for; the program's output has all.
    """

    collections: tuple[str, ...]
    patterns: Mapping[str, tuple[str, ...]]
    source_patterns: Mapping[str, tuple[str, ...]]
    weight: float

    def truth_files(self, root: Path, split: str) -> tuple[Path, ...]:
        """The caption file of a split in the target language, then its translation where that is there."""
        asked = self._matching(root, self.patterns[split])
        if len(asked) != 1:
            names = " or ".join(self.patterns[split])
            said = f"several caption files of {split}: {', '.join(map(str, asked))}" if asked else f"no {names}"
            raise UserError(f"{root}: {said}", "Name the file with --truth, or mend the data root (--data).")
        source = self._matching(asked[0].parent, self.source_patterns[split])
        return (*asked, *source[:1])

    def read_truth(self, files: Sequence[Path]) -> RetrievalTruth:
        """Captions of the first file; videos in the order of the last one, and those that only the first has."""
        asked = read_captions(files[0])
        ordered = read_captions(files[-1]).videos if len(files) > 1 else asked.videos
        own = set(asked.videos)
        videos = dict.fromkeys((*(video for video in ordered if video in own), *asked.videos))
        return RetrievalTruth(asked.captions, tuple(videos), asked.repeated)

    def check(self, root: Path, split: str) -> SplitCheck:
        """The captions of a split and the videos that they are of."""
        if not any(self._matching(root, self.patterns[split])):
            return SplitCheck(split)
        try:
            files = self.truth_files(root, split)
            truth = self.read_truth(files)
        except UserError as error:
            return SplitCheck(split, problems=(Problem(str(root), str(error)),))
        counts = {"captions": len(truth.captions), "videos": len(truth.videos)}
        return SplitCheck(split, files, counts, remarks=tuple(_repeated(truth)), videos=truth.videos)

    def read_predictions(self, path: Path, truth: RetrievalTruth) -> RetrievalPredictions:
        """A score matrix, or a folder with embeddings."""
        return read_retrieval_predictions(path, [caption.id for caption in truth.captions], truth.videos)

    def evaluate(self, truth: RetrievalTruth, predictions: RetrievalPredictions) -> Evaluation:
        """Both directions at the benchmark's weight; the official dictionary at every weight that there is."""
        column = {video: at for at, video in enumerate(predictions.videos)}
        video_of = np.array(
            [column.get(_video(caption, column), -1) for caption in predictions.captions], dtype=np.intp
        )
        by_weight = {
            weight: retrieval_ranks(errors, video_of) for weight, errors in errors_by_weight(predictions, self.weight)
        }
        official = {title: official_figures(ranks) for title, ranks in _titled(by_weight)}
        chosen = by_weight[self.weight if len(by_weight) > 1 else next(iter(by_weight))]
        values, queries, clusters = _strict(truth, predictions, chosen)
        answered = set(predictions.captions)
        missing = sum(caption.id not in answered for caption in truth.captions)
        unknown = len(answered - {caption.id for caption in truth.captions})
        counts = {
            "captions": len(truth.captions), "videos": len(truth.videos), "missing captions": missing,
            "unknown captions": unknown, "other videos": len(set(predictions.videos) - set(truth.videos)),
        }  # fmt: skip
        return Evaluation(
            official,
            METRICS,
            values,
            queries,
            clusters,
            counts,
            tuple(_remarks(truth, predictions, counts)),
            _crash(truth),
        )

    def _matching(self, root: Path, patterns: Sequence[str]) -> list[Path]:
        folders = text_folders(root, self.collections)
        return sorted({path for folder in folders for name in patterns for path in folder.glob(name)})


def errors_by_weight(predictions: RetrievalPredictions, weight: float) -> Iterator[tuple[float, Errors]]:
    """Errors at every weight of the source language; of a single matrix as it is, at ``weight``."""
    if predictions.source is None:
        yield weight, predictions.target
        return
    source, target = normalised(predictions.source), normalised(predictions.target)
    for share in WEIGHTS:
        yield share, mixed(source, target, share)


def official_figures(ranks: RetrievalRanks) -> dict[str, Any]:
    """The published tables' figures: recalls in percent, mAP as a fraction, SumR over both directions."""
    precision = np.where(ranks.of_videos <= len(ranks.of_captions), 1.0 / ranks.of_videos, 0.0)
    forth, back = _figures(ranks.of_videos, precision), _figures(ranks.of_captions, ranks.precision)
    recalls = [direction[f"R@{k}"] for direction in (forth, back) for k in (1, 5, 10)]
    return {"text_to_video": forth, "video_to_text": back, "SumR": sum(recalls)}


def _figures(ranks: NDArray[np.int64], precision: NDArray[np.float64]) -> dict[str, float]:
    recalls = {f"R@{k}": 100.0 * int((ranks <= k).sum()) / len(ranks) for k in (1, 5, 10)}
    middle = {"MedR": float(np.median(ranks)), "MeanR": float(ranks.mean())}
    return {**recalls, **middle, "mAP": float(precision.mean())}


def _titled(by_weight: Mapping[float, RetrievalRanks]) -> Iterator[tuple[str, RetrievalRanks]]:
    for weight, ranks in by_weight.items():
        yield (f"source {weight:g}" if len(by_weight) > 1 else "scores"), ranks


def _video(caption: str, columns: Mapping[str, int]) -> str:
    """The video of a caption id, under the name that the predictions have for it."""
    name = caption.split("#")[0]
    return name if name in columns else Caption(caption, "").video


def _strict(
    truth: RetrievalTruth, predictions: RetrievalPredictions, ranks: RetrievalRanks
) -> tuple[dict[str, NDArray[np.float64]], tuple[str, ...], tuple[str, ...]]:
    """Values, ids and clusters of every caption and video of the truth; what is not predicted is a miss.

    Captions that the truth does not know have no part in the means; they stand in the lists all the same.
    """
    captions = {name: at for at, name in enumerate(predictions.captions)}
    videos = {name: at for at, name in enumerate(predictions.videos)}
    extra = [name for name in predictions.videos if name not in set(truth.videos)]
    every = (*truth.videos, *extra)
    of_videos = np.array(
        [
            ranks.of_videos[captions[caption.id]] if caption.id in captions else len(every) + 1
            for caption in truth.captions
        ]
    )
    of_captions = np.array([ranks.of_captions[videos[name]] if name in videos else len(captions) + 1 for name in every])
    precision = np.array([ranks.precision[videos[name]] if name in videos else 0.0 for name in every])
    values = retrieval_values(RetrievalRanks(of_videos, of_captions, precision))
    queries = (*(caption.id for caption in truth.captions), *every)
    return values, queries, (*(caption.video for caption in truth.captions), *every)


def _crash(truth: RetrievalTruth) -> str:
    """How the published program stops: it looks for a video that is called as the id's first part, suffix and all."""
    suffixed = sum(caption.id.split("#")[0] != caption.video for caption in truth.captions)
    if not suffixed:
        return ""
    return f"KeyError: {count(suffixed, 'caption id')} with .jpg or .mp4 find no video of that name (scored without)"


def _repeated(truth: RetrievalTruth) -> Iterator[str]:
    if truth.repeated:
        yield f"{count(len(truth.repeated), 'caption id')} given twice, the last text counts: {truth.repeated[0]}"


def _remarks(truth: RetrievalTruth, predictions: RetrievalPredictions, counts: Mapping[str, int]) -> Iterator[str]:
    yield from _repeated(truth)
    if counts["missing captions"]:
        number = count(counts["missing captions"], "caption")
        yield f"{number} without scores: missed here; the published program scores only what it embedded itself"
    if counts["unknown captions"]:
        yield f"{count(counts['unknown captions'], 'caption')} in the predictions that the truth does not know"
    if counts["other videos"]:
        number = count(counts["other videos"], "video")
        yield f"{number} without captions: in the lists, and counted as missed from video to text, as published"
    yield from predictions.remarks


def _of(
    collections: tuple[str, ...], language: str, splits: Mapping[str, str], source: Mapping[str, str], weight: float
) -> RetrievalEvaluator:
    def filled(names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        return {split: tuple(name.format(language).split("|")) for split, name in names.items()}

    return RetrievalEvaluator(collections, filled(splits), filled(source), weight)


def _videos(*collections: str) -> RetrievalEvaluator:
    names = {split: f"*{split}_{{0}}.caption.txt" for split in ("test", "val")}
    source = {split: f"*{split}_google_{{0}}2enc.caption.txt" for split in names}
    return _of(collections, "zh", names, source, 0.2)


def _videos_in_english(*collections: str) -> RetrievalEvaluator:
    names = {split: f"*{split}.caption.txt" for split in ("test", "val")}
    source = {split: f"*{split}_google_enc2zh.caption.txt" for split in names}
    return _of(collections, "en", names, source, 0.2)


def _multi30k(language: str) -> RetrievalEvaluator:
    names = {
        "test": "*test_{0}_2016.caption.txt|*test_{0}_2016_task1.caption.txt",
        "val": "*val_{0}.caption.txt|*val_{0}_task1.caption.txt",
    }
    source = {
        "test": "*test_google_{0}2enc_2016*.caption.txt",
        "val": "*val_google_{0}2enc*.caption.txt",
    }
    return _of(("multi30k", "Multi30K", "Multi30k", "flickr30k"), language, names, source, 0.5)


def _mscoco(language: str) -> RetrievalEvaluator:
    # The published pattern of all images has _2016 in the names of the test files; these have no such year.
    names = {
        "test": "*test_{0}.caption.txt|*test_{0}_2016.caption.txt",
        "val": "*val_{0}.caption.txt",
    }
    source = {
        "test": "*test_google_{0}2enc.caption.txt|*test_google_{0}2enc_2016.caption.txt",
        "val": "*val_google_{0}2enc.caption.txt",
    }
    return _of(("mscoco", "MSCOCO", "coco"), language, names, source, 0.5)


VATEX, MSRVTT = ("vatex", "VATEX"), ("msrvttcn", "msrvtt10kcn", "msrvtt10kyu", "msrvtt", "MSRVTT-CN")
vatex, vatex_english = partial(_videos, *VATEX), partial(_videos_in_english, *VATEX)
msrvtt, msrvtt_english = partial(_videos, *MSRVTT), partial(_videos_in_english, *MSRVTT)
multi30k_de, multi30k_fr, multi30k_cs = (partial(_multi30k, language) for language in ("de", "fr", "cs"))
mscoco_zh, mscoco_ja = partial(_mscoco, "zh"), partial(_mscoco, "ja")
