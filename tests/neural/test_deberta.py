"""Faster attention of DeBERTa-v2: the same numbers as transformers, everything as before afterwards."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import nullcontext
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from transformers import BertConfig, BertModel, DebertaV2Config, DebertaV2Model
from transformers.models.deberta_v2.modeling_deberta_v2 import DisentangledSelfAttention

from baselines.ccgs.model import GlobalSpanModel
from cmivqa_kit.errors import UserError
from cmivqa_kit.neural import deberta_cached, deberta_fused
from cmivqa_kit.neural.deberta import accelerate_encoder

EXACT = 1e-5  # float32
HALF = 6e-2  # bf16 beside bf16, on outputs of a LayerNorm: eight bits each, after three layers
PAD = 0


def encoder(**changed: Any) -> DebertaV2Model:
    """A small one with weights large enough that positions matter, in evaluation mode."""
    values: dict[str, Any] = {
        "vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48,
        "type_vocab_size": 0, "relative_attention": True, "position_buckets": 16, "max_position_embeddings": 40,
        "norm_rel_ebd": "layer_norm", "share_att_key": True, "pos_att_type": ["p2c", "c2p"],
        "position_biased_input": False, "conv_kernel_size": 3, "conv_act": "gelu", "pad_token_id": PAD,
    }  # fmt: skip
    torch.manual_seed(0)
    model = DebertaV2Model(DebertaV2Config(**{**values, **changed}))
    for weight in model.parameters():
        weight.data += torch.randn_like(weight) * (0.15 if weight.dim() > 1 else 0.1)
    return model.eval()


def batch(*lengths: int) -> tuple[Tensor, Tensor]:
    """Ids and mask of rows of these lengths, padded to the longest."""
    generator = torch.Generator().manual_seed(sum(lengths))
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()
    ids = torch.randint(1, 60, mask.shape, generator=generator)
    return torch.where(mask.bool(), ids, PAD), mask


def hidden(model: Any, ids: Tensor, mask: Tensor) -> Tensor:
    """The last hidden vectors of all tokens, (tokens, hidden)."""
    with torch.inference_mode():
        hidden: Tensor = model(input_ids=ids, attention_mask=mask).last_hidden_state[mask.bool()]
    return hidden


def differs(model: DebertaV2Model, ids: Tensor, mask: Tensor, mode: str = "cached") -> float:
    """The largest difference that a mode makes."""
    before = hidden(model, ids, mask)
    with accelerate_encoder(model, mode) as in_effect:
        assert in_effect == mode
        after = hidden(model, ids, mask)
    return float((before.float() - after.float()).abs().max())


def test_positions_matter_here() -> None:
    """What the following tests could not see otherwise."""
    for kinds in (["c2p"], ["p2c"]):
        model = encoder(pos_att_type=kinds)
        before = hidden(model, *batch(30, 12))
        model.encoder.rel_embeddings.weight.data = model.encoder.rel_embeddings.weight.flip(0)
        assert float((hidden(model, *batch(30, 12)) - before).abs().max()) > 0.05


@pytest.mark.parametrize("kinds", [["c2p"], ["p2c"], ["p2c", "c2p"], []])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("buckets", [16, -1])
@pytest.mark.parametrize("norm", ["layer_norm", "none"])
def test_same_numbers(kinds: list[str], shared: bool, buckets: int, norm: str) -> None:
    model = encoder(pos_att_type=kinds, share_att_key=shared, position_buckets=buckets, norm_rel_ebd=norm)
    for lengths in ((9, 5, 1), (90, 33, 64)):  # distances within the table, and beyond it
        assert differs(model, *batch(*lengths)) <= EXACT


@pytest.mark.parametrize(
    "changed",
    [
        {"relative_attention": False},
        {"conv_kernel_size": 0},
        {"position_biased_input": True, "max_position_embeddings": 96, "max_relative_positions": 24},
        {"type_vocab_size": 2, "embedding_size": 20},
        {"pos_att_type": "c2p|p2c", "hidden_act": "relu"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_same_numbers_of_other_configurations(changed: dict[str, Any]) -> None:
    assert differs(encoder(**changed), *batch(90, 33, 64)) <= EXACT


@settings(deadline=None, max_examples=15)
@given(
    st.lists(st.integers(1, 150), min_size=1, max_size=4),
    st.sampled_from((4, 6, 16, 30)),
    st.sampled_from((1, 2, 8)),
    st.integers(1, 4000),
)
def test_same_numbers_of_any_lengths(lengths: list[int], buckets: int, heads: int, cells: int) -> None:
    model = encoder(position_buckets=buckets, num_attention_heads=heads, num_hidden_layers=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deberta_cached, "CELLS", cells)  # several steps, as of long rows
        assert differs(model, *batch(*lengths)) <= EXACT


def test_lengths_in_any_order() -> None:
    model = encoder()
    rows = [batch(*lengths) for lengths in ((20, 7), (130, 140), (20, 7), (5,), (131, 2), (300,))]
    expected = [hidden(model, *one) for one in rows]
    with accelerate_encoder(model, "cached"):
        for one, wanted in zip(rows, expected, strict=True):
            torch.testing.assert_close(hidden(model, *one), wanted, rtol=0, atol=EXACT)


def test_half_precision() -> None:
    model, rows = encoder(), batch(90, 33, 64)
    exact = hidden(model, *rows)
    with torch.autocast("cpu", torch.bfloat16):
        before = hidden(model, *rows)
        with accelerate_encoder(model, "cached"):
            after = hidden(model, *rows)
    assert float((after - before).abs().max()) <= HALF
    assert float((after - exact).abs().mean()) <= 1.2 * float((before - exact).abs().mean())  # no less exact
    assert differs(encoder().to(torch.bfloat16), *rows) <= 2 * HALF  # everything in bf16, the sums of layers too


def test_a_row_without_tokens_gives_numbers() -> None:
    model, (ids, mask) = encoder(), batch(9, 5)
    mask[1] = 0
    with torch.inference_mode(), accelerate_encoder(model, "cached"):
        assert model(input_ids=ids, attention_mask=mask).last_hidden_state.isfinite().all()


def test_everything_is_as_before() -> None:
    model, rows = encoder(), batch(30, 12)
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    names, expected = [name for name, _ in model.named_modules()], hidden(model, *rows)
    with pytest.raises(KeyError), accelerate_encoder(model, "cached"):
        assert list(model.state_dict()) == list(weights)
        assert [name for name, _ in model.named_modules()] == names
        raise KeyError
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
    assert torch.equal(hidden(model, *rows), expected)
    replaced = {"forward", "get_attention_mask", "get_rel_pos"}
    assert not any(replaced & vars(module).keys() for module in model.modules())


def test_a_function_that_stood_there_comes_back() -> None:
    model, rows = encoder(), batch(30, 12)
    attention: Any = model.encoder.layer[0].attention.self
    mine = attention.forward
    attention.forward = mine
    with accelerate_encoder(model, "cached"), accelerate_encoder(model, "cached"):
        assert attention.forward is not mine
        hidden(model, *rows)
    assert vars(attention)["forward"] is mine


def test_positions_are_projected_once() -> None:
    model, calls = encoder(share_att_key=False), []
    for layer in model.encoder.layer:
        for name in ("pos_key_proj", "pos_query_proj"):
            module: nn.Module = getattr(layer.attention.self, name)
            module.register_forward_hook(lambda *_: calls.append(1))
    with accelerate_encoder(model, "cached"):
        assert len(calls) == 2 * 3
        for _ in range(3):
            hidden(model, *batch(30, 12))
        assert len(calls) == 2 * 3


@pytest.mark.parametrize("training", [True, False])
def test_gradients_are_those_of_transformers(training: bool) -> None:
    model, (ids, mask) = encoder(attention_probs_dropout_prob=0.2, hidden_dropout_prob=0.1), batch(30, 12)
    model.train(training)

    def gradients() -> list[Tensor]:
        model.zero_grad()
        torch.manual_seed(3)
        model(input_ids=ids, attention_mask=mask).last_hidden_state.square().sum().backward()
        return [weight.grad.clone() for weight in model.parameters() if weight.grad is not None]

    before = gradients()
    with accelerate_encoder(model, "cached"):
        after = gradients()
    assert len(before) == len(after) > 0
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_attentions_can_be_asked_for() -> None:
    model, (ids, mask) = encoder(), batch(12, 12)
    with torch.inference_mode():
        before = model(input_ids=ids, attention_mask=mask, output_attentions=True, output_hidden_states=True)
        with accelerate_encoder(model, "cached"):
            after = model(input_ids=ids, attention_mask=mask, output_attentions=True, output_hidden_states=True)
    for one, other in zip(
        before.attentions + before.hidden_states, after.attentions + after.hidden_states, strict=True
    ):
        torch.testing.assert_close(one, other, rtol=0, atol=EXACT)


def test_within_a_network() -> None:
    torch.manual_seed(0)
    network = GlobalSpanModel(encoder().config, inner_dim=8, dim=8, visual_dim=4).eval()
    ids, mask = batch(30, 12)
    types = torch.zeros_like(ids)
    types[:, [3, 7, 11]] = 1
    with torch.inference_mode():
        before = network(ids, mask, types)
        with accelerate_encoder(network, "auto") as in_effect:
            assert in_effect == "cached"
            after = network(ids, mask, types)
    torch.testing.assert_close(before, after, rtol=0, atol=1e-4)


def test_torch_compile_finds_one_graph() -> None:
    model, rows = encoder(num_hidden_layers=1), batch(30, 12)
    expected = hidden(model, *rows)
    torch.compiler.reset()
    with accelerate_encoder(model, "cached"):
        compiled: Any = torch.compile(model, backend="eager", fullgraph=True)  # fullgraph: a break raises
        torch.testing.assert_close(hidden(compiled, *rows), expected, rtol=0, atol=EXACT)
    torch.compiler.reset()


def bert() -> BertModel:
    return BertModel(
        BertConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    ).eval()


@pytest.mark.parametrize("mode", ["auto", "off"])
def test_other_encoders_are_left_alone(mode: str) -> None:
    model = bert()
    with accelerate_encoder(model, mode) as in_effect:
        assert in_effect == "off"
        assert not any("forward" in vars(module) for module in model.modules())


@pytest.mark.parametrize("mode", ["cached", "fused"])
def test_other_encoders_cannot_be_asked_to(mode: str) -> None:
    with pytest.raises(UserError, match="this encoder is BertModel"), accelerate_encoder(bert(), mode):
        pass


def test_unknown_mode() -> None:
    with pytest.raises(UserError, match="auto, off, cached, fused"), accelerate_encoder(encoder(), "quick"):
        pass


def test_off_changes_nothing() -> None:
    model = encoder()
    with accelerate_encoder(model, "off") as in_effect:
        assert in_effect == "off"
        assert not any("forward" in vars(module) for module in model.modules())


class OtherAttention(DisentangledSelfAttention):
    """Someone's own."""


