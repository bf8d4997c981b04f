"""Track 1 by the engine: spans of each question in its own video, from a pass that is not kept.

The answer is the best of them, or that of the highest expected overlap; on questions with answers they say which
temperature is likeliest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import numpy as np

from cmivqa_kit.data.types import Question, Split, Video
from cmivqa_kit.data.usual_span import usual_length
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate, Prediction, PredictOptions
from cmivqa_kit.prediction.decoding import (
    Calibration,
    DecodingSettings,
    KnownAnswers,
    ScoredSpans,
    candidates,
    to_fit_on,
)
from cmivqa_kit.prediction.expected_overlap import DEFAULTS
from cmivqa_kit.prediction.fallback import whole_of
from cmivqa_kit.prediction.pairs.answer_list import cut
from cmivqa_kit.prediction.pairs.corpus_pass import CorpusPass
from cmivqa_kit.prediction.pairs.cost import batch_tokens
from cmivqa_kit.prediction.pairs.engine import TopK
from cmivqa_kit.prediction.pairs.expected import spans_of
from cmivqa_kit.prediction.pairs.pass_options import Chunk
from cmivqa_kit.prediction.pipeline import UNFOUND
from cmivqa_kit.prediction.retrieval import ChosenVideos
from cmivqa_kit.prediction.settings import SECTION, EngineSettings, ListOptions
from cmivqa_kit.prediction.types import Scorer
from cmivqa_kit.runs.device import pass_threads
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.runs.finished_runs import config_of_chosen_steps
from cmivqa_kit.runs.settings import Config

T = TypeVar("T")


def in_given_videos(scorer: Scorer, split: Split, options: PredictOptions) -> Iterator[Prediction]:
    """One answer per question of ``split``, in its order: the best span in its video.

    Where nothing can be found in a video the answer is all that is said in it, else all of it by its feature rows.

    Args:
        scorer: a `Localizer`, or a scorer of pairs of lines.
        split: whose questions name their videos.
        options: with the settings of the engine.

    Raises:
        UserError: a question without a video.
        RunFailed: a score is no number, or memory ran out.
    """
    best = _of_chunks(scorer, split, options, 1, _best)
    for number, question in enumerate(split.questions):
        yield Prediction(question.id, best.get(number) or (_whole(split, question),))


def by_expected_overlap(
    scorer: Scorer, split: Split, options: PredictOptions, calibration: Calibration
) -> Iterator[Prediction]:
    """One answer per question of ``split``, in its order: the span of the highest expected IoU in its video.

    Args:
        scorer: a `Localizer`, or a scorer of pairs of lines.
        split: whose questions name their videos.
        options: with the settings of the engine.
        calibration: of the spans.

    Raises:
        UserError: a question without a video.
        RunFailed: a score is no number, or memory ran out.
    """
    spans = _of_chunks(scorer, split, options, DEFAULTS.reference, _spans)
    for number, question in enumerate(split.questions):
        if number not in spans:
            yield Prediction(question.id, (_whole(split, question),))
            continue
        lists = calibration.lists_of(np.ones(1), lambda video, some=spans[number]: some)  # type: ignore[misc]
        yield Prediction(question.id, candidates(lists, [str(question.video_id)], 1, 1))


def repeated_config(run: RunDirectory) -> Config:
    """The settings under which a run is trained again on data with no dev left: its steps, and its temperature.

    On what was trained on a temperature would fit too well.

    Raises:
        UserError: it chose no steps on dev, or a part is damaged.
    """
    config, decoding = config_of_chosen_steps(run), DecodingSettings.of(run.config)
    if not decoding.by_overlap:
        return config
    temperature = decoding.over(Calibration.read(run, Calibration(0.0))).spans  # 0: it has none
    return {**config, SECTION: {**config.get(SECTION, {}), "temperature": temperature}}


def calibrate(
    load: Callable[[RunDirectory], None], make: Callable[[Split, PredictOptions], Scorer],
    train: Split, dev: Split | None, run: RunDirectory,
) -> None:  # fmt: skip
    """Keep in a run whose lists are made by expected overlap what they need beside its network: its calibration.

    Lengths are those of training answers; the temperature of spans is fitted on answers of dev (without dev, of train;
    `to_fit_on`), unless a setting names it.

    Args:
        load: takes the trained network of the run, where a temperature is to be fitted.
        make: gives its scorer then.
        train: what was trained on.
        dev: what was not.
        run: with its weights.
    """
    decoding = DecodingSettings.of(run.config)
    if not (decoding.by_overlap and run.group.main):
        return
    calibration = Calibration(length=usual_length(train), length_weight=decoding.length_weight)
    if decoding.to_fit:
        load(run)
        calibration = _fitted(make, dev or train, run, calibration)
    calibration.write(run)


def _fitted(
    make: Callable[[Split, PredictOptions], Scorer], known: Split, run: RunDirectory, calibration: Calibration
) -> Calibration:
    part = to_fit_on(known, run.seed)
    options = PredictOptions(run.config, seed=run.seed, device=run.device)
    answers = KnownAnswers(calibration)
    if part.questions:
        for number, spans in sorted(_of_chunks(make(part, options), part, options, DEFAULTS.reference, _spans).items()):
            answer = part.questions[number].answer
            if answer is not None:
                answers.add_span(answer, spans)
    return answers.fitted()


def _of_chunks(
    scorer: Scorer, split: Split, options: PredictOptions, most: int, read: Callable[[CorpusPass, Chunk], dict[int, T]]
) -> dict[int, T]:
    """What is read of each question, by its number, where ``most`` spans of its video are looked at."""
    videos: dict[str, Video] = {}
    for question in split.questions:
        if question.video_id is None:
            raise UserError(f"question {question.id!r}: no video given", "Track 1 asks within a given video.")
        videos[question.video_id] = split.videos.get(question.video_id) or Video(question.video_id)
    chosen = ChosenVideos(1, tuple((str(question.video_id),) for question in split.questions), only=True)
    settings = EngineSettings.of(options.config)
    corpus_pass = CorpusPass(
        scorer, replace(split, videos=videos), split.questions, TopK(most, most), chosen=chosen,
        together=settings.questions_at_once,
    )  # fmt: skip
    chunks = [chunk for chunk in corpus_pass.chunks() if corpus_pass.has_videos(chunk.language)]
    made: dict[int, T] = {}
    with pass_threads(settings.threads):
        if chunks:
            corpus_pass.use(batch_tokens(corpus_pass, settings.tokens))
        for chunk in chunks:
            made |= read(corpus_pass, chunk)
    return made


def _whole(split: Split, question: Question) -> Candidate:
    """All that is said in the video of a question."""
    video = str(question.video_id)
    return Candidate(video, whole_of(split, question, video), round(UNFOUND, 6))


def _spans(corpus_pass: CorpusPass, chunk: Chunk) -> dict[int, ScoredSpans]:
    """The spans of each question of a chunk in its video, by its number; none where there is none."""
    corpus = corpus_pass.engine(chunk.language).corpus
    ranked = corpus.in_seconds(corpus_pass.rank(chunk))
    numbers = {video.id: number for number, video in enumerate(corpus.videos)}
    made = {}
    for at, number in enumerate(chunk.questions):
        asked = str(corpus_pass.chosen.videos[number][0]) if corpus_pass.chosen is not None else ""
        if asked in numbers and len((spans := spans_of(ranked, at, numbers[asked])).score):
            made[number] = spans
    return made


def _best(corpus_pass: CorpusPass, chunk: Chunk) -> dict[int, tuple[Candidate, ...]]:
    """The best span of each question of a chunk, by its number; none where there is none."""
    corpus = corpus_pass.engine(chunk.language).corpus
    ranked = corpus.in_seconds(corpus_pass.rank(chunk))
    ids = [video.id for video in corpus.videos]
    return {number: cut(ranked, at, ids, ListOptions(1)) for at, number in enumerate(chunk.questions)}
