"""Prediction: what a baseline may see, what becomes of its answers, which files are written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.catalogue import Catalogue, catalogue
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split, Track
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.plugin.types import Candidate, Prediction, PredictOptions
from cmivqa_kit.prediction import answer
from cmivqa_kit.prediction.answer import predict
from cmivqa_kit.prediction.answer_plan import AnswerPlan, targets
from cmivqa_kit.runs.directory import RunDirectory
from cmivqa_kit.training.fit import train
from tests.prediction.fake import DECLARATION, Fake, install, right
from tests.submission.small import VIDEOS, put, records, root_2023, root_2024

OPTIONS = PredictOptions()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[Fake]:
    """The fake baseline, installed."""
    return install(monkeypatch, tmp_path)


@pytest.fixture
def files(tmp_path: Path) -> Catalogue:
    return catalogue(root_2023(tmp_path / "root"))


@pytest.fixture
def run(tmp_path: Path, fake: type[Fake], files: Catalogue) -> RunDirectory:
    return train(files, DECLARATION, {}, tmp_path / "runs").run


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A name in an empty folder."""
    return tmp_path / "answers" / "submission.json"


def ask(
    files: Catalogue, run: RunDirectory, out: Path, tracks: tuple[Track, ...] = (2, 3), split: str = "testA",
    force: bool = False,
) -> list[Any]:  # fmt: skip
    return predict(AnswerPlan.in_root(files, split, tracks, out), run, OPTIONS, force)


def test_an_edition_without_a_submission_form_is_refused_before_anything_is_asked(
    files: Catalogue, run: RunDirectory, fake: type[Fake], out: Path
) -> None:
    formless = replace(files, edition=replace(files.edition, submission=""))
    with pytest.raises(UserError, match="does not say which submission form") as caught:
        ask(formless, run, out)
    assert 'submission = "' in caught.value.fix
    assert fake.seen == []
    assert not out.exists()


def test_the_files_of_2023(files: Catalogue, run: RunDirectory, out: Path) -> None:
    (both,) = ask(files, run, out)
    assert (both.path, both.tracks, both.questions) == (out, (2, 3), 4)
    document = json.loads(out.read_text(encoding="utf-8"))
    assert [row["id"] for row in document] == [0, 1, 2, 3]
    assert document[0]["output"] == [[video, 0.0, 1.0] for video in VIDEOS]
    (first,) = ask(files, run, out.with_name("one.json"), (1,))
    assert first.tracks == (1,)
    assert json.loads(first.path.read_text(encoding="utf-8"))[1]["video_id"] == VIDEOS[1]
    (second,) = ask(files, run, out.with_name("two.json"), (2,))
    assert second.tracks == (2,)


def test_one_file_per_track_in_later_editions(tmp_path: Path, run: RunDirectory, out: Path) -> None:
    later = catalogue(root_2024(tmp_path / "later"))
    written = ask(later, run, out, (2, 3), "test")
    assert [(w.path.name, w.tracks) for w in written] == [
        ("submission_track2.json", (2,)),
        ("submission_track3.json", (3,)),
    ]
    for one in written:
        document = json.loads(one.path.read_text(encoding="utf-8"))
        assert document[0]["id"] == f"NLPCC2024_Task{one.tracks[0]}_1"
        assert document[0]["language_type"] == "Chinese"
    assert targets(later, "test", (1,), out) == [(out, 1, 1)]


@pytest.mark.parametrize("split", ["testA", "dev", "train"])
def test_a_baseline_never_sees_an_answer(
    files: Catalogue, run: RunDirectory, fake: type[Fake], out: Path, split: str
) -> None:
    ask(files, run, out, (2, 3), split)
    ask(files, run, out.with_name("one.json"), (1,), split)
    (lists, target), (spans, first) = fake.seen
    assert (target, first) == ("corpus", 1)
    for shown in (lists, spans):
        assert not shown.has_answers
        assert shown.source is None
        assert shown.notes == ()
        assert [q.text for q in shown.questions] == [row["question"] for row in records(split)]
    assert [q.video_id for q in lists.questions] == [None] * len(records(split))
    assert [q.video_id for q in spans.questions] == [row["video_id"] for row in records(split)]


def test_planted_gold_changes_nothing(
    tmp_path: Path, files: Catalogue, run: RunDirectory, fake: type[Fake], out: Path
) -> None:
    ask(files, run, out)
    before = out.read_bytes()
    gold = [{**row, "answer": row["video_id"], "gold": [1, 2]} for row in records("testA")]
    put(files.root / "dataset_testA_for_track23.json", gold)
    ask(catalogue(files.root), run, out)  # the same bytes: not refused as different
    assert out.read_bytes() == before
    (plain, _), (planted, _) = fake.seen
    assert planted.questions == plain.questions
    assert planted.videos == plain.videos
    assert "gold" not in repr(planted)


def test_a_video_that_only_the_question_names_is_shown_in_track_1(
    files: Catalogue, run: RunDirectory, fake: type[Fake], out: Path
) -> None:
    rows = json.loads((files.root / "dataset_testA_for_track1.json").read_text(encoding="utf-8"))
    rows[0]["video_id"] = "vidZ_______"
    put(files.root / "dataset_testA_for_track1.json", rows)
    ask(files, run, out, (1,))
    assert "vidZ_______" in fake.seen[0][0].videos
    assert json.loads(out.read_text(encoding="utf-8"))[0]["video_id"] == "vidZ_______"


def refused(files: Catalogue, run: RunDirectory, out: Path, tracks: tuple[Track, ...] = (2, 3)) -> str:
    """The message of a refusal after which nothing new lies beside ``out``."""
    before = sorted(out.parent.iterdir()) if out.parent.exists() else []
    with pytest.raises(UserError) as caught:
        ask(files, run, out, tracks)
    assert (sorted(out.parent.iterdir()) if out.parent.exists() else []) == before
    return str(caught.value)


