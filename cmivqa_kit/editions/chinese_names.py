"""Chinese names of splits in file and folder names, in the letters that editions name them by."""

from __future__ import annotations

import re

_NAMES = (
    (re.compile(r"训练(?:和|与|及)?验证(?:集|数据)"), " train "),  # handed out as one file
    (re.compile(r"训练(?:集|数据)"), " train "),
    (re.compile(r"(?:验证|开发)(?:集|数据)"), " dev "),
    (re.compile(r"测试(?:集|数据)?[ _-]*([AB])(?![A-Za-z])榜?", re.IGNORECASE), r" test\1 "),
    (re.compile(r"(?<![A-Za-z0-9])([AB])榜", re.IGNORECASE), r" test\1 "),
    (re.compile(r"测试(?:集|数据)"), " test "),
)


def in_letters(name: str) -> str:
    """A name with the Chinese names of splits in it translated: ``测试集A 答案`` becomes `` testA  答案``."""
    for pattern, translation in _NAMES:
        name = pattern.sub(translation, name)
    return name