def several_steps(model: Any) -> None:
    model.z_steps = 2


def other_attention(model: Any) -> None:
    model.encoder.layer[1].attention.self = OtherAttention(model.config).eval()


def too_few_distances(model: Any) -> None:
    for layer in model.encoder.layer:
        layer.attention.self.max_relative_positions = 9


@pytest.mark.parametrize(
    ("change", "reason"),
    [(several_steps, "z_steps"), (other_attention, "OtherAttention"), (too_few_distances, "16 buckets")],
)
@pytest.mark.parametrize("mode", ["auto", "cached"])
def test_what_cannot_be_accelerated_is_left_alone(
    change: Callable[[Any], None], reason: str, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    model = encoder()
    change(model)
    with caplog.at_level(logging.WARNING), accelerate_encoder(model, mode) as in_effect:
        assert in_effect == "off"
        assert not any("forward" in vars(module) for module in model.modules())
    assert reason in caplog.text


# The package's kernels need a GPU; here a stand-in with its interface shows what is made of its answers.


class StandIn(DisentangledSelfAttention):
    """The part of ``disentangled_flash.DisentangledFlashAttention`` that is used."""

    wrong = 0.0

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.table: Tensor | None = None

    def prepare_for_inference(self, rel_embeddings: Tensor | None) -> None:
        self.table = rel_embeddings

    def forward(self, hidden_states: Tensor, attention_mask: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        assert attention_mask.dim() == 2
        assert attention_mask.dtype == torch.bool
        assert hidden_states.dtype == self.query_proj.weight.dtype
        assert not torch.is_autocast_enabled(hidden_states.device.type)
        found = super().forward(hidden_states, attention_mask[:, None, None], rel_embeddings=self.table)[0]
        return found + self.wrong, None


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    """The stand-in, installed, on a machine whose CPU passes for a GPU."""
    module: Any = ModuleType(deberta_fused.PACKAGE)
    module.__spec__ = ModuleSpec(deberta_fused.PACKAGE, None)
    module.DisentangledFlashAttention = StandIn
    monkeypatch.setitem(sys.modules, deberta_fused.PACKAGE, module)
    monkeypatch.setattr(deberta_fused, "on_gpu", lambda _: True)
    return StandIn


WIDE: dict[str, Any] = {"hidden_size": 64, "num_attention_heads": 2}  # the kernels have heads of 32, 64 and 128


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_kernels_that_agree_are_used(package: type[StandIn], precision: torch.dtype) -> None:
    model, rows = encoder(**WIDE), batch(30, 12)
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    auto = torch.autocast("cpu", precision) if precision == torch.bfloat16 else nullcontext()
    with auto:
        before = hidden(model, *rows)
        random = torch.get_rng_state()
        with accelerate_encoder(model, "auto") as in_effect:
            assert in_effect == "fused"
            after = hidden(model, *rows)
    assert float((before - after).abs().max()) <= (EXACT if precision == torch.float32 else HALF)
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("wrong", [0.1, float("nan")])
def test_kernels_that_do_not_agree_are_not_used(
    package: type[StandIn], wrong: float, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(package, "wrong", wrong)
    model, rows = encoder(**WIDE), batch(30, 12)
    with accelerate_encoder(model, "auto") as in_effect:
        assert in_effect == "cached"
    assert "other results" in caplog.text
    with pytest.raises(UserError, match="other results"), accelerate_encoder(model, "fused"):
        pass
    assert differs(model, *rows) <= EXACT


def test_kernels_that_fail_are_not_used(package: type[StandIn], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise OSError("no compiler")

    monkeypatch.setattr(package, "prepare_for_inference", fails)
    with accelerate_encoder(encoder(**WIDE), "auto") as in_effect:
        assert in_effect == "cached"
    with pytest.raises(UserError, match="no compiler"), accelerate_encoder(encoder(**WIDE), "fused"):
        pass


@pytest.mark.usefixtures("package")
def test_kernels_lack_small_heads() -> None:
    with pytest.raises(UserError, match="heads of size 8"), accelerate_encoder(encoder(), "fused"):
        pass


@pytest.mark.usefixtures("package")
def test_long_rows_go_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    model, rows = encoder(**WIDE), batch(30, 12)
    monkeypatch.setattr(deberta_fused, "LONGEST", 1000)
    with accelerate_encoder(model, "fused"):
        monkeypatch.setattr(deberta_fused, "LONGEST", 29)
        monkeypatch.setattr(StandIn, "wrong", 5.0)  # it would be seen
        found = hidden(model, *rows)
    torch.testing.assert_close(found, hidden(model, *rows), rtol=0, atol=EXACT)


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deberta_fused, "on_gpu", lambda _: True)
    monkeypatch.setattr(deberta_fused, "find_spec", lambda _: None)
    with pytest.raises(UserError) as raised, accelerate_encoder(encoder(), "fused"):
        pass
    assert "pip install 'disentangled-flash>=1.1.1,<2'" in str(raised.value)
    with accelerate_encoder(encoder(), "auto") as in_effect:
        assert in_effect == "cached"


def test_without_a_gpu() -> None:
    with pytest.raises(UserError, match="needs an NVIDIA GPU"), accelerate_encoder(encoder(), "fused"):
        pass