def spans_of(*pairs: tuple[float, float]) -> Callable[[Question, Split], Prediction]:
    def answered(question: Question, split: Split) -> Prediction:
        return Prediction(question.id, tuple(Candidate(VIDEOS[0], Span(*pair), 1.0) for pair in pairs))

    return answered


@pytest.mark.parametrize(
    ("given", "part"),
    [
        (lambda q, s: [right(q, s), right(q, s)], "question 0: is answered twice"),
        (lambda q, s: [right(q, s)] if q.id else [], "question 0: has no answer"),
        (lambda q, s: [right(replace(q, id="zero"), s)], "question 'zero': is not a question of testA"),
        (spans_of((5.0, 5.0)), "span 5.0 to 5.0: 0 <= start < end is needed"),
        (spans_of((1.0, 2.0), (-1.0, 2.0)), "question 3, entry 2: span -1.0 to 2.0"),
        (spans_of((1.0, float("nan"))), "span 1.0 to nan"),
        (spans_of(), "has an empty list of entries"),
        (spans_of(*[(1.0, 2.0)] * 51), "has 51 entries; 50 are read"),
        (lambda q, s: Prediction(q.id, (Candidate("", Span(0, 1), 1.0),)), "video id '' is not a text"),
    ],
)
def test_wrong_answers_of_a_baseline(
    files: Catalogue,
    run: RunDirectory,
    fake: type[Fake],
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: Any,
    part: str,
) -> None:
    monkeypatch.setattr(fake, "answer", staticmethod(given))
    assert part in refused(files, run, out)


def test_track_1_is_answered_in_the_given_video(
    files: Catalogue, run: RunDirectory, fake: type[Fake], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake, "answer", staticmethod(spans_of((1.0, 2.0))))
    assert "is asked of video" in refused(files, run, out, (1,))


def test_another_file_is_not_overwritten(files: Catalogue, run: RunDirectory, out: Path) -> None:
    out.parent.mkdir()
    out.write_text("mine", encoding="utf-8")
    text = refused(files, run, out)
    assert "exists and is different" in text
    assert "--force" in text
    assert out.read_text(encoding="utf-8") == "mine"
    ask(files, run, out, force=True)
    assert len(json.loads(out.read_text(encoding="utf-8"))) == 4
    ask(files, run, out)  # the same bytes again are no conflict


def test_none_is_written_unless_all_can_be(tmp_path: Path, run: RunDirectory, out: Path) -> None:
    later = catalogue(root_2024(tmp_path / "later"))
    out.parent.mkdir()
    (out.parent / "submission_track3.json").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=r"submission_track3\.json: exists and is different"):
        ask(later, run, out, (2, 3), "test")
    assert [path.name for path in out.parent.iterdir()] == ["submission_track3.json"]


@pytest.mark.parametrize("error", [RuntimeError("died"), KeyboardInterrupt(), MemoryError()])
def test_nothing_is_left_when_the_baseline_stops_in_the_middle(
    files: Catalogue,
    run: RunDirectory,
    fake: type[Fake],
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    def stop(question: Question, split: Split) -> Prediction:
        if question.id == 2:
            raise error
        return right(question, split)

    monkeypatch.setattr(fake, "answer", staticmethod(stop))
    with pytest.raises(type(error)):
        ask(files, run, out)
    assert list(out.parent.iterdir()) == []


def test_tracks_that_a_baseline_does_not_serve(
    files: Catalogue, run: RunDirectory, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "find_declaration", lambda name: replace(DECLARATION, tracks=(1,)))
    text = refused(files, run, out)
    assert "baseline fake does not serve Track 2 or 3" in text
    assert "It serves Track 1" in text


def test_places_that_cannot_be_written(files: Catalogue, run: RunDirectory, out: Path) -> None:
    out.mkdir(parents=True)
    assert "is a directory" in refused(files, run, out)
    (out.parent / "file").touch()
    with pytest.raises(RunFailed, match="cannot be written"):
        ask(files, run, out.parent / "file" / "submission.json")


def test_progress_is_told_the_number_and_the_title(files: Catalogue, run: RunDirectory, out: Path) -> None:
    told: list[Any] = []

    def progress(items: Any, count: int, title: str) -> Any:
        told.append((count, title))
        return iter(items)

    predict(AnswerPlan.in_root(files, "testA", (2, 3), out), run, OPTIONS, progress=progress)
    predict(AnswerPlan.in_root(files, "testA", (1,), out.with_name("one.json")), run, OPTIONS, progress=progress)
    assert told == [(4, "Tracks 2 and 3"), (4, "Track 1")]


def test_a_sample_is_fixed_by_the_seed_and_keeps_the_order(
    files: Catalogue, run: RunDirectory, out: Path, fake: type[Fake]
) -> None:
    everyone = [row["id"] for row in records("testA")]
    chosen = {}
    for seed in (0, 0, 1, 2, 3):
        (written,) = predict(
            AnswerPlan.in_root(files, "testA", (2, 3), out), run, PredictOptions(seed=seed), True, sample=2
        )
        assert written.questions == 2
        ids = [row["id"] for row in json.loads(out.read_text(encoding="utf-8"))]
        assert ids == [one for one in everyone if one in ids]
        assert chosen.setdefault(seed, ids) == ids
    assert len({tuple(ids) for ids in chosen.values()}) > 1
    assert len(fake.seen[0][0].videos) == len(VIDEOS)  # the corpus stays whole
    (whole,) = predict(AnswerPlan.in_root(files, "testA", (2, 3), out), run, PredictOptions(), True, sample=99)
    assert whole.questions == len(everyone)
