"""A small retrieval benchmark in VATEX's layout, and predictions for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

VIDEOS = tuple(f"clip{number:02}_000_010" for number in range(6))
CAPTIONS = tuple(f"{video}#zh#{number}" for video in VIDEOS for number in range(2))


def write_captions(root: Path) -> Path:
    """Write the caption files of a test split below ``root``; the folder of the texts."""
    folder = root / "vatex" / "TextData"
    folder.mkdir(parents=True)
    texts = "\n".join(f"{name} 一个人在洗手 {name}" for name in CAPTIONS)
    (folder / "vatextest_zh.caption.txt").write_text(texts + "\n", encoding="utf-8")
    turned = "\n".join(f"{name.replace('#zh#', '#zh2enc#')} a person" for name in reversed(CAPTIONS))
    (folder / "vatextest_google_zh2enc.caption.txt").write_text(turned + "\n", encoding="utf-8")
    return folder


def embeddings(seed: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """(6, 8) of the videos and (12, 8) of their captions."""
    videos = np.random.default_rng(0).standard_normal((len(VIDEOS), 8))
    return videos, np.repeat(videos, 2, axis=0) + noise * np.random.default_rng(seed).standard_normal((12, 8))


def write_embeddings(folder: Path, seed: int = 1, noise: float = 1.0, two: bool = True) -> Path:
    """Write embeddings with their ids, of both languages or of one; the folder."""
    folder.mkdir()
    videos, captions = embeddings(seed, noise)
    np.savez(folder / "videos.npz", embeddings=videos, ids=np.array(VIDEOS))
    for name in ("source", "translation") if two else ("captions",):
        np.savez(folder / f"{name}.npz", embeddings=captions, ids=np.array(CAPTIONS))
        captions = captions + 0.1
    return folder
