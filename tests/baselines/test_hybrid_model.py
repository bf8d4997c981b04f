"""Hybrid's network: packed videos do not touch, spans are scored as they are defined, training as in answering."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from baselines.hybrid import task, untrained
from baselines.hybrid.corpus import Corpus, Learnt
from baselines.hybrid.examples import AskedVideo, buckets, corpus_features, pack_lines, pack_videos, target_of
from baselines.hybrid.line_features import ENGLISH_CUES, FEATURES, line_features
from baselines.hybrid.model import Asked, Head, HeadSizes, LineScores, span_norms, sums_before
from baselines.hybrid.settings import Settings
from baselines.hybrid.task import Batches, cross_entropy
from baselines.hybrid.trained_tier import SILENT, Member, TrainedTier
from baselines.hybrid.training_settings import TrainingSettings
from baselines.hybrid.untrained import Scored, UntrainedTier, WindowVectors
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Subtitle
from cmivqa_kit.neural.row_file import RowFile
from cmivqa_kit.prediction.spans import candidates
from cmivqa_kit.prediction.spans.windows import LineWindows
from tests.baselines import corpora

WIDTH = 12
LEARNT = Learnt("trained", 3, 100.0, 6.0)


def corpus_of(*counts: int) -> Corpus:
    words = ("press the wound", "now take the cloth", "so cool the burn", "then fold it")
    videos = [
        corpora.video(f"v{number}", [words[(number + line) % 4] for line in range(count)], 60.0)
        for number, count in enumerate(counts)
    ]
    return Corpus.of(corpora.split(videos, ()), None, LEARNT, Settings.of({}))


@pytest.fixture
def head() -> Head:
    torch.manual_seed(0)
    made = Head(HeadSizes(WIDTH)).eval()
    for parameter in (made.length, made.inside_weight):
        torch.nn.init.normal_(parameter)
    return made


def unit(count: int, seed: int) -> torch.Tensor:
    rows = torch.randn(count, WIDTH, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(rows, dim=1)


def test_the_head_has_as_many_weights_as_it_is_said_to_have() -> None:
    weights = sum(parameter.numel() for parameter in Head(HeadSizes(384)).parameters())
    assert 60_000 < weights < 68_000


def test_videos_beside_each_other_change_nothing(head: Head) -> None:
    corpus, vectors, questions = corpus_of(5, 2, 7), unit(14, 1), unit(3, 2)
    features = corpus_features(corpus)
    bm25 = torch.rand(3, 14, generator=torch.Generator().manual_seed(3))

    def scores(videos: list[int]) -> LineScores:
        lines, numbers = pack_lines(corpus, videos, features)
        lines = lines._replace(vectors=vectors[numbers])
        return head.questions(lines, head.lines(lines), Asked(questions, bm25[:, numbers]))

    together = scores([0, 1, 2])
    alone = [scores([video]) for video in range(3)]
    for name in LineScores._fields:
        apart = torch.cat([getattr(some, name) for some in alone], dim=1)
        torch.testing.assert_close(getattr(together, name), apart)


def test_a_span_is_scored_by_its_ends_its_inner_lines_its_mean_its_length_and_its_words(head: Head) -> None:
    corpus, vectors, questions = corpus_of(4, 3), unit(7, 1), unit(2, 2)
    videos = pack_videos(corpus, [0, 1], corpus_features(corpus))
    asked = [corpus.bm25.asked(text) for text in ("press the cloth", "cool it")]
    bm25, spans = videos.words(asked)
    lines = videos.lines._replace(vectors=vectors)
    scores = head.questions(lines, head.lines(lines), Asked(questions, bm25))
    given = head(lines, Asked(questions, bm25), spans)
    number = 0
    for block in videos.blocks:
        for first, stop, start, end in zip(
            *(c.tolist() for c in (block.first, block.stop, block.start, block.end)), strict=True
        ):
            for question in range(2):
                words = asked[question].spans(block)
                at = number - (0 if block is videos.blocks[0] else len(videos.blocks[0]))
                mean = vectors[first:stop].mean(dim=0)
                expected = (
                    scores.start[question, first]
                    + scores.end[question, stop - 1]
                    + head.inside_weight * scores.inside[question, first:stop].sum()
                    + head.cosine_weight * torch.cosine_similarity(questions[question], mean, dim=0)
                    + head.length[int(buckets(np.array([end - start]), 6.0, 100.0)[0])]
                    + head.bm25_weight * words.bm25[at] / 20
                    + head.coverage_weight * words.coverage[at]
                )
                torch.testing.assert_close(given[question, number], expected.float())
            number += 1
    assert number == given.shape[1]


def test_answering_scores_spans_as_training_does(head: Head) -> None:
    corpus = corpus_of(5, 0, 2, 7)
    questions = [Question(n, text) for n, text in enumerate(("press the cloth", "cool it", "nothing of this kind"))]
    rows, vectors = unit(14, 1).numpy().astype(np.float16), unit(3, 2).numpy()
    member = Member(head, rows, lambda some: vectors[[question.id for question in some]])
    settings = Settings.of({})
    scored = TrainedTier(corpus, [member], None, settings).scored(questions)
    spoken = [0, 2, 3]
    videos = pack_videos(corpus, spoken, corpus_features(corpus))
    bm25, spans = videos.words([corpus.bm25.asked(question.text) for question in questions])
    lines = videos.lines._replace(vectors=torch.from_numpy(rows.astype(np.float32)))
    with torch.no_grad():
        given = head(lines, Asked(torch.from_numpy(vectors), bm25), spans).numpy()
    for question in range(3):
        for place, video in enumerate(spoken):
            expected = given[question, videos.owner == place]
            assert scored[question].spans.of_video(video).score == pytest.approx(expected, abs=1e-4)
        assert scored[question].spans.of_video(1).score.tolist() == [SILENT]
    whole = corpus.bm25.videos([question.text for question in questions])
    assert scored[0].videos == pytest.approx(scored[0].spans.total + settings.fusion.video_weight * whole[0])


def test_an_ensemble_averages_span_scores(head: Head) -> None:
    corpus, questions = corpus_of(5, 3), [Question(0, "press the cloth")]
    torch.manual_seed(1)
    heads = [head, Head(HeadSizes(WIDTH)).eval()]
    rows = unit(8, 1).numpy().astype(np.float16)
    members = [Member(one, rows, lambda some: unit(1, 2).numpy()) for one in heads]
    alone = [
        TrainedTier(corpus, [m], None, Settings.of({})).scored(questions)[0].spans.of_video(0).score for m in members
    ]
    both = TrainedTier(corpus, members, None, Settings.of({})).scored(questions)[0].spans.of_video(0).score
    assert both == pytest.approx((alone[0] + alone[1]) / 2)


def test_a_corpus_where_nothing_is_said_has_an_answer(head: Head) -> None:
    corpus = corpus_of(0, 0)
    member = Member(head, np.zeros((0, WIDTH), np.float16), lambda some: unit(len(some), 2).numpy())
    (scored,) = TrainedTier(corpus, [member], None, Settings.of({})).scored([Question(0, "what?")])
    assert scored.videos.tolist() == [SILENT, SILENT]


def test_norms_are_those_of_sums_of_vectors() -> None:
    corpus, vectors = corpus_of(4), unit(4, 1)
    spans = pack_videos(corpus, [0], corpus_features(corpus)).spans
    expected = [vectors[a : b + 1].sum(dim=0).norm().item() for a, b in zip(spans.first, spans.last, strict=True)]
    assert span_norms(sums_before(vectors), spans.first, spans.last).tolist() == pytest.approx(expected)


def test_what_lines_tell_is_made_once_for_a_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many of its videos are asked about: a corpus of a thousand would take minutes before its first step."""
    corpora_seen: list[Corpus] = []

    def seen(corpus: Corpus) -> NDArray[np.float32]:
        corpora_seen.append(corpus)
        return corpus_features(corpus)

    monkeypatch.setattr(task, "corpus_features", seen)
    first, second = corpus_of(3, 2, 4), corpus_of(2)
    videos = [AskedVideo(first, number, ()) for number in range(3)] + [AskedVideo(second, 0, ())]
    Batches(videos, TrainingSettings.of({}).train, 0)
    assert corpora_seen == [first, second]


