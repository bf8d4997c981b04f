"""Embedding subtitles: lines sorted over 32 videos beside lines batched per video, and what a dry run takes of it.

Videos of the demo generator, an encoder of random weights (BERT, 4 layers x 256), processor time on one thread. A dry
run embedded the corpus before; now it measures some lines and says how long all will take.
Run: python benchmarks/embedding.py [--videos N]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import torch
from pairs import make_tokenizer, make_videos
from transformers import AutoModel, BertConfig

from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Split, Video
from cmivqa_kit.neural.encoders import Encoder
from cmivqa_kit.neural.planned_embedding import PlannedEmbedding
from cmivqa_kit.neural.subtitle_embedding import TOKENS, Ints, Rows, SubtitleEmbedding

SCRIPTS = (3, 3, 2, 3)  # of the demo generator in one video: 83 lines


class PerVideo(SubtitleEmbedding):
    """The way before: each video by itself, its lines by length, each batch padded to its longest."""

    def rows_of_all(self, videos: Sequence[Video]) -> Iterator[Rows]:
        """Video by video."""
        for video in videos:
            yield from super().rows_of_all([video])

    def batches(self, sizes: Sequence[int]) -> Iterator[Ints]:
        """The longest first."""
        order = np.argsort(-np.array(sizes), kind="stable")
        while len(order):
            some, order = np.split(order, [max(1, TOKENS // sizes[order[0]])])
            yield some

    def padded(self, size: int) -> int:
        """No more than the longest."""
        return size


def main(videos: int) -> None:
    """Measure and print two tables."""
    torch.set_num_threads(1)
    tokenizer = make_tokenizer()
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=256, num_hidden_layers=4, num_attention_heads=4, intermediate_size=1024
    )
    torch.manual_seed(0)
    encoder = Encoder(model=AutoModel.from_config(config), tokenizer=tokenizer, config=config)
    different = (_different(video, number) for number, video in enumerate(make_videos(videos, SCRIPTS)))
    split = Split("train", (), MappingProxyType({video.id: video for video in different}), SplitFeatures())
    print("| batches | processor, s | ratio | padding | largest difference |\n| --- | --- | --- | --- | --- |")
    spent, made = {}, {}
    for name, kind in (("per video", PerVideo), ("sorted over 32 videos", SubtitleEmbedding)):
        with tempfile.TemporaryDirectory() as cache:
            os.environ["CMIVQA_CACHE"] = cache
            source = kind(encoder, "a", torch.device("cpu"))
            source.rows(next(iter(split.videos.values())))  # warms up
            share = _count(source)
            begin, clock = time.process_time(), time.perf_counter()
            store = source.features(split)
            spent[name], clock = time.process_time() - begin, time.perf_counter() - clock
            made[name] = [np.array(store.get(video)) for video in split.videos]
        ratio = spent["per video"] / spent[name]
        difference = max(np.abs(a - b).max() for a, b in zip(made["per video"], made[name], strict=True))
        padding = 1 - share[0] / share[1]
        print(f"| {name} | {spent[name]:.1f} | {ratio:.2f} | {padding:.0%} | {difference:.1e} |", flush=True)
    print(
        "\n| dry run | processor, s | embedding as it says, s by the clock | and as it was |\n| --- | --- | --- | --- |"
    )
    print(f"| embeds the corpus (before) | {spent['per video']:.1f} | | |")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["CMIVQA_CACHE"] = cache
        begin = time.process_time()
        planned = PlannedEmbedding(SubtitleEmbedding(encoder, "a", torch.device("cpu")))
        planned.features(split)
        seconds = planned.seconds()
        print(f"| measures some lines | {time.process_time() - begin:.1f} | {seconds:.1f} | {clock:.1f} |")


def _different(video: Video, number: int) -> Video:
    """The video with lines that no other one says: the generator repeats itself, and equal lines are embedded once."""
    lines = (replace(line, text=line.text + chr(0x4E00 + number * 150 + at)) for at, line in enumerate(video.subtitles))
    return replace(video, subtitles=tuple(lines))


def _count(source: SubtitleEmbedding) -> list[int]:
    """Tokens and padded tokens of all batches that follow."""
    share, sums = [0, 0], source.sums

    def counted(rows: Sequence[tuple[int, ...]]) -> Rows:
        share[0] += sum(map(len, rows))
        share[1] += len(rows) * source.padded(max(map(len, rows)))
        return sums(rows)

    source.sums = counted
    return share


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=96)
    main(parser.parse_args().videos)
