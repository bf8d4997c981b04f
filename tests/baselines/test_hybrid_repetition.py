"""Hybrid repeats a run on all data with what it chose on dev: temperatures, and where each member stopped."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from baselines.hybrid import DECLARATION
from baselines.hybrid.baseline import LEARNT, HybridBaseline
from baselines.hybrid.corpus import Learnt
from baselines.hybrid.members import SCHEDULE, member_run
from baselines.hybrid.training_settings import TrainingSettings
from cmivqa_kit.data.span import Span
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import merge, settings
from cmivqa_kit.runs.directory import OUTCOME, RunDirectory, make_run, open_run
from cmivqa_kit.training.fit import repeat
from tests.baselines import corpora

MEMBERS = 'train.members=["tuned", "frozen"]'


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def begun(folder: Path, *overrides: str) -> RunDirectory:
    return replace(make_run(folder, "hybrid", settings(DECLARATION, "tiny", overrides), 0), device="cpu")


def trained(folder: Path, *chosen: tuple[int, int], tier: str = "trained", overrides: tuple[str, ...] = ()) -> Path:
    """A run as a training leaves it, without its networks; ``chosen``: each member's best step and its schedule."""
    run = begun(folder, MEMBERS, *overrides)
    run.write(LEARNT, asdict(Learnt(tier, 9, 60.0, 4.0, temperature=1.7, video_temperature=0.6)))
    for number, (best, whole) in enumerate(chosen, 1):
        member = member_run(run, number)
        member.write(OUTCOME, {"steps": whole, "best_step": best})
        member.write(SCHEDULE, {"steps": whole})
    run.finish()
    return folder


def test_what_was_chosen_on_dev_becomes_settings(tmp_path: Path) -> None:
    trained(tmp_path / "hybrid-1", (44, 77), (154, 154))
    repeated = repeat(tmp_path, DECLARATION)
    assert repeated is not None
    train, decode = repeated.config["train"], repeated.config["decode"]
    assert train["stop_after"] == [pytest.approx(44 / 77, abs=1e-6), 1.0]
    assert train["members"] == ["tuned", "frozen"]
    assert (decode["temperature"], decode["video_temperature"]) == (1.7, 0.6)
    assert repeated.config["model"]["tier"] == "trained"
    assert TrainingSettings.of(merge(repeated.config, DECLARATION, ())).train.stop_after == train["stop_after"]


def test_a_temperature_that_was_set_stays(tmp_path: Path) -> None:
    trained(tmp_path / "hybrid-1", (1, 2), (2, 2), overrides=("decode.temperature=3.0",))
    repeated = repeat(tmp_path, DECLARATION)
    assert repeated is not None
    assert repeated.config["decode"]["temperature"] == 3.0


@pytest.mark.parametrize("tier", ["lexical", "untrained"])
def test_a_tier_without_training_fits_its_temperatures_on_all_answers(tier: str, tmp_path: Path) -> None:
    trained(tmp_path / "hybrid-1", tier=tier)
    repeated = repeat(tmp_path, DECLARATION)
    assert repeated is not None
    assert repeated.config["model"]["tier"] == tier
    assert (repeated.config["decode"]["temperature"], repeated.config["train"]["stop_after"]) == (0.0, [])


@pytest.mark.parametrize(("best", "whole"), [(0, 9), (10, 9), ("3", 9), (3, None), (3, "9")])
def test_a_run_that_chose_nothing_on_dev_is_not_repeated(best: Any, whole: Any, tmp_path: Path) -> None:
    trained(tmp_path / "hybrid-1", (3, 9), (best, whole))
    with pytest.raises(UserError, match="members/2: chose no weights on dev"):
        repeat(tmp_path, DECLARATION)


@pytest.mark.parametrize("shares", ["[0.5]", "[0.5, 0.5, 0.5]", "[0.0, 1.0]", "[0.5, 1.5]", '["half", 1.0]'])
def test_shares_are_one_for_each_member(shares: str) -> None:
    with pytest.raises(UserError, match=r"train\.stop_after"):
        TrainingSettings.of(settings(DECLARATION, "tiny", (MEMBERS, f"train.stop_after={shares}")))


def test_members_stop_after_their_share(tmp_path: Path) -> None:
    split = asked(corpora.clinic(videos=4, sentences=8))
    overrides = ('train.members=["frozen"]', "train.frozen_epochs=6", "train.videos=2", "train.stop_after=[0.5]")
    run = begun(tmp_path / "run", *overrides)
    HybridBaseline().fit(split, None, run)
    run.finish()
    assert open_run(run.path).read_object(OUTCOME)["steps"] == 6
    assert run.read_object(SCHEDULE)["steps"] == 12


def asked(split: Split) -> Split:
    questions = [Question(v, "how is the tool used?", "English", v, Span(0.0, 25.0)) for v in split.videos]
    return replace(split, questions=tuple(questions))
