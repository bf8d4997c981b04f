"""`features extract` without the decoding: pictures a second that a vision model encodes, by the size of its batches.

Run: python benchmarks/frames_encoded.py [--device cpu|cuda] [--batches 32 128] [--toy]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from transformers import ViTConfig, ViTModel

from cmivqa_kit.neural.vision_encoders import open_vision_encoder

PICTURE = (360, 640, 3)  # rows, columns, colours: what videos on the web have
ROUNDS = 3


def main() -> None:
    """Make a ViT with random weights, encode random pictures, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batches", type=int, nargs="*", default=[32, 128])
    parser.add_argument("--toy", action="store_true", help="a small model: tries the script")
    given = parser.parse_args()
    size = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "vit"
        ViTModel(ViTConfig(**(size if given.toy else {}))).save_pretrained(home)
        processor = {"image_processor_type": "ViTImageProcessor", "size": {"height": 224, "width": 224}}
        (home / "preprocessor_config.json").write_text(json.dumps(processor), encoding="utf-8")
        encoder = open_vision_encoder(str(home), torch.device(given.device))
        print("| pictures in a batch | prepared a second (CPU) | encoded a second | both |\n| --- | --- | --- | --- |")
        for batch in given.batches:
            pictures = list(np.random.default_rng(0).integers(0, 256, (batch, *PICTURE), np.uint8))
            pixels = encoder.transform(pictures)
            encoder.encode(pixels)  # the first call makes ready
            begin = time.perf_counter()
            for _ in range(ROUNDS):
                pixels = encoder.transform(pictures)
            between = time.perf_counter()
            for _ in range(ROUNDS):
                encoder.encode(pixels)  # comes back to the CPU: nothing is left running
            end = time.perf_counter()
            count = ROUNDS * batch
            speeds = count / (between - begin), count / (end - between), count / (end - begin)
            print(f"| {batch} | {speeds[0]:,.0f} | {speeds[1]:,.0f} | {speeds[2]:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
