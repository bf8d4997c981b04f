"""Which source a training takes, that its run keeps it, and what is said where it cannot be had."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from baselines.ccgs import DECLARATION as CCGS
from baselines.mutualsl import DECLARATION as MUTUALSL
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Split, Video
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.neural.encoders import TINY, Encoder, open_encoder
from cmivqa_kit.neural.feature_sources import (
    AUTO,
    FILES,
    FeatureSettings,
    FeatureSource,
    source_for,
    source_of,
)
from cmivqa_kit.neural.stored_features import FeatureFiles
from cmivqa_kit.neural.subtitle_embedding import EMBEDDED, SubtitleEmbedding
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import Declaration
from cmivqa_kit.runs.directory import FEATURE_ENCODER, RunDirectory, make_run
from cmivqa_kit.training.resume_state import Position, save_state
from tests.neural.embedding_together import corpus, encoder
from tests.training.full_disk import files_of_at_most

pytestmark = pytest.mark.usefixtures("one_thread", "cache")


@pytest.fixture(scope="module")
def own() -> Encoder:
    return encoder()


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return make_run(tmp_path / "run", "mutualsl", {}, 3)


def with_files(folder: Path, data: Split) -> Split:
    """The split with a feature file of its first video."""
    folder.mkdir()
    np.save(folder / "a.npy", np.ones((4, 8), np.float32))
    return replace(data, features=SplitFeatures([folder]))


def asked(own: Encoder, run: RunDirectory, data: Split, name: str = AUTO, encoder: str = "") -> FeatureSource:
    return source_for(FeatureSettings(name, encoder), data, own, run)


def contents(source: FeatureSource, data: Split) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in source.features(data).files.items()}


def names(run: RunDirectory) -> set[str]:
    return {path.name for path in run.path.iterdir()}


def test_files_where_there_are_any(
    own: Encoder, run: RunDirectory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = with_files(tmp_path / "features", corpus())
    with caplog.at_level(logging.WARNING):
        for name, split in ((AUTO, data), (FILES, data), (FILES, corpus())):
            source = asked(own, run, split, name)
            assert isinstance(source, FeatureFiles)
            assert source.size is None and source.features(split) is split.features
    assert isinstance(source_of(run, "cpu"), FeatureFiles)
    assert names(run) == {"run.json"} and not caplog.records and not (tmp_path / "cache").exists()


def test_subtitles_where_there_are_none(
    own: Encoder, run: RunDirectory, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {name: value.clone() for name, value in own.model.state_dict().items()}
    own.model.train()
    with caplog.at_level(logging.WARNING):
        source = asked(own, run, corpus())
    assert [record.getMessage() for record in caplog.records] == [
        "no video of this split has features: its subtitles, embedded per second, stand in for them "
        "(features = subtitle-embedding)"
    ]
    assert source.size == 64
    assert list(source.features(corpus())) == ["a", "b", "c", "d"]
    assert names(run) == {"run.json", FEATURE_ENCODER}
    assert capsys.readouterr() == ("", "")  # no bar of somebody else's cuts through the output
    assert own.model.training  # the baseline's own network is left as it was
    assert all(torch.equal(before[name], value) for name, value in own.model.state_dict().items())


def test_files_are_left_aside_where_subtitles_are_asked_for(own: Encoder, run: RunDirectory, tmp_path: Path) -> None:
    data = with_files(tmp_path / "features", corpus())
    source = asked(own, run, data, EMBEDDED)
    assert source.size == 64 and list(source.features(data)) == ["a", "b", "c", "d"]


def test_the_run_gives_the_same_rows_elsewhere(
    own: Encoder, run: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = asked(own, run, corpus(), EMBEDDED)
    rows = contents(first, corpus())
    moved = replace(run, path=tmp_path / "elsewhere" / "a run")
    shutil.move(run.path, moved.path)
    again = source_of(moved, "cpu")
    assert isinstance(first, SubtitleEmbedding) and isinstance(again, SubtitleEmbedding)
    assert again.folder == first.folder  # what is kept serves every run with this encoder
    monkeypatch.setenv("CMIVQA_CACHE", str(tmp_path / "empty"))
    assert contents(source_of(moved, "cpu"), corpus()) == rows


def test_the_same_encoder_of_two_runs_shares_what_is_kept(own: Encoder, run: RunDirectory, tmp_path: Path) -> None:
    second = make_run(tmp_path / "second", "ccgs", {}, 3)
    folders = {
        source.folder
        for source in (asked(own, run, corpus()), asked(encoder(), second, corpus()))
        if isinstance(source, SubtitleEmbedding)
    }
    assert len(folders) == 1
    other = asked(open_encoder(TINY, ("take",), 2), make_run(tmp_path / "third", "ccgs", {}, 3), corpus())
    assert isinstance(other, SubtitleEmbedding) and other.folder not in folders


def test_an_encoder_of_its_own(own: Encoder, run: RunDirectory, tmp_path: Path) -> None:
    """By folder; ``tiny`` learns the words of the split, and so tells its lines apart."""
    other = open_encoder(TINY, ("wash your hands",), 9)
    other.model.save_pretrained(tmp_path / "encoder")
    other.tokenizer.save_pretrained(tmp_path / "encoder")
    named = asked(own, run, corpus(), EMBEDDED, str(tmp_path / "encoder"))
    expected = SubtitleEmbedding(other, "x", torch.device("cpu")).rows(corpus().videos["a"])
    assert isinstance(named, SubtitleEmbedding)
    np.testing.assert_array_equal(named.rows(corpus().videos["a"]), expected)
    tiny = asked(own, make_run(tmp_path / "second", "ccgs", {}, 3), corpus(), EMBEDDED, TINY)
    assert isinstance(tiny, SubtitleEmbedding)
    assert len(np.unique(tiny.rows(corpus().videos["a"]), axis=0)) == 5


def test_a_run_goes_on_with_the_source_it_was_begun_with(own: Encoder, run: RunDirectory, tmp_path: Path) -> None:
    data, plain = with_files(tmp_path / "features", corpus()), corpus()
    begun = contents(asked(own, run, plain), plain)
    other = open_encoder(TINY, ("take",), 2)
    assert contents(asked(other, run, data), data) == begun  # files came, and the baseline's encoder is another
    second = make_run(tmp_path / "second", "mutualsl", {}, 3)
    asked(own, second, data)
    network = torch.nn.Linear(1, 1)
    save_state(second.path, network, torch.optim.AdamW(network.parameters()), Position(step=1))
    assert isinstance(asked(own, second, plain), FeatureFiles)  # files went
    assert FEATURE_ENCODER not in names(second)


def test_what_a_kill_left_is_cleared_away(own: Encoder, run: RunDirectory) -> None:
    left = run.path / f".{FEATURE_ENCODER}.abc123"
    left.mkdir()
    (left / "model.safetensors").write_bytes(b"half")
    asked(own, run, corpus())
    assert names(run) == {"run.json", FEATURE_ENCODER}
    assert (run.path / FEATURE_ENCODER).stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("size", [10, 20_000])  # the configuration does not fit; the weights do not
def test_a_full_disk_leaves_no_half_encoder(own: Encoder, run: RunDirectory, size: int) -> None:
    with files_of_at_most(size), pytest.raises(RunFailed, match=rf"{FEATURE_ENCODER}: cannot be written.*[Ff]ile too"):
        asked(own, run, corpus())
    assert names(run) == {"run.json"}


DAMAGE: dict[str, Callable[[Path], object]] = {
    "weights cut off": lambda place: (place / "model.safetensors").write_bytes(b"\0" * 20),
    "no weights": lambda place: (place / "model.safetensors").unlink(),
    "no configuration": lambda place: (place / "config.json").unlink(),
    "half a configuration": lambda place: (place / "config.json").write_text('{"model_type": '),
    "half a tokenizer": lambda place: (place / "tokenizer.json").write_text("{"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_encoder_is_named(own: Encoder, run: RunDirectory, kind: str) -> None:
    asked(own, run, corpus())
    DAMAGE[kind](run.path / FEATURE_ENCODER)
    with pytest.raises(UserError, match=rf"{FEATURE_ENCODER}: the encoder of the run's features is damaged"):
        source_of(run, "cpu")


def test_what_cannot_be_is_said_plainly(own: Encoder, run: RunDirectory, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"features\.name: 'frames' must be \"auto\" or \"files\" or \"subtitle-emb"):
        FeatureSettings("frames")
    silent = replace(corpus(), videos={"v": Video("v", duration=9.0)})
    for name in (AUTO, EMBEDDED):
        with pytest.raises(UserError, match="no video has features, and none has subtitles that could be embedded"):
            asked(own, run, silent, name)
    assert names(run) == {"run.json"}
    asked(own, run, corpus())
    with pytest.raises(UserError, match="unknown device 'abacus'"):
        source_of(run, "abacus")


def test_an_encoder_is_looked_for_before_the_data(tmp_path: Path) -> None:
    for name in (AUTO, EMBEDDED):
        with pytest.raises(UserError, match="no such folder"):
            FeatureSettings(name, str(tmp_path / "nowhere")).prepare()
        FeatureSettings(name, TINY).prepare()
        FeatureSettings(name).prepare()
    FeatureSettings(FILES, str(tmp_path / "nowhere")).prepare()


@pytest.mark.parametrize("declaration", [CCGS, MUTUALSL], ids=lambda declaration: str(declaration.name))
def test_the_published_recipes_read_files(declaration: Declaration) -> None:
    assert settings(declaration)["features"] == {"name": AUTO, "encoder": ""}
    assert settings(declaration, recipe="published")["features"]["name"] == FILES
    assert settings(declaration, None, ["features=subtitle-embedding"])["features"]["name"] == EMBEDDED


def every(folder: Path, step: int, *dots: str) -> Split:
    """Three videos of other lengths than each other with a row every ``step`` seconds; ``dots``: spoilt files."""
    videos = {"a": 40, "b": 52, "c": 64}
    folder.mkdir()
    for name, seconds in videos.items():
        rows = np.ones((seconds // step, 8), np.float32)
        rows[0] = np.nan if name in dots else 1.0
        np.save(folder / f"{name}.npy", rows)
    ends = {name: seconds - 0.5 for name, seconds in videos.items()}
    return replace(corpus(), features=SplitFeatures([folder], ends))


def test_bad_files_are_named_at_once_before_anything_is_learnt(own: Encoder, run: RunDirectory, tmp_path: Path) -> None:
    data = every(tmp_path / "features", 1, "a", "c")
    with pytest.raises(UserError, match=r"(?s)2 of 3 feature files cannot be used.*a\.npy: 1 of 40.*c\.npy: 1 of 64"):
        asked(own, run, data).features(data)
    text = FeatureFiles(needed=False)  # a network that does not look at them
    assert text.features(data) is data.features


def test_rows_of_an_unsettled_length_are_refused_until_somebody_says_it(
    own: Encoder, run: RunDirectory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = every(tmp_path / "features", 2)
    with pytest.raises(UserError, match=r"(?s)3 of 3 videos have half as many rows.*give --seconds-per-row 2,"):
        asked(own, run, data).features(data)
    for stated, seconds in ((2.0, 2.0), (0.0, 2.0)):
        told = replace(data, features=SplitFeatures(data.features.folders, data.features.videos, stated))
        assert asked(own, run, told).features(told).seconds_per_row == seconds
    assert not caplog.records
    one = replace(data, features=SplitFeatures(data.features.folders, data.features.videos, 1.0))
    assert asked(own, run, one).features(one).seconds_per_row == 1
    assert "one row per second is stated, but 3 of 3 videos have half as many" in caplog.text


def test_a_run_takes_rows_as_long_as_those_it_learnt_from(own: Encoder, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", "mutualsl", {}, 3, data={"seconds_per_row": 2.0})
    alike, other = every(tmp_path / "alike", 2), every(tmp_path / "other", 1)
    for source in (source_of(run, "cpu"), asked(own, run, alike)):
        assert source.features(alike).seconds_per_row == 2
        with pytest.raises(UserError, match=r"(?s)one row per second\? The run takes one row per 2 s.*-per-row 2"):
            source.features(other)
        measured = replace(alike, features=SplitFeatures(alike.features.folders, alike.features.videos, 0.0))
        assert source.features(measured).seconds_per_row == 2
    old = make_run(tmp_path / "old", "mutualsl", {}, 3)  # says nothing: rows were seconds
    assert source_of(old, "cpu").features(other).seconds_per_row == 1
    with pytest.raises(UserError, match="The run takes one row per second"):
        source_of(old, "cpu").features(alike)


def test_files_that_no_video_is_known_of_are_not_passed_over(own: Encoder, run: RunDirectory, tmp_path: Path) -> None:
    """Not even where subtitles could stand in: the user gave files."""
    data = every(tmp_path / "features", 1)
    named = replace(data, features=SplitFeatures(data.features.folders, {"other": None}))
    source = asked(own, run, named)
    assert isinstance(source, FeatureFiles)
    with pytest.raises(UserError, match=r"(?s)3 files, none named as a video; e\.g\. a\.npy.*features=subtitle-embedd"):
        source.features(named)
