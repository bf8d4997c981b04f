import json
import os
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType

import pytest

from baselines.bm25 import DECLARATION
from baselines.bm25.baseline import BM25, DEFAULT_SECONDS, Learnt
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Video
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import Prediction, PredictOptions, Target
from cmivqa_kit.prediction.lexical.settings import LexicalSettings
from cmivqa_kit.runs.directory import open_run, start_run
from tests.baselines.corpora import clinic, lines, options, split, video

ROOT = Path(__file__).parents[2]
TARGETS: tuple[Target, ...] = (1, 2, 3, "corpus")


def asked(corpus: Split, target: Target, *overrides: str) -> list[Prediction]:
    return list(BM25().predict(corpus.for_prediction(1 if target == 1 else 2), target, options(*overrides)))


def test_round_trip_through_a_run(tmp_path: Path) -> None:
    corpus = clinic()
    fitted = BM25()
    run = start_run(tmp_path, "bm25", settings(DECLARATION), 0)
    fitted.fit(corpus, None, run)
    run.finish()
    again = BM25()
    again.load(open_run(run.path))
    assert again.learnt.window_seconds == (30.0,)  # every answer of that corpus lasts 30 s
    assert (again.learnt.start, again.learnt.end) == (0.5, 0.75)
    for target in TARGETS:
        shown = corpus.for_prediction(1 if target == 1 else 2)
        chosen = PredictOptions(config=run.config)
        assert list(again.predict(shown, target, chosen)) == list(fitted.predict(shown, target, chosen))
    (span,) = {p.candidates[0].span.length for p in again.predict(corpus.for_prediction(2), 2, options())}
    assert span == 30.0


def test_settings_win_over_the_run(tmp_path: Path) -> None:
    corpus = clinic()
    system = BM25()
    system.fit(corpus, None, start_run(tmp_path, "bm25", settings(DECLARATION), 0))
    found = system.predict(corpus.for_prediction(2), 2, options("index.window_seconds=[10]"))
    assert {p.candidates[0].span.length for p in found} == {10.0}


def test_no_answers_to_learn_from(tmp_path: Path) -> None:
    run = start_run(tmp_path, "bm25", settings(DECLARATION), 0)
    system = BM25()
    system.fit(clinic().for_prediction(1), None, run)
    assert system.learnt == Learnt() == Learnt(DEFAULT_SECONDS, 0.0, 1.0)


@pytest.mark.parametrize("damage", ['{"window_seconds": []}', "[]", '{"window_seconds": [5], "start": 1, "end": 0}'])
def test_damaged_run(tmp_path: Path, damage: str) -> None:
    run = start_run(tmp_path, "bm25", settings(DECLARATION), 0)
    (run.path / "bm25.json").write_text(damage)
    with pytest.raises(UserError, match=r"bm25\.json"):
        BM25().load(run)


@pytest.mark.parametrize(
    "override",
    [
        "index.b=1.5",
        "index.k1=-1",
        "index.window_seconds=[0]",
        'index.window_seconds=["a"]',
        "index.window_step=2.0",
        "lists.spans_per_video=0",
        "lists.head_videos=0",
        "lists.overlap=-0.1",
        "text.segmenter=thulac",
    ],
)
def test_settings_out_of_range_are_named(override: str) -> None:
    with pytest.raises(UserError, match=override.partition("=")[0]):
        LexicalSettings.of(settings(DECLARATION, None, [override]))


@pytest.mark.parametrize("text", ["", "???", "how do i", "völlig unbekannt", "未知"])
@pytest.mark.parametrize("target", TARGETS)
def test_a_question_without_a_known_word_is_answered(text: str, target: Target) -> None:
    corpus = clinic()
    (found,) = asked(split(list(corpus.videos.values()), [Question("q", text, None, "v07")]), target)
    if target == 1:
        assert found.candidates[0].span == Span(0.0, 120.0)  # untrained: the whole video
    else:
        assert len(found.candidates) == 50
        assert found.candidates[0].video_id == "v00"


def test_no_common_word_gives_the_usual_place(tmp_path: Path) -> None:
    corpus = clinic()
    system = BM25()
    system.fit(corpus, None, start_run(tmp_path, "bm25", settings(DECLARATION), 0))
    shown = split(list(corpus.videos.values()), [Question("q", "???", None, "v07")]).for_prediction(1)
    assert next(system.predict(shown, 1, options())).candidates[0].span == Span(60.0, 90.0)


