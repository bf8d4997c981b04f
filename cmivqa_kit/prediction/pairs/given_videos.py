"""Track 1 by the engine: the best span of each question in its own video, from a pass that is not kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cmivqa_kit.data.types import Split, Video
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Candidate, Prediction, PredictOptions
from cmivqa_kit.prediction.fallback import whole_of
from cmivqa_kit.prediction.pairs.answer_list import cut
from cmivqa_kit.prediction.pairs.corpus_pass import CorpusPass
from cmivqa_kit.prediction.pairs.cost import batch_tokens
from cmivqa_kit.prediction.pairs.engine import TopK
from cmivqa_kit.prediction.pairs.pass_options import Chunk
from cmivqa_kit.prediction.pipeline import UNFOUND
from cmivqa_kit.prediction.retrieval import ChosenVideos
from cmivqa_kit.prediction.settings import EngineSettings, ListOptions
from cmivqa_kit.prediction.types import Scorer
from cmivqa_kit.runs.device import pass_threads


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
    videos: dict[str, Video] = {}
    for question in split.questions:
        if question.video_id is None:
            raise UserError(f"question {question.id!r}: no video given", "Track 1 asks within a given video.")
        videos[question.video_id] = split.videos.get(question.video_id) or Video(question.video_id)
    chosen = ChosenVideos(1, tuple((str(question.video_id),) for question in split.questions), only=True)
    settings = EngineSettings.of(options.config)
    corpus_pass = CorpusPass(
        scorer, replace(split, videos=videos), split.questions, TopK(1, 1), chosen=chosen,
        together=settings.questions_at_once,
    )  # fmt: skip
    chunks = [chunk for chunk in corpus_pass.chunks() if corpus_pass.has_videos(chunk.language)]
    best: dict[int, tuple[Candidate, ...]] = {}
    with pass_threads(settings.threads):
        if chunks:
            corpus_pass.use(batch_tokens(corpus_pass, settings.tokens))
        for chunk in chunks:
            best |= _best(corpus_pass, chunk)
    for number, question in enumerate(split.questions):
        video = str(question.video_id)
        whole = Candidate(video, whole_of(split, question, video), round(UNFOUND, 6))
        yield Prediction(question.id, best.get(number) or (whole,))


def _best(corpus_pass: CorpusPass, chunk: Chunk) -> dict[int, tuple[Candidate, ...]]:
    """The best span of each question of a chunk, by its number; none where there is none."""
    corpus = corpus_pass.engine(chunk.language).corpus
    ranked = corpus.in_seconds(corpus_pass.rank(chunk))
    ids = [video.id for video in corpus.videos]
    return {number: cut(ranked, at, ids, ListOptions(1)) for at, number in enumerate(chunk.questions)}
