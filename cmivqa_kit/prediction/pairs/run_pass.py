"""Predicting with a baseline that scores pairs: one pass over the corpus, kept in the run, lists cut from it.

All files of an edition come from one pass: a question that stands in several of them is asked once. Behind a retriever
the pass is over its videos alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from cmivqa_kit import __version__
from cmivqa_kit.data.corpus import data_fingerprint
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.files import fingerprint, sha256
from cmivqa_kit.plugin.registry import find_declaration
from cmivqa_kit.plugin.types import Prediction, PredictOptions, Target
from cmivqa_kit.prediction.first_stage import FIRST_STAGE, Chosen
from cmivqa_kit.prediction.pairs import pass_folder as store
from cmivqa_kit.prediction.pairs.answer_list import cut
from cmivqa_kit.prediction.pairs.cached_pass import Asked, asked_as
from cmivqa_kit.prediction.pairs.corpus_pass import CorpusPass
from cmivqa_kit.prediction.pairs.cost import batch_tokens, estimate
from cmivqa_kit.prediction.pairs.engine import TopK
from cmivqa_kit.prediction.pairs.pass_options import CostEstimate, FirstStage, OnlyPlanned, PassOptions
from cmivqa_kit.prediction.pipeline import PipelineSettings, complete
from cmivqa_kit.prediction.retrieval import BaselineFinder, Finder
from cmivqa_kit.prediction.settings import PIPELINE, EngineSettings, ListOptions, for_pass
from cmivqa_kit.prediction.types import Localizer, PairScorer, Ranking, ScoresPairs
from cmivqa_kit.runs.directory import PREDICTIONS, WEIGHTS, RunDirectory


def run_pass(
    system: ScoresPairs | Localizer,
    run: RunDirectory,
    splits: Sequence[Split],
    options: PredictOptions,
    how: PassOptions,
    retriever: Finder | None = None,
) -> store.PassFolder | None:
    """Score every question of ``splits``, which share one corpus, and keep what the lists are cut from.

    Args:
        system: the loaded baseline; with a ``retriever`` a `Localizer`.
        run: where it was loaded from; the pass is kept there.
        splits: the questions and their corpus.
        options: effective settings and device.
        how: how it is to be run.
        retriever: chooses the videos of each question, `PipelineSettings.retrieve_top` of them.

    Returns:
        The finished pass; ``None`` in a process that is not the main one.

    Raises:
        UserError: the scorer cannot be had, or an unfinished pass is in the way.
        RunFailed: memory or disk ran out, or a score is no number; what is done stays.
        OnlyPlanned: with ``plan_only``.
    """
    settings = EngineSettings.of(options.config)
    questions = distinct(splits)
    split = replace(splits[0], questions=questions)
    if retriever is not None:
        options = replace(options, config=complete(options.config))
    top, spans = _pipeline(options, retriever)
    scorer = _scorer(system, split, options, retriever)
    kept = TopK(options.limit, max(settings.kept_per_video, spans))
    one = CorpusPass(scorer, split, questions, kept, together=settings.questions_at_once)
    path = (
        run.path / PREDICTIONS / (splits[0].name + how.label + ("-budget" if how.budget else "") + _behind(retriever))
    )

    def begun() -> tuple[str, int, int, list[Ranking]]:
        """The folder, tokens of a batch, and a first stage's videos: settled by the main process for all."""
        one.use(batch_tokens(one, settings.tokens))
        first, ranked = None, list[Ranking]()
        if retriever is not None:
            # A pass that goes on has its videos already; what it would cost does not depend on which they are.
            if not how.resume and (not how.plan_only or retriever.quick(split)):
                ranked = retriever.rank(split, top)
            one.chosen, first = _chosen(ranked, top, only=True), _retrieval(retriever, top, split, how, path)
        cost = estimate(one)
        if how.budget:
            # A pass that goes on has its first stage already, whatever the clock says this time.
            first = store.first_stage(path) if how.resume else _first_stage(cost, how, options)
            cost = _with_first_stage(cost, first)
        how.announce(_shared(cost, how.group.count), first)
        if how.plan_only:
            raise OnlyPlanned(_shared(cost, how.group.count))
        manifest = _manifest(run, one, options, first, retriever)
        clocks = [one.engine(language).clock for language in one.languages]
        folder = store.begin(path, manifest, clocks, how.resume, how.force, ranked)
        begun_with = folder.manifest["batch_tokens"] if how.resume and not settings.tokens else one.tokens
        ranked = folder.retrieved if how.resume else ranked
        return str(folder.path), begun_with, first.videos if first else 0, ranked

    place, tokens, videos, ranked = how.group.first(begun)
    one.use(tokens)
    if retriever is not None:
        one.chosen = _chosen(ranked, top, only=True)
    elif videos:
        one.chosen = _chosen(_budget_finder(options).rank(split, videos), videos)
    folder = store.PassFolder(Path(place))
    left = {chunk.number for chunk in folder.missing()}
    chunks = one.chunks()
    for number in how.group.share(range(len(chunks))):
        if number in left:
            folder.write(chunks[number], one.rank(chunks[number], how.progress))
    how.group.check()
    return store.finish(folder) if how.group.main else None


