"""Retrieve, then localize, from the command down: what is scored, kept, resumed and cut again."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from cmivqa_kit.data.catalogue import Catalogue, catalogue
from cmivqa_kit.data.corpus import load_split
from cmivqa_kit.data.types import Question, Split, Subtitle, Video
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction import answer
from cmivqa_kit.prediction.pairs.cached_pass import CachedPass
from cmivqa_kit.prediction.pairs.pass_options import CostEstimate, FirstStage, OnlyPlanned, PassOptions
from cmivqa_kit.prediction.pairs.run_pass import run_pass
from cmivqa_kit.prediction.ranked_list import by_rank
from cmivqa_kit.prediction.types import Ranking
from cmivqa_kit.runs.directory import RunDirectory, make_run
from tests.prediction import embedding
from tests.prediction.localized import Localized, Stopped, behind, install, scored_rows, spans_of, stop_at
from tests.prediction.pairs.paired import CONFIG
from tests.prediction.pairs.scorers import split_of, video
from tests.prediction.plain_pipeline import plainly
from tests.prediction.second_process import Second
from tests.submission.small import put, records, root_2023, root_2024

A, B, C, D, SILENT, TWO = (f"vid{letter}_______" for letter in "ABCDEF")
LISTS = ([A, D, SILENT, TWO], [B, B], [SILENT, TWO], [TWO, C, A, B, D, SILENT])  # of the questions of testA
PAIRS = 2 + 1 + 0 + 4  # of them in videos that can be looked into
MEASURED = 4  # rows of a batch that only measures the speed: one of every such video
Rows = list[list[list[Any]]]


@pytest.fixture
def localized(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[Localized]:
    return install(monkeypatch, tmp_path)


@pytest.fixture
def files(tmp_path: Path) -> Catalogue:
    """Four videos that can be looked into, a silent one and one of two lines."""
    root = root_2023(tmp_path / "root")
    spoken = {name: [{"text": f"line {i}", "start": 6.0 * i, "duration": 5.0} for i in range(12)]
              for name in (A, B, C, D)}  # fmt: skip
    put(root / "subtitle.json", {**spoken, SILENT: [], TWO: spoken[A][:2]})
    return catalogue(root)


def later_files(tmp_path: Path) -> Catalogue:
    """The same videos in an edition with a file per track."""
    root = root_2024(tmp_path / "later")
    spoken = [{"text": f"line {i}", "start": 6.0 * i, "duration": 5.0} for i in range(12)]
    put(root / "subtitle.json", {A: spoken, B: spoken, C: spoken, D: spoken, SILENT: [], TWO: spoken[:2]})
    return catalogue(root)


@pytest.fixture
def run(tmp_path: Path, localized: type[Localized]) -> RunDirectory:
    made = make_run(tmp_path / "runs" / "fake-1", "fake", CONFIG, seed=0)
    made.finish()
    return made


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "submission.json"


@pytest.fixture
def lists(tmp_path: Path) -> str:
    """A submission file as the released CCGS script writes it: with a running index for ids."""
    rows = [
        {"id": n + 10, "question": record["question"], "output": [[name, 0.0, 1.0] for name in names]}
        for n, (record, names) in enumerate(zip(records("testA"), LISTS, strict=True))
    ]
    return str(put(tmp_path / "found lists.json", rows))


def folder(run: RunDirectory, name: str = "testA-behind-found-lists-json") -> Path:
    return run.path / "predictions" / name


def read(path: Path) -> Rows:
    return [row["output"] for row in json.loads(path.read_text(encoding="utf-8"))]


def expected(split: Split, target: int, top: int = 50, per_video: int = 1, **settings: Any) -> Rows:
    """From the known logits, cell by cell."""
    made = []
    for question, names in zip(split.questions, LISTS, strict=True):
        ranking = by_rank(names)
        spans = spans_of(split, question, [name for name, _ in ranking], per_video)
        entries = plainly(ranking, spans, target, top, per_video=per_video, **settings)
        made.append([[name, span.start, span.end] for name, span, _ in entries])
    return made


def test_only_retrieved_videos_are_scored_and_the_list_is_that_of_the_rule(
    files: Catalogue, run: RunDirectory, out: Path, lists: str
) -> None:
    told: list[tuple[CostEstimate, FirstStage]] = []
    pass_options = PassOptions(announce=lambda cost, first: told.append((cost, first)))  # type: ignore[arg-type]
    (written,) = behind(files, run, out, lists, pass_options=pass_options)
    (scorer,) = Localized.made
    assert scored_rows(scorer, MEASURED) == PAIRS
    split = load_split(files, "testA", 2)
    assert read(out) == expected(split, "corpus")
    assert [len(row) for row in read(out)] == [4, 1, 2, 6]
    assert read(out)[2] == [[SILENT, 0.0, 1.0], [TWO, 0.0, 11.0]]
    ((_, first),) = told
    assert (first.name, first.videos, first.of, first.recall) == ("found lists.json", 6, 6, None)
    assert (written.retriever, written.tracks, written.questions) == ("found lists.json", (2, 3), 4)
    assert "found lists.json passed on 6 of 6 videos (never measured)" in written.remark
    (record,) = run.path.glob("predictions/*.record.json")
    facts = json.loads(record.read_text(encoding="utf-8"))
    assert (facts["baseline"], facts["retriever"], facts["remark"]) == ("fake", "found lists.json", written.remark)
    assert sorted(path.name for path in folder(run).iterdir()) == [
        *(f"chunk-{n:05}.npz" for n in range(4)), "corpus-0.npz", "pass.json", "retrieved.json",
    ]  # fmt: skip


@pytest.mark.parametrize("top", [1, 2, 10**12])
def test_so_many_videos_are_scored_as_are_wanted(
    files: Catalogue, run: RunDirectory, out: Path, lists: str, top: int
) -> None:
    behind(files, run, out, lists, retrieve_top=top)
    assert scored_rows(Localized.made[0], MEASURED) == {1: 2, 2: 4}.get(top, PAIRS)
    assert read(out) == expected(load_split(files, "testA", 2), "corpus", top)


def test_bm25_is_in_front_and_what_it_finds_on_dev_is_told(files: Catalogue, run: RunDirectory, out: Path) -> None:
    told: list[FirstStage] = []
    pass_options = PassOptions(
        announce=lambda cost, first: told.append(first),  # type: ignore[arg-type]
        dev=lambda: load_split(files, "dev", 2),
    )
    (written,) = behind(files, run, out, "bm25", pass_options=pass_options, retrieve_top=2)
    assert folder(run, "testA-behind-bm25").is_dir()
    assert written.retriever == "bm25"
    assert scored_rows(Localized.made[0], MEASURED) == 8  # no word in common: the first two by id
    assert told[0].recall == pytest.approx(2 / 3)  # dev asks of A, B and C
    lost = "it finds the right video of 66.7% of the dev questions among 6 videos"
    assert f"bm25 passed on 2 of 6 videos ({lost})" in written.remark


CHANGES: list[dict[str, Any]] = [
    {"temperature": 0.1},
    {"temperature": 1e-300},
    {"temperature": 64.0},
    {"retrieve_top": 3},
    {"spans_per_video": 3},
    {"spans_per_video": 4, "retrieve_top": 2, "temperature": 4.0},
    {"spans_per_video": 2, "track2_order": "retriever"},
]


@pytest.mark.parametrize(
    ("track", "changed"), [*itertools.product((2, 3), CHANGES[3:]), *((3, c) for c in CHANGES[:3])]
)
def test_lists_are_cut_again_without_the_network(
    files: Catalogue,
    run: RunDirectory,
    out: Path,
    lists: str,
    monkeypatch: pytest.MonkeyPatch,
    track: Any,
    changed: Any,
) -> None:
    anew, again = out.with_name("anew.json"), out.with_name("again.json")
    behind(files, run, anew, lists, tracks=(track,), **changed)
    behind(files, run, out, lists)
    monkeypatch.setattr(answer, "create", None)
    (written,) = behind(files, run, again, tracks=(track,), finished_pass=folder(run), **changed)
    assert again.read_bytes() == anew.read_bytes()
    assert written.retriever == "found lists.json"
    if changed.get("temperature", 1.0) > 1e-9:  # a fraction of so small a number would be no float
        names = {"retrieve_top": "top", "spans_per_video": "per_video", "track2_order": "order"}
        how = {names.get(name, name): value for name, value in changed.items()}
        assert read(again) == expected(load_split(files, "testA", 2), track, **how)


@pytest.mark.parametrize(
    ("changed", "message", "fix"),
    [
        ({"retrieve_top": 4}, "retrieve_top = 4, and the pass looked into 3 videos", "Give 3 or less"),
        ({"spans_per_video": 5}, "spans_per_video = 5: the pass kept 4 spans", "Give 4 or less"),
        (
            {"span_source": "reference"},
            "pipeline.span_source was 'lines' and is now 'reference'",
            "pipeline.temperature",
        ),
        ({"decode": {"overlap": 0.25}}, "decode.overlap was 0.5 and is now 0.25", "without --from"),
    ],
)
def test_what_was_not_kept_is_refused(
    files: Catalogue, run: RunDirectory, out: Path, lists: str, changed: Any, message: str, fix: str
) -> None:
    behind(files, run, out, lists, retrieve_top=3)
    with pytest.raises(UserError) as caught:
        behind(files, run, out, finished_pass=folder(run), **{"retrieve_top": 3, **changed})
    assert message in caught.value.message
    assert fix in caught.value.fix


def test_all_videos_are_all_videos(files: Catalogue, run: RunDirectory, out: Path, lists: str) -> None:
    behind(files, run, out, lists, retrieve_top=6)
    before = out.read_bytes()
    behind(files, run, out, finished_pass=folder(run), retrieve_top=50)
    assert out.read_bytes() == before


def test_more_spans_than_are_usually_kept(files: Catalogue, run: RunDirectory, out: Path, lists: str) -> None:
    behind(files, run, out, lists, spans_per_video=7)
    assert read(out) == expected(load_split(files, "testA", 2), "corpus", per_video=7)


def test_the_published_span_of_a_video_is_one(files: Catalogue, run: RunDirectory, out: Path, lists: str) -> None:
    behind(files, run, out, lists, span_source="reference", spans_per_video=3)
    assert read(out) == expected(load_split(files, "testA", 2), "corpus")


def test_the_settings_may_be_left_out(files: Catalogue, run: RunDirectory, out: Path, lists: str) -> None:
    behind(files, run, out, lists)
    before = out.read_bytes()
    options = PredictOptions(config=CONFIG)
    answer.predict(answer.AnswerPlan.in_root(files, "testA", (2, 3), out), run, options, True, retriever=lists)
    answer.predict(
        answer.AnswerPlan.in_root(files, "testA", (2, 3), out), run, options, True, finished_pass=folder(run)
    )
    assert out.read_bytes() == before


def test_one_pass_writes_the_files_of_every_track(tmp_path: Path, run: RunDirectory, out: Path, lists: str) -> None:
    later = later_files(tmp_path)
    two, three = behind(later, run, out, lists, "test", spans_per_video=2)
    assert (two.tracks, three.tracks) == ((2,), (3,))
    (scorer,) = Localized.made
    assert scored_rows(scorer, MEASURED) == PAIRS
    split = load_split(later, "test", 2)
    assert read(two.path) == expected(split, 2, per_video=2)
    assert read(three.path) == expected(split, 3, per_video=2)
    ids = [row["id"] for row in json.loads(three.path.read_text(encoding="utf-8"))]
    assert ids == [f"NLPCC2024_Task3_{n}" for n in range(1, 5)]


def test_a_pass_that_was_stopped_goes_on_where_it_was(
    files: Catalogue, run: RunDirectory, out: Path, lists: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind(files, run, out, lists)
    whole, kept = out.read_bytes(), (folder(run) / "retrieved.json").read_bytes()
    with monkeypatch.context() as patch:
        stop_at(patch, 2)
        with pytest.raises(Stopped):
            behind(files, run, out, lists)
    with pytest.raises(UserError, match="2 of 4 parts are done") as caught:
        behind(files, run, out, lists)
    assert "--resume" in caught.value.fix
    for changed in ({"retrieve_top": 3}, {"spans_per_video": 9}, {"span_source": "reference"}):
        with pytest.raises(UserError, match="differs in"):
            behind(files, run, out, lists, pass_options=PassOptions(resume=True), **changed)
    Localized.made.clear()
    behind(files, run, out, lists, pass_options=PassOptions(resume=True))
    assert out.read_bytes() == whole
    assert (folder(run) / "retrieved.json").read_bytes() == kept
    assert scored_rows(Localized.made[0], MEASURED) == 4
    with pytest.raises(UserError, match="nothing to resume"):
        behind(files, run, out, lists, pass_options=PassOptions(resume=True))


def test_a_file_that_changed_meanwhile_is_another_pass(
    files: Catalogue, run: RunDirectory, out: Path, lists: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stop_at(patch, 2)
        with pytest.raises(Stopped):
            behind(files, run, out, lists)
    Path(lists).write_text(Path(lists).read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(UserError, match="differs in retriever"):
        behind(files, run, out, lists, pass_options=PassOptions(resume=True))
    behind(files, run, out, lists, pass_options=PassOptions(force=True))
    assert len(read(out)) == 4


@dataclass
class Moody:
    """A retriever that ranks otherwise whenever it is asked."""

    name: str = "moody"
    asked: int = 0
    slow: bool = False
    measured: int = 0

    @property
    def facts(self) -> dict[str, str]:
        return {"name": self.name}

    def rank(self, split: Split, count: int) -> list[Ranking]:
        self.asked += 1
        names = sorted(split.videos, reverse=self.asked > 1)
        return [tuple((name, 0.5 - place / 3) for place, name in enumerate(names))[:count] for _ in split.questions]

    def costs_network(self, split: Split) -> bool:
        return self.slow

    def recall(self, dev: Split | None, count: int) -> float | None:
        self.measured += 1
        return 1 / self.measured


def in_front(files: Catalogue, run: RunDirectory, finder: Any, pass_options: PassOptions) -> CachedPass:
    options = PredictOptions(config={**CONFIG, "pipeline": {"retrieve_top": 2}})
    made = run_pass(Localized(), run, [load_split(files, "testA", 2)], options, pass_options, finder)
    assert made is not None
    return CachedPass(made)


def test_a_pass_that_goes_on_keeps_the_videos_it_was_begun_with(
    files: Catalogue, run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder = Moody()
    with monkeypatch.context() as patch:
        stop_at(patch, 1)
        with pytest.raises(Stopped):
            in_front(files, run, finder, PassOptions())
    kept = in_front(files, run, finder, PassOptions(resume=True))
    assert finder.asked == 1
    split = load_split(files, "testA", 2)
    for found in kept.predictions(split, 3, PredictOptions(config=CONFIG)):
        assert {one.video_id for one in found.candidates} == {A, B}
        assert all(one.score > -13 for one in found.candidates)  # looked into, every one


@pytest.mark.parametrize("slow", [True, False])
def test_the_cost_alone_is_told_without_a_long_wait(files: Catalogue, run: RunDirectory, slow: bool) -> None:
    finder, told = Moody(slow=slow), []
    with pytest.raises(OnlyPlanned) as caught:
        in_front(files, run, finder, PassOptions(plan_only=True, announce=lambda *announced: told.append(announced)))
    ((cost, first),) = told
    assert (cost.pairs, cost.questions, first.videos, first.of, first.recall) == (8, 4, 2, 6, 1.0)
    assert cost == caught.value.cost
    assert finder.asked == (not slow)
    assert not folder(run, "testA-behind-moody").exists()


@pytest.mark.parametrize("network", [True, False])
def test_a_retriever_is_loaded_once_for_dev_and_every_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: RunDirectory, out: Path, network: bool
) -> None:
    embeds = embedding.trained(monkeypatch, run.path.parent, network)
    later = later_files(tmp_path)
    told: list[FirstStage] = []
    pass_options = PassOptions(
        announce=lambda cost, first: told.append(first),  # type: ignore[arg-type]
        dev=lambda: load_split(later, "dev", 2),
    )
    two, three = behind(later, run, out, "embeds", "test", pass_options=pass_options)
    assert (two.tracks, three.tracks, two.retriever) == ((2,), (3,), "embeds-1")
    corpora = 1 if network else 2  # the recall on dev is not worth a network over its corpus
    assert embeds.counted == {"loads": 1, "retrievers": 1, "embedded": corpora, "rankings": corpora}
    assert told[0].recall == (None if network else 1.0)
    assert not told[0].costs_network  # it is done by then


@pytest.mark.parametrize("network", [True, False])
def test_a_plan_says_that_ranking_the_videos_runs_a_network(
    files: Catalogue, monkeypatch: pytest.MonkeyPatch, run: RunDirectory, out: Path, network: bool
) -> None:
    embeds = embedding.trained(monkeypatch, run.path.parent, network)
    told: list[FirstStage] = []
    pass_options = PassOptions(
        plan_only=True,
        announce=lambda cost, first: told.append(first),  # type: ignore[arg-type]
    )
    with pytest.raises(OnlyPlanned):
        behind(files, run, out, "embeds", pass_options=pass_options)
    assert told[0].costs_network is network
    assert embeds.counted["loads"] == 1
    assert embeds.counted["rankings"] == (not network)  # not run for a figure
    assert "costs_network" not in told[0].to_dict()  # of a manifest: it says nothing of answers


def test_two_processes_share_the_questions(
    files: Catalogue, run: RunDirectory, out: Path, lists: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind(files, run, out, lists)
    whole = out.read_bytes()
    sent: list[tuple[Any, ...]] = []

    class First(Second):
        """Does its part after the second one, so that the pass is whole."""

        def first(self, action: Callable[[], Any]) -> Any:
            sent.append(action())
            assert (
                behind(
                    files, run, out, lists, pass_options=PassOptions(group=Second(1, 2, "cpu", copy.deepcopy(sent[0])))
                )
                == []
            )
            return sent[0]

    Localized.made.clear()
    behind(files, run, out, lists, pass_options=PassOptions(group=First(0, 2)))
    assert out.read_bytes() == whole
    first, second = Localized.made
    assert scored_rows(first, MEASURED) == 2 and sum(count for count, _ in second.batches) == 1 + 4


def test_a_sample_has_a_pass_of_its_own(files: Catalogue, run: RunDirectory, out: Path, lists: str) -> None:
    (written,) = behind(files, run, out, lists, sample=2, pass_options=PassOptions(label="-sample2"))
    assert written.questions == len(read(out)) == 2
    assert folder(run, "testA-sample2-behind-found-lists-json").is_dir()
    asked = [row["question"] for row in json.loads(out.read_text(encoding="utf-8"))]
    texts = [record["question"] for record in records("testA")]
    whole = dict(zip(texts, expected(load_split(files, "testA", 2), "corpus"), strict=True))
    assert read(out) == [whole[text] for text in asked]


@pytest.mark.parametrize(
    ("name", "called"),
    [("提交 二.json", "json"), ("x.partial", "x-partial"), ("提交", "retriever"), ("a" * 200 + ".json", "a" * 40)],
)
def test_whatever_a_file_is_called(
    files: Catalogue, run: RunDirectory, out: Path, lists: str, name: str, called: str
) -> None:
    odd = Path(lists).rename(out.with_name(name))
    (written,) = behind(files, run, out, str(odd))
    assert written.retriever == name
    kept = folder(run, f"testA-behind-{called}")
    (again,) = behind(files, run, out.with_name("again.json"), finished_pass=kept)
    assert again.retriever == name
    assert again.path.read_bytes() == out.read_bytes()


@pytest.mark.parametrize(
    ("given", "message", "fix"),
    [
        ({"pass_options": PassOptions(budget=9.0)}, "--budget and --retriever", "--set pipeline.retrieve_top=10"),
        ({"tracks": (1,)}, "Track 1 asks within a given video", "--track 2 or 3"),
        ({"tracks": (1, 2)}, "Track 1 asks within a given video", "Leave out --retriever"),
        ({"retriever": "bm52"}, "no baseline, run or file is called so. Did you mean 'bm25'?", "Give bm25"),
        ({"retrieve_top": 0}, "pipeline.retrieve_top: 0", "--set pipeline.retrieve_top="),
        (
            {"retriever": "", "finished_pass": Path("nowhere")},
            "nowhere/pass.json: no such record of a pass",
            "Check the path",
        ),
    ],
)
def test_wrong_use_is_said_plainly(
    files: Catalogue, run: RunDirectory, out: Path, lists: str, given: dict[str, Any], message: str, fix: str
) -> None:
    with pytest.raises(UserError) as caught:
        behind(files, run, out, **{"retriever": lists, **given})
    assert message in caught.value.message
    assert fix in caught.value.fix
    assert not out.exists()


def test_a_kept_pass_has_its_retriever(files: Catalogue, run: RunDirectory, out: Path, lists: str) -> None:
    behind(files, run, out, lists)
    with pytest.raises(UserError, match="--from and --retriever") as caught:
        behind(files, run, out, "bm25", finished_pass=folder(run))
    assert "Leave out --retriever" in caught.value.fix
    with pytest.raises(UserError, match="Track 1 asks within a given video"):
        behind(files, run, out, tracks=(1,), finished_pass=folder(run))


@pytest.mark.parametrize("text", ["[]", "3", "[[], [], [], []]", '[[["a", NaN]], [["a", 1]], [["a", 1]], [["a", 1]]]'])
def test_damaged_lists_of_a_retriever_are_refused(
    files: Catalogue, run: RunDirectory, out: Path, lists: str, text: str
) -> None:
    behind(files, run, out, lists)
    (folder(run) / "retrieved.json").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"retrieved\.json: damaged"):
        behind(files, run, out, finished_pass=folder(run))


def test_what_finds_no_spans_cannot_stand_behind(
    files: Catalogue, run: RunDirectory, out: Path, lists: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Other:
        """It only predicts."""

    monkeypatch.setattr(answer, "create", lambda declaration: Other())
    with pytest.raises(UserError, match="baseline fake finds no spans in given videos") as caught:
        behind(files, run, out, lists)
    assert "-m mutualsl" in caught.value.fix


def test_of_a_system_that_does_both_the_localizer_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Catalogue, run: RunDirectory, out: Path, lists: str
) -> None:
    behind(files, run, out, lists)
    before = out.read_bytes()
    install(monkeypatch, tmp_path / "both", "Both")
    behind(files, run, out, lists)
    assert out.read_bytes() == before


def test_every_language_is_asked_in_its_own_corpus(run: RunDirectory) -> None:
    def said(*texts: str) -> tuple[Subtitle, ...]:
        return tuple(Subtitle(text, 4.0 * n, 3.0) for n, text in enumerate(texts))

    def both(name: str, chinese: int, english: int) -> Video:
        lines = {"Chinese": said(*"一二三四五六"[:chinese]), "English": said(*"abcdef"[:english])}
        return replace(video(name), translations=MappingProxyType(lines))

    videos = [both("x", 5, 2), both("y", 4, 6), both("z", 0, 3)]
    questions = [Question(f"{track}-{n}", text, language) for n, (text, language) in enumerate(
        [("cpr", "Chinese"), ("cpr", "English"), ("怎么", "Chinese")]) for track in (2, 3)]  # fmt: skip
    two, three = (replace(split_of(videos, questions[at::2]), edition="m4ivqa-2025") for at in (0, 1))
    finder, options = Moody(), PredictOptions(config={**CONFIG, "pipeline": {"spans_per_video": 2}})
    folder = run_pass(Localized(), run, [two, three], options, PassOptions(), finder)
    assert folder is not None
    assert len(folder.manifest["questions"]) == 3  # asked once for both tracks
    kept = CachedPass(folder)
    ranking = finder.rank(two, 3)[0][::-1]
    ranking = tuple((name, 0.5 - place / 3) for place, (name, _) in enumerate(ranking))
    for split, target in ((two, 2), (three, 3)):
        found = list(kept.predictions(split.for_prediction(target), target, options))  # type: ignore[arg-type]
        for question, one in zip(split.questions, found, strict=True):
            assert one.question_id == question.id
            spans = spans_of(split, question, ["x", "y", "z"], 2)
            plain = plainly(ranking, spans, target, per_video=2)
            assert [(c.video_id, c.span) for c in one.candidates] == [entry[:2] for entry in plain]
