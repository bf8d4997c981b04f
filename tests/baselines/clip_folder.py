"""A small CLIP in transformers' layout: tokenizer and weights."""

from __future__ import annotations

import json
from pathlib import Path

import torch

PRINTED = (range(33, 127), range(161, 173), range(174, 256))  # bytes that stand for themselves
MERGES = ("t h", "th e</w>", "d o", "do o", "doo r</w>", "o p", "op e", "ope n", "open s</w>", "p e", "pe r")


def write_tokenizer(folder: Path, merges: tuple[str, ...] = MERGES) -> list[str]:
    """``vocab.json`` and ``merges.txt``; the vocabulary in the order of ids."""
    folder.mkdir(parents=True, exist_ok=True)
    own = [number for numbers in PRINTED for number in numbers]
    characters = [chr(number) for number in own] + [chr(256 + number) for number in range(256 - len(own))]
    pieces = [*characters, *(f"{one}</w>" for one in characters), *(merge.replace(" ", "") for merge in merges)]
    pieces += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
    return pieces


def write_clip(folder: Path, width: int = 16, heads: int = 2) -> torch.nn.Module:
    """A whole folder; the model of transformers whose weights lie there."""
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    pieces = write_tokenizer(folder)
    config = CLIPTextConfig(
        vocab_size=len(pieces), hidden_size=width, intermediate_size=4 * width, projection_dim=12,
        num_hidden_layers=2, num_attention_heads=heads, max_position_embeddings=77, eos_token_id=len(pieces) - 1,
    )  # fmt: skip
    torch.manual_seed(4)
    model: torch.nn.Module = CLIPTextModelWithProjection(config).eval()
    model.save_pretrained(folder)  # type: ignore[operator]
    return model