def test_a_target_lies_in_the_right_video_alone() -> None:
    corpus = corpus_of(4, 4)
    videos = pack_videos(corpus, [0, 1], corpus_features(corpus))
    target, own = target_of(Span(5.0, 15.0), videos, 1)
    assert target.sum() == pytest.approx(1)
    assert own.tolist() == (videos.owner == 1).tolist()
    assert not target[~own].any()
    block = videos.blocks[1]
    best = int(target.argmax()) - len(videos.blocks[0])
    assert (block.start[best], block.end[best]) == (5.0, 15.0)


def test_the_loss_is_the_cross_entropy_of_soft_targets() -> None:
    scores = torch.tensor([[1.0, 2.0, 0.5], [0.0, -torch.inf, 3.0]])
    target = torch.tensor([[0.25, 0.75, 0.0], [1.0, 0.0, 0.0]])
    logs = scores.log_softmax(dim=1)
    expected = [-(0.25 * logs[0, 0] + 0.75 * logs[0, 1]), -logs[1, 0]]
    torch.testing.assert_close(cross_entropy(scores, target), torch.stack(expected))


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("Now, take it", "now"), ("I'm here", "i'm"), ("I’m here", "i'm"), ("nowhere", None), ("so", "so"),
        ("首先消毒", "first"), ("接下来我们", "next"), ("好的", "okay"), ("好", "ok"), ("我们来看", "go"),
        ("消毒", None),        ("", None), ("♪", None), ("Let's go", "let's"),
    ],
)  # fmt: skip
def test_cue_words_begin_a_line(text: str, cue: str | None) -> None:
    row = line_features([Subtitle(text, 0.0, 3.0)])[0, 8:]
    assert [ENGLISH_CUES[number] for number in np.flatnonzero(row)] == ([] if cue is None else [cue])


