"""Learning rates that react to dev evaluations: the rule, what the loop does with it, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from cmivqa_kit.errors import UserError
from cmivqa_kit.runs.directory import make_run
from cmivqa_kit.training.loop import LoopSettings, Outcome, train_loop
from cmivqa_kit.training.reacting_rate import UNCHANGED, Plateau, Rate, ReactsToDev
from cmivqa_kit.training.requirements import require_settings_for
from cmivqa_kit.training.resume_state import Position, load_state, save_state
from tests.training.toy import Toy

NRCCR = Plateau(decay=0.99, cut=0.5, patience=2, restart=False)


class ReactingToy(Toy):
    """The toy with dev values that are given, a constant rate otherwise, and the rates of its steps."""

    def __init__(self, values: list[float], rule: Plateau = NRCCR) -> None:
        super().__init__(batches=2)
        self.values, self.rule = iter(values), rule
        self.rates: list[float] = []

    def multiplier(self, step: int) -> float:
        return 1.0

    def react(self, rate: Rate, better: bool) -> Rate:
        return self.rule(rate, better)

    def loss(self, model: nn.Module, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        self.rates.append(self.optimizer.param_groups[0]["lr"] / 0.01)
        return super().loss(model, batch)

    def evaluate(self, model: nn.Module) -> Mapping[str, float]:
        value = next(self.values, None)
        return {} if value is None else {"recalls": value}


def trained(folder: Path, toy: Toy, settings: LoopSettings) -> Outcome:
    return train_loop(toy, make_run(folder, "toy", {}, seed=3), settings)


@given(st.lists(st.booleans(), max_size=40))
def test_the_published_rule_of_nrccr(better: list[bool]) -> None:
    """As its program has it: a counter that an improvement leaves alone."""
    rate, counter, expected = UNCHANGED, 0, 1.0
    for improved in better:
        rate = NRCCR(rate, improved)
        counter += 1
        expected *= 0.99
        if not improved and counter > 2:
            expected *= 0.5
            counter = 0
        assert rate == Rate(expected, counter)


def test_by_default_a_new_best_begins_the_waiting_anew() -> None:
    rate, factors = UNCHANGED, []
    for better in (True, False, False, True, False, False, False, False):
        rate = Plateau()(rate, better)
        factors.append(rate.factor)
    assert factors == [1.0] * 6 + [0.5, 0.5]


def test_the_rates_of_the_steps_follow_the_evaluations(tmp_path: Path) -> None:
    toy = ReactingToy([0.5, 0.6, 0.6, 0.7, 0.1, 0.2])
    assert isinstance(toy, ReactsToDev) and not isinstance(Toy(), ReactsToDev)
    outcome = trained(tmp_path / "a", toy, LoopSettings(epochs=6, patience=3))
    assert (outcome.best, outcome.best_step, outcome.steps) == (0.7, 8, 12)
    epochs = [1.0, 0.99, 0.99**2, 0.99**3 * 0.5, 0.99**4 * 0.5, 0.99**5 * 0.5]  # the third is not better: cut
    assert toy.rates == pytest.approx([rate for rate in epochs for _ in range(2)], rel=1e-12)
    lines = [json.loads(line) for line in (tmp_path / "a" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["rate"] for line in lines] == pytest.approx(epochs, rel=1e-12)
    record = json.loads(next((tmp_path / "a").glob("state-*/state.json")).read_bytes())
    assert record["position"]["rate"] == {"factor": pytest.approx(0.99**6 * 0.25), "waited": 0}


def test_early_stopping_after_so_many_evaluations_without_a_new_best(tmp_path: Path) -> None:
    toy = ReactingToy([0.5, 0.4, 0.6, 0.6, 0.5, 0.1, 0.9])
    outcome = trained(tmp_path / "a", toy, LoopSettings(epochs=9, patience=3))
    assert (outcome.best, outcome.best_step, outcome.steps) == (0.6, 6, 12)


def test_without_dev_only_the_decay_happens(tmp_path: Path) -> None:
    toy = ReactingToy([])
    assert trained(tmp_path / "a", toy, LoopSettings(epochs=5)).best is None
    assert toy.rates[::2] == pytest.approx([0.99**epoch for epoch in range(5)])


def test_a_dev_value_that_is_no_number_is_never_the_best(tmp_path: Path) -> None:
    toy = ReactingToy([float("nan"), 0.2, float("nan"), 0.1])
    outcome = trained(tmp_path / "a", toy, LoopSettings(epochs=4))
    assert (outcome.best, outcome.best_step) == (0.2, 4)
    nothing = trained(tmp_path / "b", ReactingToy([float("nan")] * 2), LoopSettings(epochs=2))
    assert nothing.best is None
    assert (tmp_path / "b" / "model.safetensors").read_bytes() == (tmp_path / "b" / "last.safetensors").read_bytes()


def test_several_processes_need_a_recipe_of_several_batches() -> None:
    toy = ReactingToy([])
    require_settings_for(toy, LoopSettings(accumulation=2), 2)
    with pytest.raises(UserError, match="the learning rate, which follows the evaluations, would fall earlier") as two:
        require_settings_for(toy, LoopSettings(), 2)
    assert two.value.fix.startswith("Train in one process, without --gpus.")
    with pytest.raises(UserError, match="too few batches per optimizer step for 2 processes to share") as plain:
        require_settings_for(Toy(), LoopSettings(), 2)
    assert plain.value.fix == "Give --set train.accumulation=2, or a multiple of it."


@pytest.mark.parametrize("rate", [{"factor": "1"}, {"factor": 1.0, "waited": -1}, {"waited": True}, {"x": 1}, 3])
def test_a_damaged_rate_in_a_state_is_refused(tmp_path: Path, rate: object) -> None:
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    at = Position(step=1, rate=Rate(0.25, 2))
    save_state(tmp_path, model, optimizer, at)
    assert load_state(tmp_path, model, optimizer) == at
    path = tmp_path / "state-1" / "state.json"
    document = json.loads(path.read_bytes())
    del document["digests"]
    document["position"]["rate"] = rate
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UserError, match=r"state\.json: damaged"):
        load_state(tmp_path, model, optimizer)


def test_a_state_without_a_reacting_rate_is_written_as_before(tmp_path: Path) -> None:
    model = nn.Linear(2, 1)
    save_state(tmp_path, model, torch.optim.SGD(model.parameters(), lr=0.1), replace(Position(), step=1))
    document = json.loads((tmp_path / "state-1" / "state.json").read_bytes())
    assert sorted(document) == ["digests", "position", "scalars"]
    assert sorted(document["position"]) == ["best", "best_step", "epoch", "index", "loss", "metric", "stale", "step"]
