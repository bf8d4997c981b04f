"""The kernels of the package disentangled-flash (extra ``fast``) in place of DeBERTa's attention.

The package (Apache-2.0, by Delyan Boychev) computes scores, position terms, mask and softmax in one Triton kernel and
keeps no matrix of L x L. Its modules hold copies of a layer's projections, so the encoder's own weights stay untouched.
They want one precision throughout, while ours may run under autocast: here they are made for the precision that a pass
computes in, and autocast is off around them. **Not yet run on a GPU by us**: a probe therefore compares them with the
kit's own attention before they are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.deberta_cached import CachedAttention, at_inference

PACKAGE = "disentangled_flash"
INSTALL = "pip install 'disentangled-flash>=1.1.1,<2'"  # as the extra ``fast`` of pyproject.toml
INSTEAD = 'Give decode.attention = "auto" or "cached".'
HEAD_SIZES = (32, 64, 128)
LONGEST = 8192  # tokens; longer rows go the cached way
PROBES = ((96, 61), (700, 512))  # lengths of the two rows of a batch
TOLERANCE = {torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 4e-2}  # of the largest value


class FusedAttention:
    """`forward` of one layer by the package's kernel.

    Args:
        cached: the layer the kit's own way, for what the kernel does not do.
        config: the encoder's configuration.
        table: embeddings of relative positions as the layer gets them; ``None`` without.
    """

    def __init__(self, cached: CachedAttention, config: Any, table: Tensor | None) -> None:
        self.cached, self.config, self.table = cached, config, table
        self._made: dict[torch.dtype, nn.Module] = {}

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor,
        output_attentions: bool = False,
        query_states: Tensor | None = None,
        relative_pos: Tensor | None = None,
        rel_embeddings: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """As `DisentangledSelfAttention.forward`: (B, L, hidden) of the layer's input, and ``None``."""
        attention: nn.Module = self.cached.attention
        special = output_attentions or query_states is not None or relative_pos is not None
        per_key = attention_mask.dim() == 4 and attention_mask.shape[1:3] == (1, 1)
        usual = per_key and not special and at_inference(attention)
        if not usual or hidden_states.shape[1] > LONGEST:
            return self.cached.forward(
                hidden_states, attention_mask, output_attentions, query_states, relative_pos, rel_embeddings
            )
        kind = hidden_states.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else hidden_states.dtype
        with torch.autocast(kind, enabled=False):
            context, _ = self._module(dtype)(hidden_states.to(dtype), attention_mask[:, 0, 0].bool())
        return context, None

    def _module(self, dtype: torch.dtype) -> nn.Module:
        """The package's module with this layer's weights in a precision, made at first use."""
        if dtype not in self._made:
            attention: nn.Module = self.cached.attention
            with torch.inference_mode(False), torch.no_grad(), torch.random.fork_rng(devices=[]):  # random at first
                module: Any = import_module(PACKAGE).DisentangledFlashAttention(self.config)
                module.load_state_dict(attention.state_dict())
                module.to(device=next(attention.parameters()).device, dtype=dtype).eval().requires_grad_(False)
                module.prepare_for_inference(None if self.table is None else self.table.to(dtype))
            self._made[dtype] = module
        return self._made[dtype]


def worth_trying(model: nn.Module) -> bool:
    """True where "auto" should look further: a GPU, and the package installed."""
    return on_gpu(model) and find_spec(PACKAGE) is not None


def on_gpu(model: nn.Module) -> bool:
    """True for a network on an NVIDIA GPU."""
    return next(model.parameters()).device.type == "cuda" and torch.version.hip is None


def unusable(model: Any, table: Tensor | None, cached: Sequence[CachedAttention]) -> UserError | None:
    """Why the kernels cannot be used for an encoder; ``None`` where the first layer agrees with the kit's own way."""
    if not on_gpu(model):
        return UserError('decode.attention = "fused" needs an NVIDIA GPU, and the network is on none', INSTEAD)
    if find_spec(PACKAGE) is None:
        return UserError(
            'decode.attention = "fused" needs the package disentangled-flash, which is not installed',
            f"Install it: {INSTALL}. Or: {INSTEAD}",
        )
    first: Any = cached[0].attention
    if first.attention_head_size not in HEAD_SIZES:
        return UserError(f"the kernels have no heads of size {first.attention_head_size}", INSTEAD)
    if any(type(module) is not nn.Linear for layer in cached for module in _projections(layer.attention)):
        return UserError("the kernels need plain linear projections, and this encoder's are of another kind", INSTEAD)
    try:
        difference = _probe(FusedAttention(cached[0], model.config, table), cached[0])
    except Exception as error:  # of a compiler, a driver or the package: whatever it is, there is another way
        return UserError(f"the kernels cannot run here ({type(error).__name__}: {error})", INSTEAD)
    if difference is not None:
        return UserError(f"the kernels give other results than the kit's own attention: {difference}", INSTEAD)
    return None


def _projections(attention: Any) -> list[nn.Module]:
    return [module for name, module in attention.named_children() if name.endswith("_proj")]


def _probe(fused: FusedAttention, cached: CachedAttention) -> str | None:
    """The largest difference on random rows, with padding, where it is too large; else ``None``."""
    weight: Tensor = cached.attention.query_proj.weight
    kinds = {weight.dtype, torch.bfloat16} if weight.dtype == torch.float32 else {weight.dtype}
    generator = torch.Generator().manual_seed(0)
    for lengths in PROBES:
        hidden = torch.randn((2, max(lengths), weight.shape[1]), generator=generator).to(weight)
        mask = (torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]).to(weight.device)
        for dtype in sorted(kinds, key=str):
            auto = torch.autocast(weight.device.type, dtype=dtype, enabled=dtype != weight.dtype)
            with torch.inference_mode(), auto:
                ours = cached.forward(hidden, mask[:, None, None])[0][mask].float()
                theirs = fused.forward(hidden, mask[:, None, None])[0][mask].float()
            difference, largest = float((ours - theirs).abs().max()), float(ours.abs().max())
            if not difference <= TOLERANCE[dtype] * largest:
                return f"{difference:.2g} beside values up to {largest:.2g} ({dtype}, {max(lengths)} tokens)"
    return None