def test_features_of_a_line_say_where_it_stands_and_how_long_it_is() -> None:
    texts = ["this video", "a b c", "教程一二三", "x", "y", "z", "w"]
    lines = [Subtitle(text, 2.0 * n, 2.0) for n, text in enumerate(texts)]
    rows = line_features(lines)
    assert rows.shape == (7, FEATURES)
    assert rows[1, :5] == pytest.approx([1 / 7, 5 / 7, 0.2, 1.0, np.log(3)])
    assert rows[:3, 6].tolist() == [1, 0, 0]  # the video
    assert rows[:3, 7].tolist() == [0, 0, 1]  # the tutorial
    assert rows[1, 5] == pytest.approx(3 / 20)
    assert rows[2, 5] == pytest.approx(5 / 1.5 / 20)


def test_lengths_beyond_the_limits_are_in_the_outer_buckets() -> None:
    assert buckets(np.array([0.1, 6.0, 24.0, 99.9, 500.0]), 6.0, 100.0).tolist() == [0, 0, 7, 15, 15]


def test_the_subject_of_a_video_is_the_mean_of_its_windows() -> None:
    corpus = corpus_of(5, 0, 3)
    windows = LineWindows.of(corpus.spans, (1, 2))
    vectors = unit(len(windows.first), 3).numpy().astype(np.float16)
    means = WindowVectors(windows, vectors).means()
    count = int(windows.count[0].sum())
    whole = vectors[:count].astype(np.float32).mean(axis=0)
    assert means[0] == pytest.approx(whole / np.linalg.norm(whole), abs=1e-6)
    assert np.linalg.norm(means, axis=1) == pytest.approx([1, 0, 1], abs=1e-6)


