"""A pass of a baseline over the corpus of a split: run, and kept in the run for lists to be cut from it.

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
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import fingerprint, sha256
from cmivqa_kit.plugin.types import Prediction, PredictOptions, Target
from cmivqa_kit.prediction.complete_retriever import CompleteRetriever
from cmivqa_kit.prediction.decoding import Calibration, DecodingSettings
from cmivqa_kit.prediction.pairs import pass_folder as store
from cmivqa_kit.prediction.pairs.answer_list import cut
from cmivqa_kit.prediction.pairs.budget import dev_videos, token_share, within_budget
from cmivqa_kit.prediction.pairs.cached_pass import Asked, asked_as
from cmivqa_kit.prediction.pairs.corpus_pass import CorpusPass
from cmivqa_kit.prediction.pairs.cost import batch_tokens, estimate
from cmivqa_kit.prediction.pairs.engine import TopK
from cmivqa_kit.prediction.pairs.expected import SPANS_KEPT, of_corpus
from cmivqa_kit.prediction.pairs.pass_options import CostEstimate, FirstStage, OnlyPlanned, PassOptions
from cmivqa_kit.prediction.pairs.pass_record import SECONDS, SPANS
from cmivqa_kit.prediction.pipeline import PipelineSettings, complete
from cmivqa_kit.prediction.retrieval import ChosenVideos, open_first_stage
from cmivqa_kit.prediction.settings import PIPELINE, EngineSettings, ListOptions, for_pass
from cmivqa_kit.prediction.types import Localizer, LocalizesSpans, Ranking, Scorer, ScoresPairs, VideoRetriever
from cmivqa_kit.runs.device import pass_threads
from cmivqa_kit.runs.directory import PREDICTIONS, WEIGHTS, RunDirectory
from cmivqa_kit.runs.lock import locked
from cmivqa_kit.runs.settings import Config


def run_pass(
    system: ScoresPairs | LocalizesSpans,
    run: RunDirectory,
    splits: Sequence[Split],
    options: PredictOptions,
    pass_options: PassOptions,
    retriever: VideoRetriever | None = None,
) -> store.PassFolder | None:
    """Score every question of ``splits``, which share one corpus, and keep what the lists are cut from.

    Args:
        system: the loaded baseline; with a ``retriever`` one that `LocalizesSpans`.
        run: where it was loaded from; the pass is kept there.
        splits: the questions and their corpus.
        options: effective settings and device.
        pass_options: how it is run.
        retriever: chooses the videos of each question, `PipelineSettings.retrieve_top` of them.

    Returns:
        The finished pass; ``None`` in a process that is not the main one.

    Raises:
        UserError: the scorer cannot be had, or an unfinished pass is in the way, or another process works on it.
        RunFailed: memory or disk ran out, or a score is no number; what is done stays.
        OnlyPlanned: with ``plan_only``.
    """
    with pass_threads(EngineSettings.of(options.config).threads):
        return _run(system, run, splits, options, pass_options, retriever)


def _run(
    system: ScoresPairs | LocalizesSpans,
    run: RunDirectory,
    splits: Sequence[Split],
    options: PredictOptions,
    pass_options: PassOptions,
    retriever: VideoRetriever | None,
) -> store.PassFolder | None:
    settings = EngineSettings.of(options.config)
    questions = distinct(splits)
    split = replace(splits[0], questions=questions)
    if retriever is not None:
        options = replace(options, config=complete(options.config))
    top, spans = _pipeline(options, retriever)
    scorer = _scorer(system, split, options, retriever)
    kept = max(settings.kept_per_video, spans)
    top_k = spans_kept(options.config, TopK(options.limit, kept))
    corpus_pass = CorpusPass(scorer, split, questions, top_k, together=settings.questions_at_once)
    suffix = ("-budget" if pass_options.budget else "") + _behind(retriever)
    path = run.path / PREDICTIONS / (splits[0].name + pass_options.label + suffix)
    first_stage: VideoRetriever | None = None
    if pass_options.budget:
        first_stage = open_first_stage(settings.first_stage, run.path.parent, options, split)

    def begun() -> tuple[str, int, int, list[Ranking]]:
        """The folder, tokens of a batch, and a first stage's videos: settled by the main process for all."""
        corpus_pass.use(batch_tokens(corpus_pass, settings.tokens))
        first, ranked = None, list[Ranking]()
        if retriever is not None:
            first = _behind_retriever(retriever, top, split, pass_options, path)
            # A pass that goes on has its videos already; what it would cost does not depend on which they are.
            if not pass_options.resume and not first.costs_network:
                ranked = retriever.rank(split, top)
                if isinstance(retriever, CompleteRetriever):
                    first = replace(first, without=retriever.without, spare=retriever.spare_name)
                _require_videos(retriever, ranked)
            corpus_pass.chosen = ChosenVideos.of(ranked, top, only=True)
        cost = replace(estimate(corpus_pass), asked=sum(len(part.questions) for part in splits))
        if first_stage is not None:
            first, ranked = within_budget(cost, first_stage, corpus_pass, pass_options, path)
            cost = _with_first_stage(cost, first, corpus_pass, ranked)
        pass_options.announce(_shared(cost, pass_options.group.count), first)
        if pass_options.plan_only:
            raise OnlyPlanned(_shared(cost, pass_options.group.count))
        manifest = _manifest(run, corpus_pass, options, first, retriever)
        line_times = [corpus_pass.engine(language).corpus.line_times for language in corpus_pass.languages]
        behind_it = ranked if retriever is not None else ()
        folder = store.begin(path, manifest, line_times, pass_options.resume, pass_options.force, behind_it)
        same_batches = pass_options.resume and not settings.tokens
        tokens = folder.manifest["batch_tokens"] if same_batches else corpus_pass.tokens
        ranked = folder.retrieved if pass_options.resume and retriever is not None else ranked
        return str(folder.path), tokens, first.videos if first else 0, ranked

    with locked(path.parent, pass_options.group.main and not pass_options.plan_only, f".{path.name}.lock"):
        name, tokens, videos, ranked = pass_options.group.first(begun)
        corpus_pass.use(tokens)
        if retriever is not None:
            corpus_pass.chosen = ChosenVideos.of(ranked, top, only=True)
        elif first_stage is not None and videos:
            corpus_pass.chosen = ChosenVideos.of(ranked, videos)
        folder = store.PassFolder(Path(name))
        left = {chunk.number for chunk in folder.missing()}
        chunks = corpus_pass.chunks()
        for number in pass_options.group.share(range(len(chunks))):
            if number in left:
                folder.write(chunks[number], corpus_pass.rank(chunks[number], pass_options.progress))
        pass_options.group.check()
        return store.finish(folder) if pass_options.group.main else None


