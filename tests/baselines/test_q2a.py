"""Q2A: learning planted choices, the schedule, what the step before hands on, the initial state, converted files."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from baselines.q2a import DECLARATION
from baselines.q2a.checkpoint import convert
from baselines.q2a.examples import Example
from baselines.q2a.initial_state import first_gpu_normals
from baselines.q2a.model import BEST, LABEL, NEVER, Sample, Step
from baselines.q2a.network import Network
from baselines.q2a.settings import Settings, TrainSettings
from baselines.q2a.task import Q2ATask, rate, steps_loss
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.networks import load_network
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.plugin.types import CheckpointReport, CheckpointRequest
from cmivqa_kit.runs.directory import RunDirectory, make_run

DIM = 8


def planted(count: int, sentences: int = 3) -> list[Example]:
    """Questions of two steps whose right candidate has the question's first numbers in its button."""
    generator = torch.Generator().manual_seed(1)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator) * 3

    examples = []
    for number in range(count):
        labels = torch.tensor([number % 3, (number + 1) % 2])
        steps = []
        for label, candidates in zip(labels.tolist(), (3, 2), strict=True):
            buttons = drawn(candidates, 1, DIM)
            buttons[:, 0, 0] = -6.0
            buttons[label, 0, 0] = 6.0
            steps.append(Step(drawn(candidates, DIM), buttons))
        sample = Sample(drawn(4, DIM), drawn(sentences, DIM), drawn(1, DIM), tuple(steps), labels)
        examples.append(Example(f"device{number % 2}", f"Q{number}", sample))
    return examples


def train_settings(**changed: object) -> TrainSettings:
    table = settings(DECLARATION, "tiny")
    return Settings.of({**table, "train": {**table["train"], **changed}}).train


@pytest.mark.parametrize("variant", ["baseline", "context_ground"])
@pytest.mark.parametrize("head", ["gru", "mlp"])
def test_learns_which_button_is_right(variant: str, head: str) -> None:
    torch.manual_seed(0)
    model = Network(variant=variant, dim=DIM, dim_state=8, num_heads=2, history_arch=head).build()
    examples = planted(8)
    task = Q2ATask(model, examples, train_settings(lr=0.05), 0, lambda _: {})
    samples = [example.sample for example in examples]
    before = steps_loss(model, samples, LABEL).item()
    for step in range(60):
        loss = task.loss(model, task.batch(step, 0))
        task.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        task.optimizer.step()
    share = 0.5 if variant == "baseline" else 1.0  # the deeper one needs hundreds of steps
    assert steps_loss(model, samples, LABEL).item() < share * before


def test_rates_of_the_epochs() -> None:
    """docs/spec/q2a.md, section 4."""
    wanted = [0.1, 1.0, 0.9045085, 0.6545085, 0.3454915, 0.0954915]
    assert [rate(epoch, 1, 6) for epoch in range(6)] == pytest.approx(wanted)
    assert [rate(epoch, 3, 9) for epoch in range(4)] == pytest.approx([0.1, 0.55, 1.0, 1.0])


def test_the_rate_changes_with_the_epoch_alone() -> None:
    model = Network(dim=DIM, dim_state=8).build()
    task = Q2ATask(model, planted(9), train_settings(batch=4, epochs=6), 0, lambda _: {})
    assert task.batches(0) == 3
    assert [task.multiplier(step) for step in range(7)] == [rate(0, 1, 6)] * 3 + [rate(1, 1, 6)] * 3 + [rate(2, 1, 6)]
    assert sorted(number for batch in task.numbers(0) for number in batch) == list(range(9))
    assert task.numbers(0) != task.numbers(1)
    assert task.numbers(0) == Q2ATask(model, planted(9), train_settings(batch=4), 0, lambda _: {}).numbers(0)


def test_the_last_batch_is_left_out_as_published() -> None:
    model = Network(dim=DIM, dim_state=8).build()
    assert Q2ATask(model, planted(9), train_settings(batch=4, drop_last=True), 0, lambda _: {}).batches(0) == 2
    with pytest.raises(UserError, match="3 questions are less than a batch"):
        Q2ATask(model, planted(3), train_settings(batch=4, drop_last=True), 0, lambda _: {})


