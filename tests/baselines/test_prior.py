from pathlib import Path

import pytest

from baselines.prior import DECLARATION
from baselines.prior.baseline import PriorOnly
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction.pairs.line_corpus import LineCorpus
from cmivqa_kit.runs.directory import open_run, start_run
from tests.baselines.corpora import clinic, split, video

VIDEOS = [video("a", [], 100.0, "given"), video("b", [], 200.0, "given"), video("c", [])]
ANSWERS = [("a", 10, 30), ("a", 20, 40), ("b", 80, 100), ("c", 5, 9)]


def trained(folder: Path) -> PriorOnly:
    questions = [Question(i, "?", None, v, Span(s, e)) for i, (v, s, e) in enumerate(ANSWERS)]
    run = start_run(folder, "prior", settings(DECLARATION), 0)
    PriorOnly().fit(split(VIDEOS, questions), None, run)
    run.finish()
    assert run.read("prior.json") == {"start": 0.2, "end": 0.4, "seconds": 40, "answers": 3, "skipped": 1}
    assert run.read("examples.json") == {"used": 3, "usable": 3, "dropped": {"no-duration": 1}}
    system = PriorOnly()
    system.load(open_run(run.path))
    return system


def test_medians_of_relative_times(tmp_path: Path) -> None:
    system = trained(tmp_path)
    shown = split(VIDEOS, [Question(i, "?", None, v) for i, v in enumerate("abcd")]).for_prediction(1)
    found = list(system.predict(shown, 1, PredictOptions()))
    assert [p.question_id for p in found] == [0, 1, 2, 3]
    spans = [p.candidates[0].span for p in found]
    assert spans == [Span(20.0, 40.0), Span(40.0, 80.0), Span(0.0, 40.0), Span(0.0, 40.0)]


def test_nothing_to_learn_from(tmp_path: Path) -> None:
    run = start_run(tmp_path, "prior", settings(DECLARATION), 0)
    with pytest.raises(UserError, match="of 1 answers 0 lie in a video of known duration"):
        PriorOnly().fit(split(VIDEOS, [Question(0, "?", None, "c", Span(1, 2))]), None, run)
    with pytest.raises(UserError, match="of 0 answers"):
        PriorOnly().fit(clinic().for_prediction(1), None, run)


@pytest.mark.parametrize("damage", ["[]", "{}", '{"start": 0.9, "end": 0.1, "seconds": 3}'])
def test_damaged_run(tmp_path: Path, damage: str) -> None:
    run = start_run(tmp_path, "prior", settings(DECLARATION), 0)
    (run.path / "prior.json").write_text(damage)
    with pytest.raises(UserError, match=r"prior\.json"):
        PriorOnly().load(run)


def test_only_track_1(tmp_path: Path) -> None:
    system = trained(tmp_path)
    with pytest.raises(UserError, match="Track 2"):
        list(system.predict(split(VIDEOS, []).for_prediction(2), 2, PredictOptions()))
    with pytest.raises(UserError, match="prior cannot answer Tracks 2 and 3 by itself"):
        list(system.predict(split(VIDEOS, []).for_prediction(2), "corpus", PredictOptions()))
    with pytest.raises(UserError, match="question 3: no video"):
        list(system.predict(split(VIDEOS, [Question(3, "?")]), 1, PredictOptions()))


def test_behind_a_retriever_it_has_its_span_in_every_video(tmp_path: Path) -> None:
    system = trained(tmp_path)
    scorer = system.localizer(split(VIDEOS, []), PredictOptions())
    encoded = [scorer.encode_video(one, None) for one in VIDEOS]
    assert [(one.times.start[0], one.times.end[0]) for one in encoded if one is not None] == [
        (20, 40),
        (40, 80),
        (0, 40),
    ]
    corpus = LineCorpus(scorer, [one for one in encoded if one is not None])
    question = scorer.encode_question(Question(0, "?"))
    rows = corpus.rows([question])
    batch = scorer.collate([corpus.row(rows, at, [question]) for at in range(len(rows))])
    assert scorer.score(batch).flatten().tolist() == [0.0, 0.0, 0.0]