def in_memory(
    corpus_pass: CorpusPass, target: Target, options: PredictOptions, calibration: Calibration | None = None
) -> Iterator[Prediction]:
    """The answers of a pass that is not kept, chunk by chunk, in the order of its questions.

    Args:
        corpus_pass: the pass.
        target: what the lists are for.
        options: with the settings of lists.
        calibration: of lists by expected overlap; ``None``: by score.

    Raises:
        RunFailed: a score is no number, or memory ran out.
    """
    list_options = ListOptions.of(options.config, target, options.limit)
    waiting: dict[int, Prediction] = {}
    following = 0
    for chunk, ranked in corpus_pass:
        videos = [video.id for video in corpus_pass.engine(chunk.language).corpus.videos]
        for at, number in enumerate(chunk.questions):
            if calibration is None:
                candidates = cut(ranked, at, videos, list_options)
            else:
                candidates = of_corpus(ranked, at, videos, calibration, target, options.limit)
            waiting[number] = Prediction(corpus_pass.questions[number].id, candidates)
        while following in waiting:
            yield waiting.pop(following)
            following += 1


def spans_kept(config: Config, top_k: TopK) -> TopK:
    """How many spans are kept: ``top_k``, and at least `SPANS_KEPT` of each video for lists by expected overlap."""
    if not DecodingSettings.of(config).by_overlap:
        return top_k
    kept = max(top_k.per_video, SPANS_KEPT)
    return TopK(max(top_k.count, kept), kept)


def distinct(splits: Sequence[Split]) -> tuple[Question, ...]:
    """Every question once, by text and language, in order of first appearance; without answers."""
    asked: dict[Asked, Question] = {}
    for split in splits:
        for question in split.questions:
            asked.setdefault(asked_as(question), replace(question, answer=None, video_id=None))
    return tuple(asked.values())


def _pipeline(options: PredictOptions, retriever: VideoRetriever | None) -> tuple[int, int]:
    """The numbers of videos and spans of a question that are wanted behind a retriever; 0 without one."""
    if retriever is None:
        return 0, 0
    settings = PipelineSettings.of(options.config)
    return settings.retrieve_top, settings.spans_per_video


