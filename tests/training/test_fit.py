"""Fitting: what is used, what is dropped and why, and what is left of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cmivqa_kit.data.catalogue import Catalogue, catalogue
from cmivqa_kit.data.corpus import data_fingerprint
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.runs.directory import RunDirectory, open_run, start_run
from cmivqa_kit.runs.finished_runs import newest_run
from cmivqa_kit.runs.settings import Config
from cmivqa_kit.training.fit import repeat, resume, train
from cmivqa_kit.training.learning_data import load_splits
from tests.prediction.fake import DECLARATION, Fake, install
from tests.submission.small import put, records, root_2023, without


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[Fake]:
    """The fake baseline, installed."""
    return install(monkeypatch, tmp_path)


def root_with(tmp_path: Path, rows: Any) -> Catalogue:
    root = root_2023(tmp_path / "root")
    put(root / "train.json", rows)
    return catalogue(root)


def test_a_run_is_left(tmp_path: Path, fake: type[Fake]) -> None:
    files = catalogue(root_2023(tmp_path / "root"))
    config = settings(DECLARATION, "small")
    fitted = train(files, DECLARATION, config, tmp_path / "runs", seed=3, preset="small")
    assert (fitted.examples, dict(fitted.dropped)) == (5, {})
    run = open_run(tmp_path / "runs" / "fake-1")
    assert run == newest_run(tmp_path / "runs")
    assert (run.config, run.seed) == (config, 3)
    record = run.record()
    assert record["preset"] == "small"
    assert record["data"] | {"fingerprint": ""} == {
        "name": "root", "edition": "cmivqa-2023", "split": "train", "questions": 5, "used": 5, "dropped": {},
        "fingerprint": "",
    }  # fmt: skip
    (given,) = fake.fitted
    assert [q.id for q in given[0].questions] == [0, 1, 2, 3, 4]
    assert given[0].has_answers
    assert given[1] is not None
    assert given[1].name == "dev"
    assert given[2].path == run.path


def test_a_dev_split_is_handed_over_only_where_it_is_another(tmp_path: Path, fake: type[Fake]) -> None:
    root = root_2023(tmp_path / "root")
    train(catalogue(root), DECLARATION, {}, tmp_path / "runs", split="valid")
    (root / "dev.json").unlink()
    train(catalogue(root), DECLARATION, {}, tmp_path / "runs")
    assert [(full.name, dev) for full, dev, _ in fake.fitted] == [("dev", None), ("train", None)]


def test_a_few_unusable_examples_are_dropped_and_counted(tmp_path: Path, fake: type[Fake]) -> None:
    rows = records("train")
    rows[2]["end_second"] = rows[2]["start_second"]
    fitted = train(root_with(tmp_path, rows), DECLARATION, {}, tmp_path / "runs")  # 1 of 5 is 20 %, not more
    assert dict(fitted.dropped) == {"bad-span": 1}
    assert [q.id for q in fake.fitted[0][0].questions] == [0, 1, 3, 4]
    assert fitted.run.record()["data"]["dropped"] == {"bad-span": 1}
    assert fitted.run.record()["data"]["used"] == 4


def spoilt() -> list[dict[str, Any]]:
    rows = records("train")
    rows[0]["video_id"] = "unknown____"
    rows[1]["video_id"] = "unknown____"
    rows[2]["end_second"] = rows[2]["start_second"] - 1
    return rows


def test_too_many_are_refused_with_the_reasons(tmp_path: Path, fake: type[Fake]) -> None:
    files = root_with(tmp_path, spoilt())
    with pytest.raises(UserError) as caught:
        train(files, DECLARATION, {}, tmp_path / "runs")
    assert caught.value.message == (
        f"{files.root / 'train.json'}: 3 of 5 examples would be dropped: "
        "2 no-video (video unknown); 1 bad-span (answer is no span)"
    )
    assert "cmivqa data check --split train" in caught.value.fix
    assert "--max-dropped 0.61" in caught.value.fix
    assert fake.fitted == []
    assert not (tmp_path / "runs").exists()


def test_the_share_is_an_option(tmp_path: Path) -> None:
    files = root_with(tmp_path, spoilt())
    assert train(files, DECLARATION, {}, tmp_path / "runs", max_dropped=0.61).examples == 2
    lenient = replace(DECLARATION, drops=())
    assert train(files, lenient, {}, tmp_path / "runs").examples == 5
    rows = records("train")
    rows[0]["video_id"] = "unknown____"
    with pytest.raises(UserError, match="1 of 5 examples"):
        train(root_with(tmp_path, rows), DECLARATION, {}, tmp_path / "runs", max_dropped=0.1)


def test_nothing_left_is_refused_at_any_share(tmp_path: Path) -> None:
    rows = [{**row, "video_id": "unknown____"} for row in records("train")]
    with pytest.raises(UserError) as caught:
        train(root_with(tmp_path, rows), DECLARATION, {}, tmp_path / "runs", max_dropped=1.0)
    assert "5 of 5 examples would be dropped: 5 no-video (video unknown)" in caught.value.message
    assert "Nothing is left to train on" in caught.value.fix


def test_a_split_without_answers_is_refused_where_they_are_needed(tmp_path: Path) -> None:
    files = root_with(tmp_path, without(records("train"), "start_second", "end_second"))
    with pytest.raises(UserError, match="train has no answers to learn from"):
        train(files, DECLARATION, {}, tmp_path / "runs", "train", max_dropped=1.0)
    assert train(files, replace(DECLARATION, drops=("no-video",)), {}, tmp_path / "runs").examples == 5


@pytest.mark.parametrize(("split", "public"), [("testA", "train"), ("train+testA", "train"), ("dev + TESTB", "dev")])
def test_answers_that_organizers_hold_are_not_learnt_from(
    tmp_path: Path, fake: type[Fake], split: str, public: str
) -> None:
    root = root_2023(tmp_path / "root")
    for path in root.rglob("*test*.json"):
        put(path, records("train"))  # planted
    for declaration in (DECLARATION, replace(DECLARATION, drops=())):
        with pytest.raises(UserError, match="are held by the organizers") as caught:
            train(catalogue(root), declaration, {}, tmp_path / "runs", split)
        assert f"--split {public}" in caught.value.fix
    assert not fake.fitted
    assert not (tmp_path / "runs").exists()


def test_a_dev_split_of_held_answers_is_not_handed_over(tmp_path: Path, fake: type[Fake]) -> None:
    files = catalogue(root_2023(tmp_path / "root"))
    splits = {**files.edition.splits, "dev": replace(files.edition.splits["dev"], answers="organizers")}
    train(replace(files, edition=replace(files.edition, splits=splits)), DECLARATION, {}, tmp_path / "runs")
    assert [dev for _, dev, _ in fake.fitted] == [None]


@pytest.mark.parametrize("error", [RunFailed("loss is NaN"), KeyboardInterrupt(), RuntimeError("died")])
def test_a_fit_that_stops_is_never_a_finished_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def stop(*_: Any) -> None:
        raise error

    monkeypatch.setattr(Fake, "fit", stop)
    files = catalogue(root_2023(tmp_path / "root"))
    with pytest.raises(type(error)):
        train(files, DECLARATION, {}, tmp_path / "runs")
    assert json.loads((tmp_path / "runs" / "fake-1" / "run.json").read_text(encoding="utf-8"))["state"] == "running"
    with pytest.raises(UserError, match="no finished run"):
        newest_run(tmp_path / "runs")


def test_the_fingerprint_stands_for_the_data(tmp_path: Path, fake: type[Fake]) -> None:
    rows = records("train")
    train(root_with(tmp_path, rows), DECLARATION, {}, tmp_path / "runs")
    rows[1]["end_second"] += 0.5
    train(root_with(tmp_path, rows), DECLARATION, {}, tmp_path / "runs")
    first, second = (given[0] for given in fake.fitted)
    assert data_fingerprint(first) != data_fingerprint(second)
    assert data_fingerprint(first) == fake.fitted[0][2].record()["data"]["fingerprint"]


def test_the_recipe_is_stored_in_the_run(tmp_path: Path) -> None:
    files = catalogue(root_2023(tmp_path / "root"))
    assert train(files, DECLARATION, {}, tmp_path / "runs").run.recipe == "kit"
    train(files, DECLARATION, {}, tmp_path / "runs", recipe="published")
    assert open_run(tmp_path / "runs" / "fake-2").recipe == "published"
    record = json.loads((tmp_path / "runs" / "fake-2" / "run.json").read_text(encoding="utf-8"))
    (tmp_path / "runs" / "fake-2" / "run.json").write_text(json.dumps({**record, "recipe": "secret"}), encoding="utf-8")
    with pytest.raises(UserError, match="unknown recipe 'secret'"):
        open_run(tmp_path / "runs" / "fake-2")


def stopped(tmp_path: Path, fake: type[Fake], monkeypatch: pytest.MonkeyPatch) -> tuple[Catalogue, Path]:
    """A run whose fit was stopped on its way."""
    files = catalogue(root_2023(tmp_path / "root"))

    def stop(self: Fake, train: Any, dev: Any, run: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fake, "fit", stop)
        with pytest.raises(KeyboardInterrupt):
            train(files, DECLARATION, {"index": {"size": 4}}, tmp_path / "runs", seed=8, recipe="published")
    return files, tmp_path / "runs" / "fake-1"


def test_a_stopped_run_goes_on_as_it_began(tmp_path: Path, fake: type[Fake], monkeypatch: pytest.MonkeyPatch) -> None:
    files, path = stopped(tmp_path, fake, monkeypatch)
    with pytest.raises(UserError, match="did not finish"):
        open_run(path)
    done = resume(files, path)
    assert (done.run.seed, done.run.recipe, done.run.config) == (8, "published", {"index": {"size": 4}})
    assert open_run(path).path == path
    with pytest.raises(UserError, match="nothing to resume"):
        resume(files, path)


def test_resuming_on_other_data_is_refused(tmp_path: Path, fake: type[Fake], monkeypatch: pytest.MonkeyPatch) -> None:
    files, path = stopped(tmp_path, fake, monkeypatch)
    put(files.root / "train.json", records("train")[:3])
    with pytest.raises(UserError, match="not the data"):
        resume(catalogue(files.root), path)
    assert not fake.fitted


def test_train_and_dev_together(tmp_path: Path, fake: type[Fake]) -> None:
    files = catalogue(root_2023(tmp_path / "root"))
    both = load_splits(files, "train+dev")
    assert both.name == "train+dev"
    single = [load_splits(files, name) for name in ("train", "dev")]
    assert both.questions == single[0].questions + single[1].questions
    train(files, DECLARATION, {}, tmp_path / "runs", split="train+dev")
    ((full, dev, _),) = fake.fitted
    assert (full.name, dev) == ("train+dev", None)
    with pytest.raises(UserError, match="named twice"):
        load_splits(files, "train+train")


def test_a_system_says_itself_how_it_is_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Repeated(Fake):
        def repeated(self, run: RunDirectory) -> Config:
            return {**run.config, "decode": {"temperature": 1.5}}

    monkeypatch.setattr("cmivqa_kit.training.fit.create", lambda declaration: Repeated())
    (tmp_path / "packages" / "fake_settings" / "steps.toml").write_text(
        "[default.train]\nmax_steps = 0\n", encoding="utf-8"
    )
    start_run(tmp_path / "runs", "fake", {"train": {"max_steps": 0}}, 4).finish()
    found = repeat(tmp_path / "runs", replace(DECLARATION, config="fake_settings:steps.toml"))
    assert found is not None
    assert found.config == {"train": {"max_steps": 0}, "decode": {"temperature": 1.5}}


def test_what_is_repeated_on_all_data(tmp_path: Path) -> None:
    """A system without steps repeats nothing; one with steps takes those its dev run chose."""
    assert repeat(tmp_path / "runs", DECLARATION) is None
    (tmp_path / "packages" / "fake_settings" / "steps.toml").write_text(
        "[default.train]\nmax_steps = 0\nlr = 0.1\n", encoding="utf-8"
    )
    stepped = replace(DECLARATION, config="fake_settings:steps.toml")
    with pytest.raises(UserError, match="no finished run"):
        repeat(tmp_path / "runs", stepped)
    run = start_run(tmp_path / "runs", "fake", {"train": {"max_steps": 0, "lr": 0.5}}, 4, "published")
    run.write("outcome.json", {"steps": 90, "best_step": 60})
    run.finish()
    found = repeat(tmp_path / "runs", stepped)
    assert found is not None
    assert (found.config, found.seed, found.recipe) == ({"train": {"max_steps": 60, "lr": 0.5}}, 4, "published")
    start_run(tmp_path / "runs", "fake", {"train": {}}, 0).finish()
    with pytest.raises(UserError, match="chose no number of steps"):
        repeat(tmp_path / "runs", stepped)
