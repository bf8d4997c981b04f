"""A planted collection in two languages: no word of the one stands in the other, and every video shows what is told.

Every clip is about a few of the words; its frames are the sum of their directions with noise, its captions say them in
English and, by a fixed map, in Chinese characters.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from cmivqa_kit.data.stores.bigfile import BigFileStore

WORDS = ("wash", "hand", "wound", "ice", "knee", "press", "chest", "bandage", "wrap", "arm", "water", "towel")
CHINESE = dict(zip(WORDS, "洗手伤冰膝按胸绷包臂水巾", strict=True))
WIDTH = 16
DIRECTIONS = np.random.default_rng(3).standard_normal((len(WORDS), WIDTH)).astype(np.float32)


def write_collection(root: Path, name: str = "vatex", counts: tuple[int, int, int] = (24, 6, 6)) -> Path:
    """Write captions and a BigFile of train, val and test clips below ``root``; the collection's folder."""
    draw = random.Random(5)
    texts = root / name / "TextData"
    texts.mkdir(parents=True)
    frames: dict[str, np.ndarray] = {}
    for split, clips in zip(("train", "val", "test"), counts, strict=True):
        lines: dict[str, list[str]] = {}
        for number in range(clips):
            clip = f"{split}{number:03}_000_010"
            chosen = draw.sample(range(len(WORDS)), 3)
            frames[clip] = _frames(chosen, draw)
            for caption in range(2):
                order = draw.sample(chosen, 3)
                english = " ".join(WORDS[at] for at in order)
                chinese = "".join(CHINESE[WORDS[at]] for at in order)
                for tag, text in (("enc", english), ("enc2zh", chinese), ("enc2zh2enc", english), ("zh", chinese),
                                  ("zh2enc", english), ("zhc2en", english)):  # fmt: skip
                    lines.setdefault(tag, []).append(f"{clip}#{tag}#{caption} {text}")
        for tag, file in _files(split).items():
            content = lines[tag] if tag in ("enc", "zh2enc") else list(reversed(lines[tag]))  # ids join them
            (texts / f"{name}{file}.caption.txt").write_text("\n".join(content) + "\n", encoding="utf-8")
    folder = root / name / "FeatureData" / "i3d_kinetics"
    folder.mkdir(parents=True)
    shapes = {clip: (rows.shape, rows.dtype) for clip, rows in frames.items()}
    with BigFileStore.writing(folder, shapes, None) as add:
        for clip, rows in frames.items():
            add(clip, rows)
    return root / name


def _files(split: str) -> dict[str, str]:
    if split == "train":
        return {"enc": "train", "enc2zh": "train_google_enc2zh", "enc2zh2enc": "train_google_enc2zh2enc",
                "zh": "train_zh", "zhc2en": "train_google_zhc2en"}  # fmt: skip
    return {"zh2enc": f"{split}_google_zh2enc", "zh": f"{split}_zh", "enc": split, "enc2zh": f"{split}_google_enc2zh"}


def write_halves(collection: Path) -> None:
    """Write the captions of clips that have one language each: English of the first half, Chinese of the others."""
    texts = collection / "TextData"
    for stem, begin in (("train", 0), ("train_zh", 1)):
        lines = (texts / f"{collection.name}{stem}.caption.txt").read_text(encoding="utf-8").splitlines()
        half = sorted(lines)[begin * len(lines) // 2 :][: len(lines) // 2]
        (texts / f"{collection.name}{stem}_half.caption.txt").write_text("\n".join(half) + "\n", encoding="utf-8")


def _frames(chosen: list[int], draw: random.Random) -> np.ndarray:
    noise = np.random.default_rng(draw.randrange(2**32)).standard_normal((draw.randrange(3, 9), WIDTH))
    return (DIRECTIONS[chosen].sum(axis=0) + 0.3 * noise).astype(np.float32)