def _scorer(
    system: ScoresPairs | LocalizesSpans, split: Split, options: PredictOptions, retriever: VideoRetriever | None
) -> Scorer:
    """The localizer behind a retriever, else the scorer of pairs; a system may have both."""
    if retriever is not None:
        return cast(LocalizesSpans, system).localizer(split, options)
    return cast(ScoresPairs, system).scorer(split, options)


def _behind_retriever(
    retriever: VideoRetriever, top: int, split: Split, pass_options: PassOptions, path: Path
) -> FirstStage:
    """The retriever as a first stage; its recall is the one measured before where a pass goes on."""
    before = store.first_stage(path) if pass_options.resume else None
    if before is None:
        dev = pass_options.dev()
        recall = retriever.recall(dev, top)
        measured = dev_videos(dev, recall)
    else:
        recall, measured = before.recall, before.dev_videos
    # A plan does not rank videos where that takes long; it says so.
    later = pass_options.plan_only and not pass_options.resume and retriever.costs_network(split)
    return FirstStage(
        retriever.name, min(top, len(split.videos)), len(split.videos), recall, costs_network=later,
        without=before.without if before is not None else 0, spare=before.spare if before is not None else "",
        dev_videos=measured,
    )  # fmt: skip


def _require_videos(retriever: VideoRetriever, rankings: Sequence[Ranking]) -> None:
    """Refuse a retriever without a video for a question: nothing could be answered there."""
    lacking = sum(not ranking for ranking in rankings)
    if lacking:
        raise UserError(
            f"--retriever {retriever.name}: no video of the corpus for {lacking} of {len(rankings)} questions",
            "Give another --retriever, e.g. bm25.",
        )


def _behind(retriever: VideoRetriever | None) -> str:
    """The end of a folder name behind a retriever: letters, digits and hyphens, whatever a file is called."""
    if retriever is None:
        return ""
    plain = re.sub(r"[^A-Za-z0-9-]+", "-", retriever.name).strip("-")[:40]
    return f"-behind-{plain or 'retriever'}"


def _with_first_stage(
    cost: CostEstimate, first: FirstStage | None, corpus_pass: CorpusPass, ranked: Sequence[Ranking]
) -> CostEstimate:
    if first is None:
        return cost
    share = token_share(corpus_pass, ranked, first.videos)
    return replace(
        cost, pairs=round(cost.pairs * first.videos / first.of), rows=round(cost.rows * first.videos / first.of),
        tokens=round(cost.tokens * share), seconds=cost.seconds * share,
    )  # fmt: skip


def _shared(cost: CostEstimate, processes: int) -> CostEstimate:
    return replace(cost, seconds=cost.seconds / processes)


def _manifest(
    run: RunDirectory, corpus_pass: CorpusPass, options: PredictOptions, first: FirstStage | None,
    retriever: VideoRetriever | None,
) -> dict[str, Any]:  # fmt: skip
    """The record of a pass: ``key`` stands for all that answers depend on; ``batch_tokens`` only moves last digits."""
    weights = run.path / WEIGHTS
    document: dict[str, Any] = {
        "baseline": run.baseline,
        "recipe": run.recipe,
        "run": run.path.name,
        "weights": sha256(weights) if weights.is_file() else None,
        "split": corpus_pass.split.name,
        "data": data_fingerprint(corpus_pass.split),
        "config": for_pass(options.config),
        "precision": getattr(corpus_pass.scorer, "precision", ""),
        "count": corpus_pass.top_k.count,
        "kept_per_video": corpus_pass.top_k.per_video,
        "first_stage": first.to_dict() if first else None,
        "retriever": dict(retriever.facts) if retriever is not None else None,
        "corpora": [
            {"language": language, "videos": [video.id for video in corpus_pass.engine(language).corpus.videos]}
            for language in corpus_pass.languages
        ],
        "questions": [[question.text, question.language] for question in corpus_pass.questions],
        "chunks": [[chunk.language, list(chunk.questions)] for chunk in corpus_pass.chunks()],
    }
    if isinstance(corpus_pass.scorer, Localizer):
        document[SPANS] = SECONDS
    key = fingerprint(document)
    return {
        "kit": __version__, "key": key, "batch_tokens": corpus_pass.tokens, **document,
        PIPELINE: options.config.get(PIPELINE),
    }  # fmt: skip
