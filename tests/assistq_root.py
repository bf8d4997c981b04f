"""A small folder like AssistQ's: texts, pictures of buttons and seconds of video, made on the spot.

Every device has three buttons in one picture, each of a colour of its own; the right action of a step presses the
button whose number the question names.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.tiny_videos import make_video

BOXES = {"button1": (2, 2, 8, 8), "button2": (14, 2, 8, 8), "button10": (26, 2, 8, 8)}  # x, y, width, height
PICTURE = (40, 14)  # width and height
ORDER = list(BOXES)


def question(device: int, number: int, labelled: bool) -> dict[str, Any]:
    """A question of two steps."""
    chosen = [(device + number) % 3, (device + 2 * number + 1) % 3]
    record: dict[str, Any] = {
        "question": f"How to start program {number} by {ORDER[chosen[0]]} and {ORDER[chosen[1]]}?",
        "answers": [[f"Press <{name}>" for name in ORDER], [f"Hold <{name}> for long" for name in ORDER[::-1]]],
        "images": ["panel.png", "panel.png"],
    }
    if labelled:
        record["correct"] = [chosen[0] + 1, 3 - chosen[1]]
    return record


def make_device(folder: Path, device: int) -> None:
    """A video folder."""
    (folder / "images").mkdir(parents=True)
    make_video(folder / "video.mp4", seconds=2, rate=5, brightness=20 * device)
    (folder / "script.txt").write_text(
        f"0:00:00-0:00:01 This is device {device}. Look at it.\n0:00:01-0:00:02 Press a button\n", encoding="utf-8"
    )
    lines = [f"{name},{x},{y},{w},{h},panel.png,{PICTURE[0]},{PICTURE[1]}" for name, (x, y, w, h) in BOXES.items()]
    (folder / "buttons.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    pixels = np.full((PICTURE[1], PICTURE[0], 3), 90, np.uint8)
    for at, (x, y, w, h) in enumerate(BOXES.values()):
        pixels[y : y + h, x : x + w] = [(250, 20, 20), (20, 250, 20), (20, 20, 250)][at]
    Image.fromarray(pixels).save(folder / "images" / "panel.png")


def make_root(root: Path, train: int = 3, test: int = 1, questions: int = 2) -> Path:
    """A data root with a train and a test split, and LOVEU'23's questions about the training videos."""
    records: dict[str, dict[str, Any]] = {"train": {}, "test": {}, "new": {}}
    for device in range(train + test):
        split = "train" if device < train else "test"
        name = f"device{device}_a{device}b2c"
        make_device(root / split / name, device)
        records[split][name] = [question(device, number, True) for number in range(questions)]
        if split == "train":
            records["new"][name] = [question(device, 7, True)]
    for file, split in (("train.json", "train"), ("test_with_gt.json", "test"), ("test2023_with_gt.json", "new")):
        (root / file).write_text(json.dumps(records[split]), encoding="utf-8")
    return root