def in_memory(one: CorpusPass, target: Target, options: PredictOptions) -> Iterator[Prediction]:
    """The answers of a pass that is not kept, chunk by chunk, in the order of its questions.

    Raises:
        RunFailed: a score is no number, or memory ran out.
    """
    how = ListOptions.of(options.config, target, options.limit)
    waiting: dict[int, Prediction] = {}
    following = 0
    for chunk, ranked in one:
        corpus = one.engine(chunk.language)
        videos = [video.id for video in corpus.corpus.videos]
        for at, place in enumerate(chunk.questions):
            waiting[place] = Prediction(one.questions[place].id, cut(ranked, at, videos, corpus.clock, how))
        while following in waiting:
            yield waiting.pop(following)
            following += 1


def distinct(splits: Sequence[Split]) -> tuple[Question, ...]:
    """Every question once, by text and language, in order of first appearance; without answers."""
    found: dict[Asked, Question] = {}
    for split in splits:
        for question in split.questions:
            found.setdefault(asked_as(question), replace(question, answer=None, video_id=None))
    return tuple(found.values())


def _pipeline(options: PredictOptions, retriever: Finder | None) -> tuple[int, int]:
    """Videos and spans of a question behind a retriever."""
    if retriever is None:
        return 0, 0
    settings = PipelineSettings.of(options.config)
    return settings.retrieve_top, settings.spans_per_video


def _scorer(
    system: ScoresPairs | Localizer, split: Split, options: PredictOptions, retriever: Finder | None
) -> PairScorer:
    """Of a system that is both, what the pass needs."""
    if retriever is not None:
        return cast(Localizer, system).localizer(split, options)
    return cast(ScoresPairs, system).scorer(split, options)


def _retrieval(retriever: Finder, top: int, split: Split, how: PassOptions, path: Path) -> FirstStage:
    """How many videos are passed on, and what that gives up: as it was measured where a pass goes on."""
    before = store.first_stage(path) if how.resume else None
    recall = before.recall if before is not None else retriever.recall(how.dev(), top)
    return FirstStage(retriever.name, min(top, len(split.videos)), len(split.videos), recall)


def _chosen(ranked: Sequence[Ranking], top: int, only: bool = False) -> Chosen:
    return Chosen(top, tuple(tuple(video for video, _ in videos) for videos in ranked), only)


def _behind(retriever: Finder | None) -> str:
    """What a pass behind a retriever has in its name: letters, digits and hyphens, whatever a file is called."""
    if retriever is None:
        return ""
    plain = re.sub(r"[^A-Za-z0-9-]+", "-", retriever.name).strip("-")[:40]
    return f"-behind-{plain or 'retriever'}"


def _budget_finder(options: PredictOptions) -> Finder:
    return BaselineFinder(find_declaration(FIRST_STAGE), None, options)


def _first_stage(cost: CostEstimate, how: PassOptions, options: PredictOptions) -> FirstStage | None:
    """As many videos per question as the budget allows, with what that gives up; ``None`` where all can be scored."""
    per_question = how.budget * how.group.count * cost.pairs_per_second / max(1, cost.questions)
    videos = max(1, int(per_question))
    if videos >= cost.videos:
        return None
    return FirstStage(FIRST_STAGE, videos, cost.videos, _budget_finder(options).recall(how.dev(), videos))


def _with_first_stage(cost: CostEstimate, first: FirstStage | None) -> CostEstimate:
    if first is None:
        return cost
    share = first.videos / first.of
    return replace(
        cost, pairs=round(cost.pairs * share), rows=round(cost.rows * share), tokens=round(cost.tokens * share),
        seconds=cost.seconds * share,
    )  # fmt: skip


def _shared(cost: CostEstimate, processes: int) -> CostEstimate:
    return replace(cost, seconds=cost.seconds / processes)


def _manifest(
    run: RunDirectory, one: CorpusPass, options: PredictOptions, first: FirstStage | None, retriever: Finder | None
) -> dict[str, Any]:
    """What a pass is of. ``key`` stands for all that the answers depend on; ``batch_tokens`` only moves last digits."""
    weights = run.path / WEIGHTS
    document: dict[str, Any] = {
        "baseline": run.baseline,
        "recipe": run.recipe,
        "run": run.path.name,
        "weights": sha256(weights) if weights.is_file() else None,
        "split": one.split.name,
        "data": data_fingerprint(one.split),
        "config": for_pass(options.config),
        "precision": getattr(one.scorer, "precision", ""),
        "count": one.kept.count,
        "kept_per_video": one.kept.per_video,
        "first_stage": first.to_dict() if first else None,
        "retriever": dict(retriever.facts) if retriever is not None else None,
        "corpora": [
            {"language": language, "videos": [video.id for video in one.engine(language).corpus.videos]}
            for language in one.languages
        ],
        "questions": [[question.text, question.language] for question in one.questions],
        "chunks": [[chunk.language, list(chunk.questions)] for chunk in one.chunks()],
    }
    key = fingerprint(document)
    return {
        "kit": __version__, "key": key, "batch_tokens": one.tokens, **document,
        PIPELINE: options.config.get(PIPELINE),
    }  # fmt: skip
