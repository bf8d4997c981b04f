"""Parameter groups of CCGS; the optimizer and the schedule are tested with `cmivqa_kit.neural.optimizers`."""

from __future__ import annotations

from baselines.ccgs import optim
from baselines.ccgs.model import GlobalSpanModel
from tests.baselines.encoders import deberta


def test_the_embeddings_are_the_difference_between_the_recipes() -> None:
    model = GlobalSpanModel(deberta(30, 0), 8, 8, 4)
    published, kit = optim.parameter_names(model, "published")[0], optim.parameter_names(model, "kit")[0]
    assert {name.split(".")[1] for name in set(kit) - set(published)} == {"embeddings"}
    assert set(published) < set(kit)
    rates = [group["lr"] for group in optim.parameter_groups(model, "kit", 1e-5, 1e-4)]
    assert rates == [1e-5, 1e-4]
