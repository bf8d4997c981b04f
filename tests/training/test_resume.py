"""Going on with a stopped training: as it was begun, on the features it was begun on, or it says why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cmivqa_kit.data.catalogue import Catalogue, catalogue
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.runs.dev_progress import DevProgress
from cmivqa_kit.training import loop
from cmivqa_kit.training.feature_fingerprints import ROWS, feature_fingerprints
from cmivqa_kit.training.fit import resume, train
from cmivqa_kit.training.fitted import Fitted
from cmivqa_kit.training.gradients import Gradients
from cmivqa_kit.training.learning_data import load_splits
from cmivqa_kit.training.stated_settings import StatedSettings
from tests.prediction.fake import install
from tests.submission.small import VIDEOS, put, records, root_2023
from tests.training.tiny_system import DECLARATION, WIDTH

pytestmark = pytest.mark.usefixtures("one_thread")
ROWS_OF_A_FILE = 71  # as many as the subtitles have seconds
STEPS = ("train.epochs=2", "train.save_every=2", "train.batch_size=1")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """A data root with features of all videos, and the tiny system installed."""
    install(monkeypatch, tmp_path, tiny="tests.training.tiny_system:DECLARATION")
    root = root_2023(tmp_path / "root")
    for name in ("train", "dev"):
        spans = [{**row, "start_second": 3.0 * n, "end_second": 3.0 * n + 9} for n, row in enumerate(records(name))]
        put(root / f"{name}.json", spans)
    folder = root / "video_feature"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for video in VIDEOS:
        np.save(folder / f"{video}.npy", generator.normal(size=(ROWS_OF_A_FILE, WIDTH)).astype(np.float32))
    return catalogue(root)


def begin(files: Catalogue, runs: Path, **options: Any) -> Fitted:
    return train(files, DECLARATION, settings(DECLARATION, None, STEPS), runs, seed=8, max_dropped=1.0, **options)


def stop(files: Catalogue, runs: Path, after: int) -> Path:
    """A run that was stopped after so many steps."""
    counted = [0]
    add = Gradients.add

    def interrupted(self: Gradients, *arguments: Any) -> float:
        counted[0] += 1
        if counted[0] > after:
            raise KeyboardInterrupt
        return add(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.Gradients, "add", interrupted)
        with pytest.raises(KeyboardInterrupt):
            begin(files, runs)
    return runs / "tiny-1"


def test_what_differs_is_named_all_at_once(files: Catalogue, tmp_path: Path) -> None:
    path = stop(files, tmp_path / "runs", 3)
    stated = StatedSettings("fake", "small", "published", 7, "dev", tmp_path / "else", ("train.lr=1",))
    with pytest.raises(UserError) as caught:
        resume(files, path, stated=stated)
    assert caught.value.code == 2
    assert caught.value.message == (
        "--resume goes on with the settings of the run; -m fake differs (tiny); --preset small differs (none); "
        "--recipe published differs (kit); --seed 7 differs (8); --split dev differs (train); "
        f"--run {tmp_path / 'else'} differs ({tmp_path / 'runs'}); --set train.lr=1 is for fake"
    )
    with pytest.raises(UserError, match=r"the run; --set train\.lr=1 differs \(0\.05\)\n"):
        resume(files, path, stated=StatedSettings(overrides=("train.epochs=2", "train.lr=1")))
    with pytest.raises(UserError, match=r"unknown setting 'nosuch\.key'"):
        resume(files, path, stated=StatedSettings(overrides=("nosuch.key=1",)))


def test_what_is_stated_as_it_was_begun_is_fine(files: Catalogue, tmp_path: Path) -> None:
    path = stop(files, tmp_path / "runs", 3)
    stated = StatedSettings("tiny", "", "kit", 8, "train", tmp_path / "runs", STEPS)
    assert resume(files, path, stated=stated).run.finished


@pytest.mark.parametrize(
    ("change", "state"),
    [("rows", "changed"), ("shape", "changed"), ("gone", "gone"), ("cut", "changed")],
)
def test_changed_features_are_noticed(files: Catalogue, tmp_path: Path, change: str, state: str) -> None:
    path = stop(files, tmp_path / "runs", 3)
    file = files.root / "video_feature" / f"{VIDEOS[1]}.npy"
    rows = np.load(file)
    if change == "gone":
        file.unlink()
    elif change == "cut":
        file.write_bytes(file.read_bytes()[:-8])
    else:
        np.save(file, rows + 1 if change == "rows" else rows[:-1])
    with pytest.raises(UserError, match=rf"1 of {len(VIDEOS)} differ: {VIDEOS[1]} \({state}\)") as caught:
        resume(catalogue(files.root), path)
    assert "Put the files back" in caught.value.fix


def test_new_features_are_noticed(files: Catalogue, tmp_path: Path) -> None:
    file = files.root / "video_feature" / f"{VIDEOS[1]}.npy"
    content = file.read_bytes()
    file.unlink()
    path = stop(catalogue(files.root), tmp_path / "runs", 3)
    file.write_bytes(content)
    with pytest.raises(UserError, match=rf"{VIDEOS[1]} \(new\)"):
        resume(catalogue(files.root), path)


def test_a_fingerprint_is_of_rows_all_over_the_file(tmp_path: Path) -> None:
    rows = np.arange(1000, dtype=np.float32).reshape(-1, 1)
    split = replace(load_splits(catalogue(root_2023(tmp_path / "root")), "train"), features=SplitFeatures([tmp_path]))
    prints = set()
    for at in (slice(0), 0, 999, slice(500, 500 + 1000 // ROWS + 2)):  # nothing, the first, the last, some between
        other = rows.copy()
        other[at] += 1
        np.save(tmp_path / f"{VIDEOS[0]}.npy", other)
        prints.add(feature_fingerprints(split, None)[VIDEOS[0]])
    assert len(prints) == 4
    (tmp_path / f"{VIDEOS[0]}.npy").write_bytes(b"no features")
    assert feature_fingerprints(split)[VIDEOS[0]].startswith("unreadable ")


def test_without_a_state_it_begins_again_and_says_so(
    files: Catalogue, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = stop(files, tmp_path / "runs", 1)
    done = resume(files, path)
    assert "no state was saved before it was stopped, so it starts again from the beginning" in caplog.text
    whole = begin(files, tmp_path / "others")
    for name in ("model.safetensors", "metrics.jsonl"):
        assert (done.run.path / name).read_bytes() == (whole.run.path / name).read_bytes()


def test_with_a_state_it_says_nothing(files: Catalogue, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    resume(files, stop(files, tmp_path / "runs", 3))
    assert "starts again" not in caplog.text


def test_too_many_examples_left_out_are_refused_where_it_is_asked_for(files: Catalogue, tmp_path: Path) -> None:
    path = stop(files, tmp_path / "runs", 3)
    assert resume(files, path, max_dropped=0.0).run.finished


def test_dev_evaluations_are_told_and_the_best_is_in_what_is_given_back(files: Catalogue, tmp_path: Path) -> None:
    answered: list[tuple[int, int]] = []
    evaluations: list[tuple[int, str, bool]] = []

    def told(step: int, metrics: Mapping[str, float], best: bool) -> None:
        evaluations.append((step, next(iter(metrics)), best))

    progress = DevProgress(lambda number, questions: answered.append((number, questions)), told)
    fitted = begin(files, tmp_path / "runs", dev_progress=progress)
    steps = fitted.outcome["steps"]
    assert [step for step, _, _ in evaluations] == [steps // 2, steps]
    assert evaluations[0][1:] == ("mIoU", True)
    best = max(step for step, _, better in evaluations if better)
    assert (fitted.outcome["metric"], fitted.outcome["best_step"]) == ("mIoU", best)
    assert answered[-1][0] == answered[-1][1] > 0


def test_the_count_is_of_what_was_used(files: Catalogue, tmp_path: Path) -> None:
    config = settings(DECLARATION, None, (*STEPS, "train.pairs=2"))
    fitted = train(files, DECLARATION, config, tmp_path / "runs", max_dropped=1.0)
    assert (fitted.examples, fitted.usable) == (2, len(VIDEOS) + 2)
    assert fitted.run.record()["data"]["used"] == 2
