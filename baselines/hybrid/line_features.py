"""What a line tells of itself whatever is asked: where it stands, how long it is, how it begins. Knows no torch."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cmivqa_kit.data.types import Subtitle
from cmivqa_kit.data.words import normalize

# Speakers begin a step, or end one, with few words. Both lists have the same meanings in the same order.
ENGLISH_CUES = (
    "now", "so", "next", "first", "then", "finally", "ok", "okay", "let", "go", "another", "last", "notice", "remember",
    "and", "i'm", "to", "if", "let's", "once",
)  # fmt: skip
CHINESE_CUES = (
    ("现在", "今天"), ("所以", "那么"), ("接下来", "下面", "其次"), ("首先", "第一"), ("然后", "接着", "再"),
    ("最后", "最终"), ("好了", "好"), ("可以", "好的"), ("让",), ("开始", "我们来"), ("另外", "还有", "第二"),
    ("总之", "综上"),
    ("注意", "需要注意", "大家看"), ("记住", "切记", "一定要"), ("并且", "而且", "同时"), ("我",), ("为了", "要"),
    ("如果", "假如"), ("我们", "咱们"), ("当", "一旦", "之后", "等到"),
)  # fmt: skip
VIDEO = re.compile(r"video|视频|影片")
TUTORIAL = re.compile(r"tutorial|lesson|教程|课程|节目|教学")
_LATIN = re.compile(r"[a-z0-9]+(?:['’][a-z]+)*")
_CJK = re.compile(r"[\u3400-\u9fff]")
CHARACTERS = 1.5  # of a Chinese word, about
NEAR = 5  # lines from an end of the video that are told apart
FEATURES = 8 + len(ENGLISH_CUES)


def line_features(lines: Sequence[Subtitle]) -> NDArray[np.float32]:
    """(lines, `FEATURES`): relative position from both ends, distance from both up to `NEAR` lines, log of the seconds,
    words / 20, whether it names the video or the tutorial, and a mark for the cue word that it begins with."""
    rows = np.zeros((len(lines), FEATURES), np.float32)
    count = len(lines)
    for number, line in enumerate(lines):
        text = normalize(line.text).replace("’", "'")
        behind = count - 1 - number
        rows[number, :8] = (
            number / count,
            behind / count,
            min(number, NEAR) / NEAR,
            min(behind, NEAR) / NEAR,
            np.log1p(max(0.0, line.duration)),
            _words(text) / 20,
            bool(VIDEO.search(text)),
            bool(TUTORIAL.search(text)),
        )
        cue = _cue(text)
        if cue is not None:
            rows[number, 8 + cue] = 1
    return rows


def _words(text: str) -> float:
    return len(_LATIN.findall(text)) + len(_CJK.findall(text)) / CHARACTERS


def _cue(text: str) -> int | None:
    """The number of the cue word that a line begins with."""
    first = _LATIN.match(text.lstrip(" \"'([-–—.,"))
    if first is not None:
        return ENGLISH_CUES.index(first[0]) if first[0] in ENGLISH_CUES else None
    spoken = text.lstrip(" “\"'([（【-—，。")
    fitting = [(len(cue), number) for number, cues in enumerate(CHINESE_CUES) for cue in cues if spoken.startswith(cue)]
    return max(fitting)[1] if fitting else None
