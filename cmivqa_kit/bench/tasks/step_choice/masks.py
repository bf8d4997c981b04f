"""Pictures of single buttons: the user's view with all other buttons blacked out, or that button alone.

Source: docs/spec/q2a.md, section 2.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.bench.tasks.step_choice.buttons import Box

ONLY, WITHOUT, BOTH = -1, 1, 2  # "maskings", numbered as published
MASKINGS = (ONLY, WITHOUT, BOTH)
Picture = NDArray[Any]  # (rows, columns, 3)


def button_pictures(
    picture: Picture, boxes: Sequence[Box], groups: Sequence[Sequence[int]], masking: int, published: bool
) -> list[tuple[Picture, ...]]:
    """The pictures of each button, and then of each group of buttons.

    Args:
        picture: what the user sees.
        boxes: of its buttons.
        groups: numbers of buttons that are shown together.
        masking: `ONLY` shows the button alone, of the others nothing; `WITHOUT` blacks it out; `BOTH` has both, the
            picture without it first.
        published: pictures are not begun anew, so that a button's shows (or lacks) those before it too.

    Returns:
        One picture for each, two for `BOTH`.
    """
    hidden = picture.copy()
    for box in boxes:
        _inside(hidden, box)[...] = 0
    without, only = picture.copy(), hidden.copy()
    pictures = []
    for number, group in enumerate([[at] for at in range(len(boxes))] + [list(group) for group in groups]):
        if not published or number >= len(boxes):
            without, only = picture.copy(), hidden.copy()
        for at in group:
            _inside(without, boxes[at])[...] = 0
            _inside(only, boxes[at])[...] = _inside(picture, boxes[at])
        made = {ONLY: (only,), WITHOUT: (without,), BOTH: (without, only)}[masking]
        pictures.append(tuple(one.copy() for one in made))
    return pictures


def _inside(picture: Picture, box: Box) -> Picture:
    """The part of a picture in a box; what is cut off by its edge is not there."""
    return picture[max(box.top, 0) : max(box.bottom, 0), max(box.left, 0) : max(box.right, 0)]


def scaled(picture: Picture, published: bool) -> NDArray[np.float32]:
    """Pixels of 0 to 255 as numbers of -1 to 1; ``published``: they are divided by 255 twice, which leaves -1."""
    pixels = picture.astype(np.float32) / np.float32(255**2 if published else 255)
    numbers: NDArray[np.float32] = (pixels - np.float32(0.5)) / np.float32(0.5)
    return numbers
