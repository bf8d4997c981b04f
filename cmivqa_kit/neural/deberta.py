"""Faster attention for DeBERTa-v2 at inference, behind one switch (`accelerate_encoder`).

transformers computes DeBERTa's attention step by step: in every pass and layer it projects the table of relative
positions again, though the text has no part in it, repeats it for every row of the batch, gathers and transposes
matrices of L x L, and masks queries as well as keys. Here the projected tables are kept, already divided by the scale;
the two position terms are gathered where they are needed and go into torch's own attention as its bias. Weights, names
of modules and the state_dict stay as they are; only some functions of the modules are others while the switch is on.

What stands at padded positions differs from transformers; it is without meaning in both. Source: He et al., DeBERTa
(arXiv 2006.03654), section 3, and the behaviour of transformers 5.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from cmivqa_kit.errors import UserError

if TYPE_CHECKING:
    from transformers.models.deberta_v2.modeling_deberta_v2 import DebertaV2Model

log = logging.getLogger(__name__)
MODES = ("auto", "off", "cached", "fused")
_ABSENT = object()
_HOME = "transformers.models.deberta_v2.modeling_deberta_v2"  # seconds to import: only where there is such an encoder


@contextmanager
def accelerate_encoder(encoder: nn.Module, mode: str) -> Iterator[str]:
    """Inside, every DeBERTa-v2 in ``encoder`` attends by ``mode``; afterwards as before.

    Enter it with the weights loaded and on their device: what is kept belongs to the weights at that moment. In
    training mode, with gradients on, or asked for attentions, the encoder computes as transformers does.

    Args:
        encoder: a `DebertaV2Model` or a network that holds some.
        mode: "off": transformers as it is. "cached": the kit's own, on any device. "fused": the kernels of the package
            disentangled-flash (extra ``fast``; NVIDIA GPU). "auto": on a GPU "fused" where the package is installed and
            agrees with "cached" on a probe, else "cached"; other encoders are left alone.

    Yields:
        The mode in effect: "off", "cached" or "fused". An encoder of a configuration that cannot be accelerated is left
        alone under every mode, with the reason in the log.

    Raises:
        UserError: an unknown mode; "cached" or "fused" for an encoder that is no DeBERTa-v2; "fused" without the
            package, without a GPU, or where its results are others.
    """
    if mode not in MODES:
        raise UserError(f"decode.attention = {mode!r}: no such way", f"Give {', '.join(MODES)}.")
    debertas = _debertas(encoder)
    if not debertas and mode in ("cached", "fused"):
        raise UserError(
            f"decode.attention = {mode!r} is for DeBERTa-v2, and this encoder is {type(encoder).__name__}",
            'Give decode.attention = "auto" or "off".',
        )
    if mode == "off":
        debertas = []
    in_effect = "off"
    with ExitStack() as stack:
        for model in debertas:
            reason = unsupported(model)
            if reason is not None:
                log.warning("attention of DeBERTa-v2 left as it is: %s", reason)
                continue
            in_effect = stack.enter_context(_accelerated(model, mode))
        yield in_effect


def _debertas(encoder: nn.Module) -> list[DebertaV2Model]:
    home = sys.modules.get(_HOME)  # whoever made such an encoder has imported it
    return [] if home is None else [module for module in encoder.modules() if isinstance(module, home.DebertaV2Model)]


def unsupported(model: DebertaV2Model) -> str | None:
    """Why an encoder cannot be accelerated; ``None`` where it can."""
    from transformers.models.deberta_v2.modeling_deberta_v2 import DisentangledSelfAttention

    if model.z_steps > 1:
        return f"its last layer runs {model.z_steps} times (z_steps)"
    attentions = _attentions(model)
    if not attentions:
        return "it has no layers"
    for attention in attentions:
        if type(attention) is not DisentangledSelfAttention:
            return f"its attention is of another kind ({type(attention).__name__})"
        if attention.relative_attention:
            buckets, most = attention.position_buckets, attention.max_relative_positions
            if buckets > 0 and not 1 <= buckets // 2 < most - 1:
                return f"{buckets} buckets for distances up to {most} are not defined"
    return None


@contextmanager
def _accelerated(model: DebertaV2Model, mode: str) -> Iterator[str]:
    """One encoder, which can be accelerated, with the mode in effect."""
    from cmivqa_kit.neural import deberta_fused
    from cmivqa_kit.neural.deberta_cached import CachedAttention, Masks, Positions

    encoder: Any = model.encoder
    attentions = _attentions(model)
    table, positions = _table(encoder), Positions(attentions[0])
    cached = [CachedAttention(attention, table, positions) for attention in attentions]
    replacing: list[Any] = list(cached)
    in_effect = "cached"
    if mode == "fused" or (mode == "auto" and deberta_fused.worth_trying(model)):
        reason = deberta_fused.unusable(model, table, cached)
        if reason is None:
            replacing = [deberta_fused.FusedAttention(layer, model.config, table) for layer in cached]
            in_effect = "fused"
        elif mode == "fused":
            raise reason
        else:
            log.warning("attention kernels of disentangled-flash not used: %s", reason)
    with ExitStack() as stack:
        for attention, faster in zip(attentions, replacing, strict=True):
            stack.enter_context(_replaced(attention, "forward", faster.forward))
        masks = Masks(encoder)
        stack.enter_context(_replaced(encoder, "get_attention_mask", masks.get_attention_mask))
        stack.enter_context(_replaced(encoder, "get_rel_pos", masks.get_rel_pos))
        yield in_effect


def _attentions(model: Any) -> list[Any]:
    return [layer.attention.self for layer in model.encoder.layer]


def _table(encoder: Any) -> Tensor | None:
    """The embeddings of relative positions, normalised where the configuration says so."""
    with torch.no_grad(), torch.autocast(next(encoder.parameters()).device.type, enabled=False):
        table: Tensor | None = encoder.get_rel_embedding()
    return table


@contextmanager
def _replaced(module: nn.Module, name: str, function: Any) -> Iterator[None]:
    """Inside, ``module.name`` is another function; a hook that stood there before comes back."""
    before = module.__dict__.get(name, _ABSENT)
    setattr(module, name, function)
    try:
        yield
    finally:
        if before is _ABSENT:
            delattr(module, name)
        else:
            setattr(module, name, before)
