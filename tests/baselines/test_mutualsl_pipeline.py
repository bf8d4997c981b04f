"""MutualSL behind a retriever: its line scores beside the Track 1 decoders, and the whole way on a small corpus."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from baselines.mutualsl.baseline import MutualSLBaseline
from baselines.mutualsl.decode import Scored, constrained, line_probabilities, reference
from baselines.mutualsl.line_scorer import LEAST, LineScorer, best_tokens, line_logs
from baselines.mutualsl.model import MutualSL
from baselines.mutualsl.network import Network
from baselines.mutualsl.text import batch, text_row
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Subtitle, Video
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.encoders import plain
from cmivqa_kit.neural.tiny_encoder import tiny_tokenizer
from cmivqa_kit.neural.tokens import Special, TextReader
from cmivqa_kit.neural.windows import Window
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction.pairs.cached_pass import CachedPass
from cmivqa_kit.prediction.pairs.line_corpus import LineCorpus
from cmivqa_kit.prediction.pairs.pass_options import PassOptions
from cmivqa_kit.prediction.pairs.run_pass import run_pass
from cmivqa_kit.prediction.pipeline import UNFOUND
from cmivqa_kit.prediction.retrieval import open_retriever
from cmivqa_kit.prediction.types import EncodedVideo, Row
from cmivqa_kit.runs.directory import RunDirectory, start_run
from cmivqa_kit.runs.settings import Config
from tests.baselines.encoders import deberta
from tests.baselines.mutualsl_corpus import TOOLS, config, corpus, of, sizes

pytestmark = pytest.mark.usefixtures("one_thread")

SPECIAL = Special(1, 2, 0)
LENGTHS = st.lists(st.integers(0, 4), min_size=1, max_size=5)
HEIGHTS = st.sampled_from([-30.0, -2.0, 0.0, 1.0, 1.5, 40.0])  # few different ones: ties; and whole rows of one token


# From logits to cells


@st.composite
def padded(draw: st.DrawFn) -> tuple[list[Scored], dict[str, Tensor]]:
    """Rows with logits, and the same as a batch."""
    rows = [
        text_row((7,) * draw(st.integers(0, 3)), [(9,) * n for n in draw(LENGTHS)], SPECIAL)
        for _ in range(draw(st.integers(1, 3)))
    ]
    size, width = max(len(row.separators) - 1 for row in rows), max(len(row.ids) for row in rows)
    start, end = (torch.full((len(rows), width), -1e30) for _ in range(2))
    lines, scored = torch.full((len(rows), width), size), []
    for at, row in enumerate(rows):
        sides = [np.array(draw(st.lists(HEIGHTS, min_size=len(row.ids), max_size=len(row.ids))), np.float32)
                 for _ in range(2)]  # fmt: skip
        for side, given_logits in zip((start, end), sides, strict=True):
            side[at, : len(row.ids)] = torch.from_numpy(given_logits)
        for line, (before, closing) in enumerate(zip(row.separators, row.separators[1:], strict=False)):
            lines[at, before + 1 : closing + 1] = line
        scored.append(Scored(*sides, row.separators))
    counts = torch.tensor([len(row.separators) - 1 for row in rows])
    return scored, {"start": start, "end": end, "lines": lines, "counts": counts}


@settings(deadline=None)
@given(padded())
def test_lines_have_the_probability_of_their_tokens(made: tuple[list[Scored], dict[str, Tensor]]) -> None:
    scored, inputs = made
    size = int(inputs["counts"].max())
    for side in ("start", "end"):
        logs = line_logs(inputs[side], inputs["lines"], size)
        for one, found, count in zip(scored, logs, inputs["counts"].tolist(), strict=True):
            expected = line_probabilities(getattr(one, side), one.separators)
            np.testing.assert_allclose(found[:count].exp().numpy(), np.maximum(expected, LEAST), rtol=1e-9)
            assert torch.isfinite(found).all()


@settings(deadline=None)
@given(padded())
def test_the_published_span_is_the_one_cell(made: tuple[list[Scored], dict[str, Tensor]]) -> None:
    scored, inputs = made
    size = int(inputs["counts"].max())
    cells = best_tokens(inputs["start"], inputs["end"], inputs["lines"], inputs["counts"], size)
    for one, found, count in zip(scored, cells, inputs["counts"].tolist(), strict=True):
        best = reference([one], count)
        assert (found > -torch.inf).nonzero().tolist() == [[best.first, best.last]]
        assert math.exp(float(found[best.first, best.last])) == pytest.approx(best.confidence, rel=1e-5)


# The network


TEXTS = ("how to use the gauze?", "now", "please wait more", "how to use the towel now?")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Split:
    return corpus(tmp_path_factory.mktemp("features"))


@pytest.fixture(scope="module")
def network() -> tuple[MutualSL, Any]:
    """Random weights with a wide head: logits differ, and the best tokens stand all over the row."""
    tokenizer = tiny_tokenizer(["take the now wait more how to use please?", *TOOLS, *"0123456789"])
    torch.manual_seed(4)
    model = Network(plain(deberta(len(tokenizer), Special.of(tokenizer).pad)), **sizes(frame_mask=True)).build().eval()
    with torch.no_grad():
        model.qa_outputs.weight.mul_(30)
    return model, tokenizer


def scorer_of(network: tuple[MutualSL, Any], *overrides: str, limit: int | None = None, **options: Any) -> LineScorer:
    model, tokenizer = network
    return LineScorer(model, TextReader.of(tokenizer, limit), of(*overrides).decode, **options)


def rows_of(scorer: LineScorer, videos: Sequence[EncodedVideo | None], texts: Sequence[str] = TEXTS) -> list[Row]:
    """Every question with every whole video."""
    asked = [scorer.encode_question(Question(0, text)) for text in texts]
    return [Row(one, video, Window(0, len(video))) for one in asked for video in videos if video is not None]


def scores(scorer: LineScorer, rows: Sequence[Row]) -> Tensor:
    with torch.inference_mode():
        return scorer.score(scorer.collate(rows))


def logits(scorer: LineScorer, row: Row) -> Scored:
    """What the network says of one row by itself."""
    one = text_row(
        tuple(row.question.tolist()), [tuple(piece.tolist()) for piece in row.video.pieces(row.window)], scorer.special
    )
    with torch.inference_mode():
        output = scorer.model(**batch([one], scorer.special.pad))
    return Scored(output.start_logits[0].numpy(), output.end_logits[0].numpy(), one.separators, row.window.first)


def test_cells_are_the_confidences_of_pairs_of_lines(data: Split, network: tuple[MutualSL, Any]) -> None:
    scorer = scorer_of(network)
    rows = rows_of(scorer, [scorer.encode_video(video, None) for video in data.videos.values()])
    found = scores(scorer, rows)
    assert found.dtype == torch.float32 and found.shape == (len(rows), 13, 13)
    firsts = set()
    for row, cells in zip(rows, found, strict=True):
        one, size = logits(scorer, row), len(row.video)
        start, end = (line_probabilities(side, one.separators) for side in (one.start, one.end))
        pairs = np.maximum(start, LEAST)[:, None] * np.maximum(end, LEAST)[None, :]
        given_cells = cells[:size, :size].double().exp().numpy()
        np.testing.assert_allclose(given_cells, np.triu(pairs), atol=1e-5)
        assert ((cells > -torch.inf).nonzero() < size).all()
        assert int((cells > -torch.inf).sum()) == size * (size + 1) // 2
        best = constrained([one])
        first, last = divmod(int(cells.flatten().argmax()), cells.shape[1])
        assert (first, last) == (best.first, best.last)
        assert math.exp(float(cells[first, last])) == pytest.approx(best.confidence, abs=1e-5)
        firsts.add((first, last))
    assert len(firsts) > 4  # they do differ


def test_the_reference_cell_is_the_published_decoding(data: Split, network: tuple[MutualSL, Any]) -> None:
    scorer = scorer_of(network, reference=True)
    rows = rows_of(scorer, [scorer.encode_video(video, None) for video in data.videos.values()])
    cells_found = set()
    for row, cells in zip(rows, scores(scorer, rows), strict=True):
        best = reference([logits(scorer, row)], len(row.video))
        assert (cells > -torch.inf).nonzero().tolist() == [[best.first, best.last]]
        assert math.exp(float(cells[best.first, best.last])) == pytest.approx(best.confidence, abs=1e-5)
        cells_found.add((best.first, best.last))
    assert len(cells_found) > 4


@pytest.mark.parametrize("reference", [False, True])
def test_a_batch_of_four_is_four_batches_of_one(data: Split, network: tuple[MutualSL, Any], reference: bool) -> None:
    scorer = scorer_of(network, reference=reference)
    videos = [scorer.encode_video(video, None) for video in data.videos.values()]
    rows = [one for text, video in zip(TEXTS, videos[1:5], strict=True) for one in rows_of(scorer, [video], [text])]
    together = scores(scorer, rows)
    for row, cells in zip(rows, together, strict=True):
        (alone,) = scores(scorer, [row])
        size = len(row.video)
        torch.testing.assert_close(cells[:size, :size], alone, atol=1e-5, rtol=1e-5)
        assert (cells[size:] == -torch.inf).all() and (cells[:, size:] == -torch.inf).all()


def test_videos_of_few_lines_and_odd_texts(network: tuple[MutualSL, Any]) -> None:
    scorer = scorer_of(network)
    lines = tuple(Subtitle(text, 2.0 * n, 2.0) for n, text in enumerate(("take", "", "\ud800 now", "wait")))
    assert [scorer.encode_video(Video("x", lines[:n]), None) is None for n in range(5)] == [True] * 3 + [False] * 2
    spoken = Video("x", (), translations=MappingProxyType({"English": lines}))
    assert scorer.encode_video(spoken, "Chinese") is None
    video = scorer.encode_video(spoken, "English")
    assert video is not None and len(video) == 4
    (cells,) = scores(scorer, rows_of(scorer, [video], [""]))
    assert torch.isfinite(cells[torch.ones(4, 4).triu().bool()]).all()


def test_a_window_scores_its_own_lines(data: Split, network: tuple[MutualSL, Any]) -> None:
    scorer = scorer_of(network, "decode.maxlen=32")
    videos = [scorer.encode_video(data.videos["v4"], None)]
    seen = LineCorpus(scorer, [video for video in videos if video is not None])
    asked = [scorer.encode_question(Question(0, TEXTS[0]))]
    table = seen.rows(asked)
    rows = [seen.row(table, at, asked) for at in range(len(table))]
    assert len(rows) > 2
    windows = [logits(scorer, row) for row in rows]
    found = scores(scorer, rows)
    for one, row, cells in zip(windows, rows, found, strict=True):
        assert len(one.start) <= 32
        best = constrained([one])
        first, last = divmod(int(cells.flatten().argmax()), cells.shape[1])
        assert (row.window.first + first, row.window.first + last) == (best.first, best.last)
    best = constrained(windows)
    assert math.exp(float(found.max())) == pytest.approx(best.confidence, abs=1e-5)


# The whole way


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, data: Split) -> RunDirectory:
    """A run of one step."""
    values = config("train.max_steps=1", "train.batch_tokens=300")
    made = start_run(tmp_path_factory.mktemp("runs"), "mutualsl", values, 1)
    MutualSLBaseline().fit(data, None, made)
    made.finish()
    return made


def small(data: Split, folder: Path) -> Split:
    """The toy corpus with a silent video, one of two lines, a long one and one whose lines last no time."""
    folder.mkdir()
    np.save(folder / "silent.npy", np.ones((30, 8), np.float32))
    odd = [
        Video("silent"),
        Video("two", (Subtitle("take the gauze", 1.0, 2.0), Subtitle("gauze gauze", 4.0, 3.0))),
        Video("long", tuple(Subtitle(f"wait {n} more gauze", 3.0 * n, 2.5) for n in range(30))),
        Video("still", tuple(Subtitle(text, 5.0, 0.0) for text in ("gauze", "use the gauze", "take", "now"))),
    ]
    videos = {**data.videos, **{one.id: one for one in odd}}
    questions = (*data.questions[:3], Question(9, "gauze gauze?", "English"))
    features = type(data.features)([folder, *data.features.folders])
    return replace(data, videos=MappingProxyType(dict(sorted(videos.items()))), questions=questions, features=features)


def asked(
    run: RunDirectory, split: Split, pipeline: Mapping[str, Any], *overrides: str
) -> tuple[CachedPass, PredictOptions]:
    """A finished pass behind bm25."""
    options = PredictOptions(config={**changed(run, *overrides), "pipeline": dict(pipeline)})
    system = MutualSLBaseline()
    system.load(run)
    retriever = open_retriever("bm25", run.path.parent, options)
    folder = run_pass(system, run, [split], options, PassOptions(force=True), retriever)
    assert folder is not None
    return CachedPass(folder), options


def changed(run: RunDirectory, *overrides: str) -> Config:
    sections = {name: dict(table) for name, table in run.config.items()}
    for override in overrides:
        key, _, value = override.partition("=")
        section, _, name = key.partition(".")
        sections[section][name] = type(sections[section][name])(value)
    return sections


@pytest.mark.parametrize(("source", "spans"), [("lines", "constrained"), ("reference", "reference")])
def test_in_every_video_it_finds_what_track_1_finds_there(
    run: RunDirectory, data: Split, tmp_path: Path, source: str, spans: str
) -> None:
    split = small(data, tmp_path / "more")
    kept, options = asked(run, split, {"span_source": source, "retrieve_top": 99})
    system = MutualSLBaseline()
    system.load(run)
    lists = list(kept.predictions(split.for_prediction(2), "corpus", options))
    assert [one.question_id for one in lists] == [0, 1, 2, 9]
    for question, one in zip(split.questions, lists, strict=True):
        within = tuple(replace(question, id=name, video_id=name) for name in split.videos)
        given_video = replace(split, questions=within).for_prediction(1)
        decoded = {**options.config, "decode": {**options.config["decode"], "spans": spans}}
        track1 = {found.question_id: found.candidates[0].span
                  for found in system.predict(given_video, 1, PredictOptions(config=decoded))}  # fmt: skip
        assert {found.video_id: found.span for found in one.candidates} == track1
        assert [found.score for found in one.candidates] == sorted((f.score for f in one.candidates), reverse=True)
    assert track1["silent"] == Span(0, 30) and track1["two"] == Span(1, 7) and track1["still"] == Span(5, 6)


def test_only_what_bm25_found_is_in_the_lists(run: RunDirectory, data: Split, tmp_path: Path) -> None:
    split = small(data, tmp_path / "more")
    kept, options = asked(run, split, {"retrieve_top": 4, "spans_per_video": 2}, "decode.maxlen=64")
    ranked = open_retriever("bm25", run.path.parent, options).rank(split, 4)
    three = list(kept.predictions(split.for_prediction(3), 3, options))
    two = list(kept.predictions(split.for_prediction(2), 2, options))
    for ranking, all_spans, once in zip(ranked, three, two, strict=True):
        names = [one.video_id for one in all_spans.candidates]
        assert set(names) == {name for name, _ in ranking}
        assert [one.video_id for one in once.candidates] == list(dict.fromkeys(names))
        assert all(one.span.valid for one in all_spans.candidates)
        assert all(names.count(name) == (1 if name in ("silent", "two", "still") else 2) for name in names)
    last = {one.video_id: one for one in three[-1].candidates}
    assert {"two", "long", "still"} <= set(last)  # gauze, gauze
    assert last["two"].span == Span(1, 7) and last["two"].score < UNFOUND
    with pytest.raises(UserError, match="mutualsl answers from a run only"):
        MutualSLBaseline().localizer(split, options)


def test_the_same_pass_gives_the_same_bytes(run: RunDirectory, data: Split, tmp_path: Path) -> None:
    split, found = small(data, tmp_path / "more"), []
    for _ in range(2):
        kept, _ = asked(run, split, {"retrieve_top": 3})
        found.append({path.name: path.read_bytes() for path in sorted(kept.folder.path.iterdir())})
    assert found[0] == found[1]
