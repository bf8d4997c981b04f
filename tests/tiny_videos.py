"""Small videos, a small vision model and a small text model, made on the spot; no two inputs look alike to them."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import torch
from transformers import BertConfig, BertModel, ViTConfig, ViTModel

SIZE = (48, 32)  # width and height of the videos


def make_turned_video(path: Path, degrees: int) -> Path:
    """A video of a second with a white stripe at its top, and the note that it is shown turned, counter-clockwise."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=2)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.set_display_rotation(degrees)
        pixels = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
        pixels[: SIZE[1] // 4] = 255
        for _ in range(2):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


def make_video(path: Path, seconds: int = 3, rate: int = 10, brightness: int = 20) -> Path:
    """A video whose second ``k`` has the brightness ``brightness + 40 * k``."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for number in range(seconds * rate):
            pixels = np.full((SIZE[1], SIZE[0], 3), (brightness + 40 * (number // rate)) % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


def make_vision_model(folder: Path, width: int = 16) -> Path:
    """A Vision Transformer with random weights and its processor."""
    config = ViTConfig(
        hidden_size=width, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=32,
        patch_size=16, initializer_range=0.5,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        ViTModel(config).save_pretrained(folder)
    processor = {
        "image_processor_type": "ViTImageProcessor", "do_normalize": True, "do_resize": True, "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3, "size": {"height": 32, "width": 32}, "resample": 2,
    }  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(processor), encoding="utf-8")
    return folder


def make_text_model(folder: Path, width: int = 16) -> Path:
    """A BERT with random weights and a vocabulary of letters, digits and marks."""
    marks = "abcdefghijklmnopqrstuvwxyz0123456789<>?.:"
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *marks, *(f"##{mark}" for mark in marks)]
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=width, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=64, initializer_range=0.5,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        BertModel(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    return folder
