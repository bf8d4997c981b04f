"""What the names of files and folders say of the times in them: true answers, or somebody's predictions.

Words are English and Chinese. Some say it by themselves (``answer``, ``gold``, ``答案``); others (``label``,
``annotation``, ``标注``) are used of question files too and count only where a file holds times.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

_NEGATED = "".join(f"(?<!{word})" for word in ("un", r"no[\W_]", r"wo[\W_]", r"without[\W_]", r"hidden[\W_]",
                                                 "无", "無", "不含", "没有", "去除", "隐藏"))  # fmt: skip
# "answer localization" is the name of the task, "answering" that of the field.
_STRONG = (
    r"answers?(?!ing|[\W_]*locali)|(?<![a-z])(?:gold|gt|(?:ground[\W_]?)?truths?)(?![a-z])|答案|真值|真实值|金标准"
)
_WEAK = r"(?<![a-z])(?:labels?|labell?ed|annotations?|annotated|solutions?)(?![a-z])|标注|標註|標注|标签|標籤"
_ALONE = re.compile(f"{_NEGATED}(?:{_STRONG})", re.IGNORECASE)
_WITH_TIMES = re.compile(f"{_NEGATED}(?:{_STRONG}|{_WEAK})", re.IGNORECASE)
_PROJECT = re.compile(r"locali|question|challenge|问答", re.IGNORECASE)  # a project is called so, not its answers
_PREDICTIONS = re.compile(
    r"submi|output|sample|predict|(?<![a-z])(?:preds?|results?)(?![a-z])|提交|预测|預測|输出|輸出|结果|結果|样例",
    re.IGNORECASE,
)
_PREDICTION_FOLDER = re.compile(r"submi|predict|提交|预测|預測|^runs?$", re.IGNORECASE)


def names_answers(name: str) -> bool:
    """True where a file name says that answers are in it (``question_answering`` and ``without_answers`` do not)."""
    return _ALONE.search(name) is not None


def names_true_times(names: Sequence[str]) -> bool:
    """True where the names of a file with times say that they are answers: its own name first, then its folders'."""
    own, *folders = names
    return _WITH_TIMES.search(own) is not None or any(
        _WITH_TIMES.search(folder) is not None and _PROJECT.search(folder) is None for folder in folders
    )


def names_predictions(name: str) -> bool:
    """True where a file name says that predictions are in it."""
    return _PREDICTIONS.search(name) is not None


def folder_of_predictions(folders: Sequence[str]) -> str:
    """The first of these folders that is called one of predictions; empty where none is."""
    return next((folder for folder in folders if _PREDICTION_FOLDER.search(folder)), "")


def system_in(name: str, systems: Collection[str]) -> str:
    """The system whose name is a word of a file name (``bm25_track1.json``); empty where none is."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    return next((system for system in sorted(systems) if system.lower() in words), "")