def test_videos_about_the_subject_of_a_question_come_first() -> None:
    """Nothing but the mean of their windows tells these videos apart: no window is nearer than another's best."""
    corpus, settings = corpus_of(2, 2), Settings.of({})
    windows = LineWindows.of(corpus.spans, (1,))
    towards, across, away = np.eye(WIDTH)[0], np.eye(WIDTH)[1], -np.eye(WIDTH)[0]
    seen = WindowVectors(windows, np.array([towards, away, towards, across]).astype(np.float16))
    asked, vectors = [Question(0, "zzz")], towards[None].astype(np.float32)
    (with_subject,) = UntrainedTier(corpus, seen, settings.fusion).scored(asked, vectors)
    fusion = replace(settings.fusion, video_window_weight=0.0)
    (without,) = UntrainedTier(corpus, seen, fusion).scored(asked, vectors)
    assert without.videos[0] == pytest.approx(without.videos[1])
    assert with_subject.videos[1] > with_subject.videos[0]


def test_a_video_with_a_line_that_says_a_question_comes_first() -> None:
    corpus, settings = corpus_of(2, 2), Settings.of({})
    windows = LineWindows.of(corpus.spans, (1,))
    seen = WindowVectors(windows, np.repeat(np.eye(WIDTH)[:1], 4, axis=0).astype(np.float16))
    asked, vectors = [Question(0, "zzz")], np.eye(WIDTH, dtype=np.float32)[:1]
    lines, looked = np.array([0.5, 0.6]), list[list[int]]()

    def best(videos: NDArray[np.int64]) -> NDArray[np.float64]:
        looked.append(videos.tolist())
        return lines[videos]

    (scored,) = UntrainedTier(corpus, seen, settings.fusion, lambda question: best).scored(asked, vectors)
    weight = settings.fusion.late_weight
    assert scored.videos.tolist() == pytest.approx([-weight, weight])
    one = replace(settings.fusion, late_videos=1)
    UntrainedTier(corpus, seen, one, lambda question: best).scored(asked, vectors)
    assert looked == [[0, 1], [0]]


def test_a_question_meets_each_window_whatever_is_asked_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = LineWindows.of(corpus_of(30).spans, (1,))
    vectors, questions = unit(30, 1).numpy().astype(np.float16), unit(3, 2).numpy()
    rows = RowFile(np.float16, (WIDTH,))
    rows.append(vectors)
    together = WindowVectors(windows, rows).cosines(questions)
    assert together == pytest.approx(questions @ vectors.astype(np.float32).T, abs=1e-6)
    alone = [WindowVectors(windows, vectors).cosines(questions[n : n + 1])[0].tolist() for n in range(3)]
    assert together.tolist() == alone
    monkeypatch.setattr(untrained, "ROWS", 8)
    assert WindowVectors(windows, rows).cosines(questions) == pytest.approx(together, abs=1e-6)


def test_a_corpus_too_large_to_keep_its_spans_is_scored_alike(head: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    questions, settings = [Question(0, "press the cloth"), Question(1, "cool it")], Settings.of({})
    rows, vectors = unit(25, 1).numpy().astype(np.float16), unit(2, 2).numpy()

    def scored() -> list[Scored]:
        corpus = corpus_of(5, 0, 2, 7, 0, 6, 5)
        windows = LineWindows.of(corpus.spans, (1, 2))
        seen = WindowVectors(windows, unit(len(windows.first), 3).numpy().astype(np.float16))
        member = Member(head, rows, lambda some: vectors[: len(some)])
        trained = TrainedTier(corpus, [member], None, settings).scored(questions)
        return [*trained, *UntrainedTier(corpus, seen, settings.fusion).scored(questions, vectors)]

    kept = scored()
    monkeypatch.setattr(candidates, "BLOCK", 20)
    monkeypatch.setattr(candidates, "KEPT", 20)
    for whole, parts in zip(kept, scored(), strict=True):
        assert not parts.spans.corpus.kept
        assert parts.videos == pytest.approx(whole.videos, abs=1e-5)
        for video in range(7):
            assert parts.spans.of_video(video).score == pytest.approx(whole.spans.of_video(video).score, abs=1e-4)
