"""A localizer with known logits: what stands behind a retriever in tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Track, Video
from cmivqa_kit.plugin.types import Declaration, PredictOptions
from cmivqa_kit.prediction.answer import predict
from cmivqa_kit.prediction.answer_files import Written
from cmivqa_kit.prediction.answer_plan import AnswerPlan
from cmivqa_kit.prediction.pairs import pass_folder as store
from cmivqa_kit.prediction.pairs.pass_options import PassOptions
from cmivqa_kit.prediction.pipeline import UNFOUND, defaults
from cmivqa_kit.prediction.types import EncodedVideo
from cmivqa_kit.runs.directory import RunDirectory
from tests.prediction import fake
from tests.prediction.pairs.paired import CONFIG, SETTINGS, Paired
from tests.prediction.pairs.scorers import KnownScorer, known

FEW = 2  # lines: with so few nothing can be chosen
DECLARATION = Declaration(
    name="fake", title="Knows its logits", tracks=(1,), factory="tests.prediction.localized:Localized",
    config="fake_settings:config.toml",
)  # fmt: skip


@dataclass
class Picky(KnownScorer):
    """Leaves out videos of few lines."""

    def encode_video(self, video: Video, language: str | None) -> EncodedVideo | None:
        """As MutualSL does."""
        return None if len(video.subtitles_in(language)) <= FEW else KnownScorer.encode_video(self, video, language)


class Localized:
    """Finds spans in given videos, and nothing else. ``made`` is every scorer it has given out."""

    made: list[Picky] = []

    def load(self, run: RunDirectory) -> None:
        """Nothing to load."""

    def localizer(self, split: Split, options: PredictOptions) -> Picky:
        """A new one."""
        type(self).made.append(Picky(levels=9))
        return type(self).made[-1]


class Both(Localized, Paired):
    """A system that scores pairs and finds spans as well; `scorer` is not for the pipeline."""

    def scorer(self, split: Split, options: PredictOptions) -> KnownScorer:
        """Of no use behind a retriever."""
        raise AssertionError("the pipeline asks for a localizer")


def install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, factory: str = "Localized", **points: str
) -> type[Localized]:
    """Make it the installed baseline, beside bm25 and one that embeds."""
    monkeypatch.setattr(fake, "CONFIG", SETTINGS)
    fake.install(
        monkeypatch,
        tmp_path,
        bm25="baselines.bm25:DECLARATION",
        embeds="tests.prediction.embedding:DECLARATION",
        **points,
    )
    found = Declaration(DECLARATION.name, DECLARATION.title, (1,), f"{__name__}:{factory}", DECLARATION.config)
    monkeypatch.setattr("cmivqa_kit.prediction.answer.find_declaration", lambda name: found)
    monkeypatch.setattr(Localized, "made", [])
    return Localized


def behind(
    files: Catalogue, run: RunDirectory, out: Path, retriever: str = "", split: str = "testA",
    tracks: tuple[Track, ...] = (2, 3), pass_options: PassOptions | None = None, finished_pass: Path | None = None,
    sample: int = 0,
    decode: dict[str, Any] | None = None, **pipeline: Any,
) -> list[Written]:  # fmt: skip
    """Predict with the pipeline, some of its settings changed."""
    config = {"decode": {**CONFIG["decode"], **(decode or {})}, "pipeline": {**defaults()["pipeline"], **pipeline}}
    return predict(
        AnswerPlan.in_root(files, split, tracks, out), run, PredictOptions(config=config), True, sample=sample,
        pass_options=pass_options or PassOptions(), finished_pass=finished_pass, retriever=retriever,
    )  # fmt: skip


def scored_rows(scorer: Picky, measured: int) -> int:
    """Rows of the pass: without those that only measured its speed, one to warm up and five lengths."""
    return sum(count for count, _ in scorer.batches) - 6 * measured


def spans_of(split: Split, question: Question, ids: list[str], per_video: int) -> dict[str, list[tuple[float, Span]]]:
    """The best spans of each video, cell by cell; all that is said where there are few lines."""
    tokens = KnownScorer().encode_question(question)
    found = {}
    for name in ids:
        lines = split.videos[name].subtitles_in(question.language)
        if len(lines) <= FEW:
            whole = Span(lines[0].start, lines[-1].end) if lines else Span(0.0, 1.0)
            found[name] = [(UNFOUND, whole)]
            continue
        logits = known(tokens, name, len(lines), 9).tolist()
        cells = [(-logits[i][j], i, j) for i in range(len(lines)) for j in range(i, len(lines))]
        found[name] = [(-cell, Span(lines[i].start, lines[j].end)) for cell, i, j in sorted(cells)[:per_video]]
    return found


class Stopped(Exception):
    """Something that ends the program."""


def stop_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The pass ends before chunk ``number`` is kept."""
    write = store.PassFolder.write

    def stopping(self: store.PassFolder, chunk: Any, ranked: Any) -> None:
        if chunk.number == number:
            raise Stopped
        write(self, chunk, ranked)

    monkeypatch.setattr(store.PassFolder, "write", stopping)