@torch.no_grad()
def test_what_a_step_hands_on() -> None:
    torch.manual_seed(0)
    (sample, *_) = (example.sample for example in planted(1))
    model = Network(dim=DIM, dim_state=8).build()
    best = model(sample, BEST)
    same = sample._replace(labels=torch.stack([best[0].argmax(), best[1].argmax()]))
    other = sample._replace(labels=torch.tensor([(int(best[0].argmax()) + 1) % 3, 0]))
    assert torch.equal(best[1], model(same, LABEL)[1])
    assert not torch.equal(best[1], model(other, LABEL)[1])
    assert not torch.equal(best[1], model(sample, NEVER)[1])
    assert torch.equal(model(sample, NEVER)[1], model(sample._replace(steps=sample.steps[1:]), NEVER)[0])


@torch.no_grad()
def test_context_ground_forgets_unless_it_is_mended() -> None:
    (sample, *_) = (example.sample for example in planted(1))
    for mended in (False, True):
        torch.manual_seed(0)
        model = Network(variant="context_ground", dim=DIM, dim_state=8, fix_history=mended).build()
        assert torch.equal(model(sample, BEST)[1], model(sample, NEVER)[1]) is not mended


@torch.no_grad()
def test_a_script_of_one_sentence() -> None:
    model = Network(dim=DIM, dim_state=8, carry="hidden").build()
    assert [len(logits) for logits in model(planted(1, sentences=1)[0].sample)] == [3, 2]


@pytest.mark.parametrize(
    ("sizes", "said"),
    [({"num_heads": 3}, "cannot share out 8 channels"),
     ({"variant": "context_ground", "num_masks": 2}, "takes one image of a button"),
     ({"carry": "hidden", "history_arch": "mlp"}, "only the GRU has a hidden state")],
)  # fmt: skip
def test_sizes_that_do_not_fit(sizes: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Network.of({"dim": DIM, "dim_state": 8, **sizes}, "x").build()


def converted(
    folder: Path, content: object, sizes: dict[str, object] | None = None
) -> tuple[RunDirectory, CheckpointReport]:
    path = folder / "epoch=5-step=155.ckpt"
    torch.save(content, path)
    run = make_run(folder / "run", "q2a", settings(DECLARATION, recipe="published"), 0, "published")
    return run, convert(CheckpointRequest((path,), sizes), run)


@pytest.mark.parametrize("variant", ["baseline", "context_ground"])
def test_a_lightning_file_tells_its_sizes_and_its_state_is_drawn_again(tmp_path: Path, variant: str) -> None:
    network = Network(variant=variant, dim=12, dim_state=10, num_heads=3 if variant != "baseline" else 1)
    torch.manual_seed(0)
    model = network.build()
    weights = {f"model.{name}": value for name, value in model.state_dict().items() if name != "state"}
    run, report = converted(tmp_path, {"epoch": 5, "state_dict": weights})
    assert (report.variant, report.missing, report.ignored) == (variant, (), ())
    assert any("initial state" in remark for remark in report.remarks)
    loaded = load_network(run, Network)
    assert loaded.network == network
    assert all(torch.equal(value, loaded.model.state_dict()[name]) for name, value in model.state_dict().items())


def test_another_initial_state_is_given(tmp_path: Path) -> None:
    weights = {f"model.{name}": value for name, value in Network(dim=4, dim_state=2).build().state_dict().items()}
    weights.pop("model.state")
    run, _ = converted(tmp_path, {"state_dict": weights}, {"STATE": [0.5, -0.25]})
    assert load_network(run, Network).model.state.tolist() == [0.5, -0.25]
    for number, wrong in enumerate(([0.5], "no", [0.5, None])):
        (tmp_path / str(number)).mkdir()
        with pytest.raises(UserError, match="not a list of 2 numbers"):
            converted(tmp_path / str(number), {"state_dict": weights}, {"state": wrong})


def test_another_systems_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="it is no Q2A checkpoint"):
        converted(tmp_path, {"state_dict": {"model.x": torch.zeros(2)}})


def test_first_numbers_of_a_gpu() -> None:
    """docs/spec/q2a.md, section 3.6."""
    assert first_gpu_normals(0, 4).tolist() == pytest.approx([-0.924663, -0.425344, -2.643846, 0.145184], abs=1e-6)
    assert not torch.equal(first_gpu_normals(2**40, 4), first_gpu_normals(0, 4))