def test_videos_without_subtitles() -> None:
    silent = [video("quiet", [], duration=90.0, source="features"), video("void", []), video("loud", ["pulse"] * 9)]
    questions = [Question(i, "pulse", None, v) for i, v in enumerate(("quiet", "void", "loud", "elsewhere"))]
    corpus = split(silent, questions)
    first = [p.candidates[0] for p in asked(corpus, 1)]
    assert [c.video_id for c in first] == ["quiet", "void", "loud", "elsewhere"]
    assert [c.span for c in first[:2]] == [Span(0.0, 90.0), Span(0.0, 20.0)]
    assert first[3].span.valid
    for target in (2, 3, "corpus"):
        assert all(p.candidates[0].video_id == "loud" for p in asked(corpus, target))
    assert all({c.video_id for c in p.candidates} == {"quiet", "void", "loud"} for p in asked(corpus, 2))


def test_a_corpus_without_any_subtitle() -> None:
    corpus = split([video("a", []), video("b", [], 10.0, "given")], [Question(0, "pulse", None, "b")])
    for target in TARGETS:
        (found,) = asked(corpus, target)
        assert all(c.span.valid for c in found.candidates)


def test_no_video_at_all_is_an_error() -> None:
    with pytest.raises(UserError, match="no videos"):
        asked(split([], [Question(0, "pulse")]), 2)


def test_track1_without_a_video_is_an_error() -> None:
    with pytest.raises(UserError, match="question 7: no video"):
        asked(split([video("a", ["pulse"])], [Question(7, "pulse")]), 1)


def test_subtitles_in_the_language_of_the_question() -> None:
    both = {"English": ["take the pulse"] * 4, "Chinese": ["包扎伤口"] * 4}
    other = {"English": ["wrap the wound"] * 4, "Chinese": ["测量脉搏"] * 4}
    corpus = split(
        [video("a", ["-"] * 4, translations=both), video("b", ["-"] * 4, translations=other)],
        [Question(0, "pulse", "English"), Question(1, "脉搏", "Chinese"), Question(2, "包扎", "Chinese")],
    )
    assert [p.candidates[0].video_id for p in asked(corpus, 2)] == ["a", "b", "a"]


def test_language_is_ignored_where_the_corpus_has_one_set_of_subtitles() -> None:
    corpus = split(
        [video("a", ["测量脉搏 pulse"] * 4), video("b", ["包扎"] * 4)],
        [Question(0, "pulse", "English"), Question(1, "包扎", "Chinese"), Question(2, "脉搏", None)],
    )
    assert [p.candidates[0].video_id for p in asked(corpus, 2)] == ["a", "b", "a"]


def test_jieba_end_to_end() -> None:
    pytest.importorskip("jieba", reason="jieba is optional: pip install jieba")
    corpus = split(
        [video("a", ["测量血压"] * 4), video("b", ["包扎伤口"] * 4)], [Question(0, "伤口怎么包扎", "Chinese")]
    )
    assert asked(corpus, 2, "text.segmenter=jieba")[0].candidates[0].video_id == "b"


def test_order_of_lines_with_equal_texts_does_not_matter_to_validity() -> None:
    overlapping = Video("a", (*lines(["pulse"] * 3), *lines(["burn"] * 3)), 15.0, "given")  # times start over
    (found,) = asked(split([overlapping], [Question(0, "burn", None, "a")]), 3)
    assert all(c.span.valid and c.span.end <= 15.0 for c in found.candidates)


def _in_a_fresh_interpreter(code: str, seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_same_bytes_whatever_the_hash_seed() -> None:
    code = (
        "from tests.baselines.corpora import *; from baselines.bm25.baseline import BM25; c = clinic()\n"
        "for t in (1, 2, 3, 'corpus'):\n"
        "    for p in BM25().predict(c.for_prediction(1 if t == 1 else 2), t, options()): print(p)"
    )
    first, second = (_in_a_fresh_interpreter(code, seed) for seed in ("1", "2"))
    assert first == second
    assert first.count("Prediction(") == 60


def test_neither_torch_nor_a_heavy_declaration() -> None:
    code = (
        "import json, sys; import baselines.bm25, baselines.prior; early = sorted(sys.modules)\n"
        "from tests.baselines.corpora import *; from baselines.bm25.baseline import BM25; c = clinic(4)\n"
        "list(BM25().predict(c.for_prediction(2), 'corpus', options()))\n"
        "print(json.dumps([early, sorted(sys.modules)]))"
    )
    early, late = json.loads(_in_a_fresh_interpreter(code, "0"))
    assert "scipy.sparse" not in early
    assert "scipy.sparse" in late
    assert "torch" not in late
    assert "jieba" not in late


def test_prediction_is_repeatable() -> None:
    corpus = clinic()
    assert asked(corpus, "corpus") == asked(corpus, "corpus")
    assert isinstance(corpus.videos, MappingProxyType)
