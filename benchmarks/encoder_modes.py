"""DeBERTa-v2 at inference, tokens a second: transformers as it is, the kit's attention, fused kernels, torch.compile.

Random weights of a named shape, batches of rows between 0.9 L and L tokens, every way on the same batch, best of some
rounds taken in turn. On a CPU by processor time and in float32, on a GPU by the clock and in bf16 (autocast).
Run: python benchmarks/encoder_modes.py [LENGTH ...] [--device cpu|cuda] [--rounds N] [--compile]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor
from transformers import DebertaV2Config, DebertaV2Model

from cmivqa_kit.errors import UserError
from cmivqa_kit.neural.deberta import accelerate_encoder

LENGTHS = (256, 512, 1000)
SHAPES = {"cpu": (4, 256, 4), "cuda": (24, 1024, 16)}  # layers, hidden size, heads
TOKENS = {"cpu": 4096, "cuda": 65536}  # of a batch
VOCABULARY = 12_800


def main(lengths: Sequence[int], device: str, rounds: int, compiled: bool) -> None:
    """Measure and print a table."""
    layers, hidden, heads = SHAPES[device]
    torch.manual_seed(0)
    encoder = DebertaV2Model(config(layers, hidden, heads)).eval().to(device)
    precision = "bf16" if device == "cuda" else "float32"
    shape = f"{layers} x {hidden}, {heads} heads, {precision}, batches of {TOKENS[device]} tokens"
    print(f"{shape}, torch {torch.__version__}\n")
    ways = ways_here(encoder, compiled)
    print("| tokens a row | way | tokens/s | ratio to off | largest difference |\n| --- | --- | --- | --- | --- |")
    for length in lengths:
        ids, mask = batch(max(1, TOKENS[device] // length), length, device)
        found = measured(encoder, ways, ids, mask, rounds)
        reference, base = found["off"]
        for way, (output, took) in found.items():
            difference = float((output - reference)[mask.bool()].abs().max())
            rate = int(mask.sum()) / took
            print(f"| {length} | {way} | {rate:,.0f} | {base / took:.2f} | {difference:.1e} |", flush=True)


def config(layers: int, hidden: int, heads: int) -> Any:
    """The published kind of encoder (docs/spec/ccgs.md, section 3.2) in another size."""
    return DebertaV2Config(
        vocab_size=VOCABULARY, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=4 * hidden, type_vocab_size=0, relative_attention=True, position_buckets=256,
        norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type=["p2c", "c2p"], position_biased_input=False,
        conv_kernel_size=3, conv_act="gelu", layer_norm_eps=1e-7,
    )  # fmt: skip


def batch(rows: int, length: int, device: str) -> tuple[Tensor, Tensor]:
    """Token ids and mask, (rows, length), of rows between 0.9 and 1 times ``length``, as sorting by length leaves."""
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(5, VOCABULARY, (rows, length), generator=generator)
    sizes = torch.randint(int(0.9 * length), length + 1, (rows,), generator=generator)
    sizes[0] = length
    mask = (torch.arange(length) < sizes[:, None]).long()
    return (ids * mask).to(device), mask.to(device)


def measured(
    encoder: DebertaV2Model, ways: dict[str, bool], ids: Tensor, mask: Tensor, rounds: int
) -> dict[str, tuple[Tensor, float]]:
    """Per way (name: compiled or not): its output and its seconds, the best of ``rounds``; ways take turns."""
    outputs, best = {}, {way: float("inf") for way in ways}
    with ExitStack() as stack:
        models: dict[str, Any] = {}
        for way, compiled in ways.items():
            model = deepcopy(encoder)
            stack.enter_context(accelerate_encoder(model, way.split(",")[0]))
            models[way] = torch.compile(model) if compiled else model
            outputs[way] = once(models[way], ids, mask)  # without the clock: compilation, kernels, buffers
        for _ in range(rounds):
            for way, model in models.items():
                took = seconds(lambda model=model: once(model, ids, mask), ids.device.type)  # type: ignore[misc]
                best[way] = min(best[way], took)
    return {way: (outputs[way], best[way]) for way in ways}


def ways_here(encoder: DebertaV2Model, compiled: bool) -> dict[str, bool]:
    """The ways that can be had on this machine; says why the fused kernels cannot."""
    ways = {"off": False, "cached": False}
    try:
        with accelerate_encoder(encoder, "fused"):
            ways["fused"] = False
    except UserError as error:
        print(f"Without fused kernels: {error.message}\n")
    return {**ways, "off, torch.compile": True, "cached, torch.compile": True} if compiled else ways


def once(model: Any, ids: Tensor, mask: Tensor) -> Tensor:
    """One pass: the last hidden vectors in float32."""
    kind = ids.device.type
    auto: AbstractContextManager[Any] = torch.autocast("cuda", torch.bfloat16) if kind == "cuda" else nullcontext()
    with torch.inference_mode(), auto:
        hidden: Tensor = model(input_ids=ids, attention_mask=mask).last_hidden_state
    return hidden.float()


def seconds(work: Callable[[], Any], kind: str) -> float:
    """Of one call: of all processors on a CPU, by the clock on a GPU."""
    if kind == "cpu":
        begin = time.process_time()
        work()
        return time.process_time() - begin
    torch.cuda.synchronize()
    begin = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - begin


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lengths", type=int, nargs="*", default=LENGTHS, help="tokens a row")
    parser.add_argument("--device", choices=sorted(SHAPES), default="cpu")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compile", action="store_true", help="measure torch.compile too, with and without the kit")
    chosen = parser.parse_args()
    main(chosen.lengths, chosen.device, chosen.rounds, chosen.compile)
