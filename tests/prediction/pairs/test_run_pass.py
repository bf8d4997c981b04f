"""A pass from the command down: kept, resumed, shared, cut again, and what is said when it cannot be."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cmivqa_kit.data.catalogue import Catalogue, catalogue
from cmivqa_kit.data.corpus import load_split
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.files import write_json
from cmivqa_kit.plugin.types import Declaration, PredictOptions
from cmivqa_kit.prediction import answer
from cmivqa_kit.prediction.pairs import pass_folder as store
from cmivqa_kit.prediction.pairs.pass_options import CostEstimate, FirstStage, OnlyPlanned, PassOptions
from cmivqa_kit.runs.device import physical_cores
from cmivqa_kit.runs.directory import RunDirectory, make_run
from cmivqa_kit.runs.launch import launch
from tests.prediction import fake
from tests.prediction.pairs.paired import CONFIG, Paired, ask, install
from tests.submission.small import VIDEOS, records, root_2023, root_2024


@pytest.fixture
def paired(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[Paired]:
    return install(monkeypatch, tmp_path, bm25="baselines.bm25:DECLARATION", **{"by-id": f"{__name__}:BY_ID"})


@pytest.fixture
def files(tmp_path: Path) -> Catalogue:
    return catalogue(root_2023(tmp_path / "root"))


@pytest.fixture
def run(tmp_path: Path, paired: type[Paired]) -> RunDirectory:
    made = make_run(tmp_path / "runs" / "fake-1", "fake", CONFIG, seed=0)
    made.finish()
    return made


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "submission.json"


def folder(run: RunDirectory, name: str = "testA") -> Path:
    return run.path / "predictions" / name


def rows(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_pass_gives_what_the_system_gives_from_memory(files: Catalogue, run: RunDirectory, out: Path) -> None:
    (written,) = ask(files, run, out, PassOptions())
    split = load_split(files, "testA", 2).for_prediction(2)
    expected = list(Paired().predict(split, "corpus", PredictOptions(config=CONFIG)))
    assert [[[c.video_id, c.span.start, c.span.end] for c in p.candidates] for p in expected] == [
        row["output"] for row in rows(out)
    ]
    assert written.remark == ""
    assert sorted(path.name for path in folder(run).iterdir()) == [
        *(f"chunk-{n:05}.npz" for n in range(4)), "corpus-0.npz", "pass.json",
    ]  # fmt: skip


def test_threads_are_set_once_around_a_pass_and_change_no_byte(
    files: Catalogue, run: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_threads, calls, written = torch.set_num_threads, [], []
    before = torch.get_num_threads()

    def recorded(count: int) -> None:
        calls.append(count)
        set_threads(count)

    monkeypatch.setattr(torch, "set_num_threads", recorded)
    for count in (1, 2, 0):
        ask(files, run, tmp_path / f"{count}.json", PassOptions(force=True), threads=count)
        written.append((tmp_path / f"{count}.json").read_bytes())
    assert calls == [1, before, 2, before, min(before, physical_cores()), before]
    assert written[0] == written[1] == written[2]


def test_one_pass_writes_the_files_of_every_track(tmp_path: Path, run: RunDirectory, out: Path) -> None:
    later = catalogue(root_2024(tmp_path / "later"))
    two, three = ask(later, run, out, PassOptions(), "test")
    assert (two.tracks, three.tracks) == ((2,), (3,))
    (scorer,) = Paired.made
    videos = 3
    measured = 6  # one to warm up and five lengths
    assert sum(count for count, _ in scorer.batches) == videos * (4 + measured)
    assert [row["id"] for row in rows(three.path)] == [f"NLPCC2024_Task3_{n}" for n in range(1, 5)]


def test_lists_are_cut_anew_without_the_system(
    files: Catalogue, run: RunDirectory, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(files, run, out, PassOptions())
    monkeypatch.setattr(answer, "create", None)
    again = out.with_name("again.json")
    ask(files, run, again, PassOptions(), finished_pass=folder(run))
    assert again.read_bytes() == out.read_bytes()
    ask(files, run, again, PassOptions(), finished_pass=folder(run), spans_per_video=2)
    assert all(len(row["output"]) == 6 for row in rows(again))
    for wrong, part in (
        ({"overlap": 0.25}, "decode.overlap was 0.5 and is now 0.25"),
        ({"spans_per_video": 5}, "kept 4"),
    ):
        with pytest.raises(UserError, match=part):
            ask(files, run, again, PassOptions(), finished_pass=folder(run), **wrong)
    with pytest.raises(UserError, match="3 of 3 questions"):
        ask(files, run, again, PassOptions(), "dev", finished_pass=folder(run))


class Stopped(Exception):
    """Something that ends the program."""


def stop_at(monkeypatch: pytest.MonkeyPatch, number: int, error: BaseException) -> None:
    """The pass ends before chunk ``number`` is kept."""
    write = store.PassFolder.write

    def stopping(self: store.PassFolder, chunk: Any, ranked: Any) -> None:
        if chunk.number == number:
            raise error
        write(self, chunk, ranked)

    monkeypatch.setattr(store.PassFolder, "write", stopping)


def test_a_pass_that_was_stopped_goes_on_where_it_was(
    files: Catalogue, run: RunDirectory, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(files, run, out, PassOptions())
    whole = out.read_bytes()
    out.unlink()
    with monkeypatch.context() as patch:
        stop_at(patch, 2, Stopped())
        with pytest.raises(Stopped):
            ask(files, run, out, PassOptions())
    assert not out.exists()
    assert folder(run).exists()  # the older pass is still whole
    with pytest.raises(UserError, match="2 of 4 parts are done"):
        ask(files, run, out, PassOptions())
    with pytest.raises(UserError, match="differs in config"):
        ask(files, run, out, PassOptions(resume=True), overlap=0.25)
    Paired.made.clear()
    ask(files, run, out, PassOptions(resume=True))
    assert out.read_bytes() == whole
    assert sum(count for count, _ in Paired.made[0].batches) == 3 * (2 + 6)
    assert not folder(run, "testA.partial").exists()
    with pytest.raises(UserError, match="nothing to resume"):
        ask(files, run, out, PassOptions(resume=True))


def test_force_begins_anew(files: Catalogue, run: RunDirectory, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        stop_at(patch, 1, Stopped())
        with pytest.raises(Stopped):
            ask(files, run, out, PassOptions())
    ask(files, run, out, PassOptions(force=True))
    assert len(rows(out)) == 4


def test_a_damaged_part_is_done_again(
    files: Catalogue, run: RunDirectory, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stop_at(patch, 3, Stopped())
        with pytest.raises(Stopped):
            ask(files, run, out, PassOptions())
    damaged = folder(run, "testA.partial") / "chunk-00001.npz"
    damaged.write_bytes(damaged.read_bytes()[:100])
    Paired.made.clear()
    ask(files, run, out, PassOptions(resume=True))
    assert sum(count for count, _ in Paired.made[0].batches) == 3 * (2 + 6)


def test_damage_and_pickles_in_a_kept_pass_are_refused(files: Catalogue, run: RunDirectory, out: Path) -> None:
    ask(files, run, out, PassOptions())
    chunk = folder(run) / "chunk-00000.npz"
    np.savez(chunk, score=np.array([{}], dtype=object))
    with pytest.raises(UserError, match=r"chunk-00000\.npz: missing or damaged"):
        ask(files, run, out, PassOptions(), finished_pass=folder(run))
    (folder(run) / "pass.json").write_text("[]", encoding="utf-8")
    with pytest.raises(UserError, match="not the record of a pass"):
        ask(files, run, out, PassOptions(), finished_pass=folder(run))


def test_an_unfinished_pass_is_no_source_of_lists(
    files: Catalogue, run: RunDirectory, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_at(monkeypatch, 1, Stopped())
    with pytest.raises(Stopped):
        ask(files, run, out, PassOptions())
    with pytest.raises(UserError, match="not finished"):
        ask(files, run, out, PassOptions(), finished_pass=folder(run, "testA.partial"))


def test_a_full_disk_loses_one_part_and_the_rest_goes_on(
    files: Catalogue, run: RunDirectory, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = np.savez
    written = []

    def full(stream: Any, **arrays: Any) -> None:
        written.append(1)
        if len(written) == 4:  # the corpus and two parts fit
            stream.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        save(stream, **arrays)

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        with pytest.raises(RunFailed, match=r"\(No space left on device\); nothing was left behind") as caught:
            ask(files, run, out, PassOptions())
    assert "--resume" in caught.value.fix
    assert sorted(path.name for path in folder(run, "testA.partial").iterdir()) == [
        "chunk-00000.npz", "chunk-00001.npz", "corpus-0.npz", "pass.json",
    ]  # fmt: skip
    ask(files, run, out, PassOptions(resume=True))
    assert len(rows(out)) == 4


def test_scores_that_are_no_numbers_end_with_code_4(files: Catalogue, run: RunDirectory, out: Path) -> None:
    Paired.use = {"nan_at": (ord(records("testA")[2]["question"][0]), "vidB_______")}
    with pytest.raises(RunFailed, match="video 'vidB_______'") as caught:
        ask(files, run, out, PassOptions())
    assert caught.value.code == 4
    assert not out.exists()


def test_the_cost_is_told_before_and_nothing_is_done_where_only_it_was_asked_for(
    files: Catalogue, run: RunDirectory, out: Path
) -> None:
    told: list[tuple[CostEstimate, FirstStage | None]] = []
    with pytest.raises(OnlyPlanned) as caught:
        ask(files, run, out, PassOptions(plan_only=True, announce=lambda cost, first: told.append((cost, first))))
    ((cost, first),) = told
    assert cost == caught.value.cost
    assert first is None
    lines = sum(len(f"line {n}") + 1 for n in range(12))
    asked = [len(row["question"]) for row in records("testA")]
    assert (cost.questions, cost.videos, cost.pairs, cost.rows) == (4, 3, 12, 12)
    assert cost.tokens == sum(3 * (3 + question + lines) for question in asked)
    assert cost.seconds > 0
    assert not folder(run).exists()
    assert not folder(run, "testA.partial").exists()


def test_a_budget_puts_a_first_stage_in_front_and_says_so(
    files: Catalogue, run: RunDirectory, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cmivqa_kit.prediction.pairs.run_pass.estimate", lambda corpus_pass: SECOND)
    told: list[Any] = []
    (written,) = ask(
        files, run, out,
        PassOptions(
            budget=9.0, dev=lambda: load_split(files, "dev", 2), announce=lambda *announced: told.append(announced)
        ),
    )  # fmt: skip
    ((shown, first),) = told
    assert (first.name, first.videos, first.of) == ("bm25", 2, 3)
    assert 0 <= first.recall <= 1
    assert (shown.pairs, shown.seconds) == (8, 8.0)
    assert sum(count for count, _ in Paired.made[0].batches) == 8
    assert all(len({entry[0] for entry in row["output"]}) == 2 for row in rows(out))
    assert "not the published system: bm25 passed on 2 of 3 videos" in written.remark
    record = next(run.path.glob("predictions/submission-*.record.json"))
    assert rows(record)["remark"] == written.remark
    assert not folder(run).exists()
    ask(files, run, out, PassOptions(budget=99.0))  # enough for everything
    assert rows(folder(run, "testA-budget") / "pass.json")["first_stage"] is None


SECOND = CostEstimate(4, 3, 12, 12, 1000, 12.0, 0, 400, "cpu")  # a pair takes a second


class ById:
    """A first stage: videos by id, the last one first."""

    def rank_videos(self, split: Split, count: int, options: PredictOptions) -> Iterator[list[tuple[str, float]]]:
        for _ in split.questions:
            yield [(name, float(number)) for number, name in enumerate(sorted(split.videos))]


BY_ID = Declaration(
    name="by-id", title="Ranks by id", tracks=(2,), factory=f"{__name__}:ById", config="fake_settings:config.toml",
    trains=False,
)  # fmt: skip


def test_the_first_stage_of_a_budget_is_a_setting(
    files: Catalogue, run: RunDirectory, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cmivqa_kit.prediction.pairs.run_pass.estimate", lambda corpus_pass: SECOND)
    budget = PassOptions(budget=5.0)
    (written,) = ask(files, run, out, budget, first_stage="by-id")
    assert "by-id passed on 1 of 3 videos" in written.remark
    assert {entry[0] for row in rows(out) for entry in row["output"]} == {max(VIDEOS)}
    by_id = rows(folder(run, "testA-budget") / "pass.json")
    ask(files, run, out, budget)
    by_words = rows(folder(run, "testA-budget") / "pass.json")
    assert (by_id["first_stage"]["name"], by_words["first_stage"]["name"]) == ("by-id", "bm25")
    assert by_id["key"] != by_words["key"]
    assert by_id["config"] == by_words["config"]
    with pytest.raises(UserError, match=r"decode\.first_stage: baseline fake runs a network over the corpus") as caught:
        ask(files, run, out, budget, first_stage="fake")
    assert "--set decode.first_stage=bm25 or by-id" in caught.value.fix
    with pytest.raises(UserError, match=r"decode\.first_stage: '' must be the name of a baseline"):
        ask(files, run, out, budget, first_stage="")


def test_a_pass_goes_on_with_the_first_stage_it_was_begun_with(
    files: Catalogue, run: RunDirectory, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cmivqa_kit.prediction.pairs.run_pass.estimate", lambda corpus_pass: SECOND)
    with monkeypatch.context() as patch:
        stop_at(patch, 2, Stopped())
        with pytest.raises(Stopped):
            ask(files, run, out, PassOptions(budget=5.0), first_stage="by-id")
    with pytest.raises(UserError, match="differs in first_stage"):
        ask(files, run, out, PassOptions(budget=5.0, resume=True))
    Paired.made.clear()
    ask(files, run, out, PassOptions(budget=9.0, resume=True), first_stage="by-id")  # the number of videos stays
    assert sum(count for count, _ in Paired.made[0].batches) == 2
    assert {entry[0] for row in rows(out) for entry in row["output"]} == {max(VIDEOS)}


def test_without_a_budget_the_first_stage_means_nothing(files: Catalogue, run: RunDirectory, out: Path) -> None:
    ask(files, run, out, PassOptions())
    before, again = out.read_bytes(), out.with_name("again.json")
    manifest = rows(folder(run) / "pass.json")
    assert "first_stage" not in manifest["config"]["decode"]
    for name in "bm25", "by-id", "no such baseline":
        ask(files, run, again, PassOptions(), finished_pass=folder(run), first_stage=name)
        assert again.read_bytes() == before
        ask(files, run, again, PassOptions(), first_stage=name)
        assert rows(folder(run) / "pass.json")["key"] == manifest["key"]
    with pytest.raises(UserError, match=r"decode\.overlap was 0\.5 and is now 0\.25"):
        ask(files, run, again, PassOptions(), finished_pass=folder(run), first_stage="by-id", overlap=0.25)


def test_a_system_that_scores_no_pairs_refuses_the_options_of_a_pass(
    files: Catalogue, run: RunDirectory, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "find_declaration", lambda name: fake.DECLARATION)
    write_json(run.path / "learnt.json", {})
    for pass_options in PassOptions(resume=True), PassOptions(plan_only=True), PassOptions(budget=1.0):
        with pytest.raises(UserError, match="does not score question-video pairs"):
            ask(files, run, out, pass_options)


def test_killed_and_resumed_in_two_processes(
    files: Catalogue, run: RunDirectory, out: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ask(files, run, out, PassOptions())
    whole = out.read_bytes()
    out.unlink()
    words = [str(files.root), str(run.path), str(out)]
    killed = subprocess.run([sys.executable, "-m", "tests.prediction.pairs.paired", *words, "3"], check=False, cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    assert not out.exists()
    kept = {path.name: path.read_bytes() for path in folder(run, "testA.partial").glob("chunk-*")}
    assert sorted(kept) == [f"chunk-{n:05}.npz" for n in range(3)]
    (run.path / "resume").touch()
    assert launch(2, words, cpu=True, module="tests.prediction.pairs.paired") == 0
    assert out.read_bytes() == whole  # each question once, in order, the same digits
    finished = {path.name: path.read_bytes() for path in folder(run).glob("chunk-*")}
    assert {name: finished[name] for name in kept} == kept


ROOT = Path(__file__).parents[3]


def test_equal_questions_are_asked_once_and_all_are_told(files: Catalogue, run: RunDirectory, out: Path) -> None:
    path = next(files.root.glob("*testA*track23*"))
    asked = rows(path)
    write_json(path, [*asked, {**asked[0], "id": 99}])
    told: list[CostEstimate] = []
    ask(catalogue(files.root), run, out, PassOptions(announce=lambda cost, first: told.append(cost)))
    assert (told[0].questions, told[0].asked) == (len(asked), len(asked) + 1)
    assert len(rows(out)) == len(asked) + 1
