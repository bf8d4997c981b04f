"""Two processes that embed the same subtitles at once; a program that `test_subtitle_embedding` starts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from cmivqa_kit.data.types import Split, Video
from cmivqa_kit.neural.encoders import TINY, Encoder, open_encoder
from cmivqa_kit.neural.subtitle_embedding import Rows, SubtitleEmbedding
from cmivqa_kit.runs.processes import ALONE, Group, joined
from tests.baselines.corpora import split, video
from tests.hang import HANG

WORDS = ("take the gauze", "wash your hands", "洗手", "now", "wait")


def encoder() -> Encoder:
    """A small one that knows the words."""
    return open_encoder(TINY, WORDS, 1)


def corpus() -> Split:
    """Four videos that say something, and one that does not."""
    return split(
        [video("a", WORDS), video("b", WORDS[2:]), video("c", ["wait"]), Video("silent"), video("d", WORDS * 9)], []
    )


def launch(folder: Path) -> list[subprocess.CompletedProcess[str]]:
    """Both processes, in order of their rank, when they have ended."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.neural.embedding_together", str(folder)],
            cwd=Path(__file__).parents[2],
            env={**os.environ, **place, "RANK": str(rank), "LOCAL_RANK": str(rank), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    done = [process.communicate(timeout=HANG)[0] for process in started]
    return [
        subprocess.CompletedProcess("", process.returncode, text)
        for process, text in zip(started, done, strict=True)
    ]  # fmt: skip


def embed(folder: Path, group: Group) -> int:
    """Embed the corpus into a cache at ``folder``; the number of videos that this process embedded."""
    os.environ["CMIVQA_CACHE"] = str(folder)
    source, made = SubtitleEmbedding(encoder(), "a", torch.device("cpu"), group), []
    rows = source.rows_of_all

    def counted(videos: Sequence[Video]) -> Iterator[Rows]:
        made.extend(video.id for video in videos)
        return rows(videos)

    source.rows_of_all = counted  # type: ignore[method-assign]
    source.features(corpus())
    return len(made)


if __name__ == "__main__":
    torch.set_num_threads(1)
    place = Path(sys.argv[1])
    with joined("cpu") as both:
        embed(place / "apart", ALONE)
        count = embed(place / "shared", both)
        (place / f"rank-{both.rank}").write_text(str(count), encoding="utf-8")
