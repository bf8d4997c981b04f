"""Which column of a board is which: names of metrics as boards print them, ranks, teams; the track that they tell.

Source: docs/spec/scoring.md, sections 1.1, 1.5 and 6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from cmivqa_kit.data.folding import nfkc
from cmivqa_kit.data.types import Track

RANK = frozenset({"rank", "ranking", "#", "no", "no.", "place", "position", "pos", "排名", "名次", "序号"})
NAMES = (
    "team", "teamid", "teamname", "队伍", "队名", "团队", "参赛队", "参赛队伍", "队伍名称", "团队名称", "name", "user",
    "participant", "system", "systemname", "系统", "系统名称", "method", "model", "方法", "模型", "run",
)  # fmt: skip
_RECALL = r"(?:r|recall|召回率?)@?(\d{1,4})"
_THRESHOLD = r"(0?\.\d{1,4}|1\.0)"
_NOISE = re.compile(r"[\s*_`~↑↓]|\\(?=[|_*])|\([%↑↓]*\)")
_ATTACHED = re.compile(r"m?iou.*", re.IGNORECASE)


def _number(text: str) -> str:
    return f"{float(text):g}"


_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (_RECALL + r"[,;|/@:-]*(?:\(?iou)?\)?[=@≥>:]*" + _THRESHOLD + r"\)?",
         lambda m: f"R@{m[1]},IoU={_number(m[2])}"),
        (r"(?:t?iou|交并比)[=@≥>:]*" + _THRESHOLD, lambda m: f"R@1,IoU={_number(m[1])}"),
        (r"miou\((?:r@?1)\)", lambda m: "mIoU"),
        (_RECALL + r"[,;|/:-]*\(?m?iou\)?", lambda m: f"R@{m[1]}|mIoU"),
        (r"miou[@|]?\(?(?:r@?)?(\d{1,4})\)?", lambda m: f"R@{m[1]}|mIoU"),
        (_RECALL, lambda m: f"R@{m[1]}"),
        (r"miou|meaniou|平均iou|平均交并比", lambda m: "mIoU"),
        (r"mrr|平均倒数排名|meanreciprocalrank", lambda m: "MRR"),
        (r"overall|总分|总体|总和|综合|综合得分|总成绩|总得分", lambda m: "Overall"),
        (r"average|avg\.?|平均|平均值|平均分|均值", lambda m: "Average"),
    )
)  # fmt: skip
_BARE = re.compile(_THRESHOLD)


def cleaned(text: str) -> str:
    """A header without blanks and marks, in lower case."""
    return _NOISE.sub("", nfkc(text[:100])).lower()


def metric_of(text: str) -> str | None:
    """The canonical name of the metric that a header names, or ``None``."""
    name = cleaned(text)
    for pattern, canonical in _PATTERNS:
        if match := pattern.fullmatch(name):
            return canonical(match)
    return None


def joined_names(cells: Sequence[str], width: int) -> tuple[str, ...]:
    """A header in which a separator cut names apart (``R@1`` and ``mIoU``, ``R@1`` and ``IoU=0.3``), put together.

    Nothing is done where it has no more cells than the ``width`` of the rows.
    """
    if len(cells) <= width:
        return tuple(cells)
    joined: list[str] = []
    for cell in cells:
        before = metric_of(joined[-1]) if joined else None
        if before is not None and re.fullmatch(r"R@\d+", before) and _ATTACHED.fullmatch(cleaned(cell)):
            joined[-1] = f"{joined[-1]},{cell}" if "=" in cell else f"{joined[-1]}|{cell}"
        else:
            joined.append(cell)
    return tuple(joined)


def metrics_in(header: Sequence[str]) -> dict[int, str]:
    """The metrics of a header by column; numbers alone are thresholds where an mIoU stands beside them."""
    known = {at: name for at, cell in enumerate(header) if (name := metric_of(cell)) is not None}
    if "mIoU" in known.values():
        bare = {at: cleaned(cell) for at, cell in enumerate(header) if at not in known}
        known |= {at: f"R@1,IoU={_number(name)}" for at, name in bare.items() if _BARE.fullmatch(name)}
    return dict(sorted(known.items()))


def track_of(names: Sequence[str]) -> Track:
    """The track whose metrics these are."""
    if any(name == "Average" or name.endswith("|mIoU") for name in names):
        return 3
    if any(name in ("Overall", "MRR") or re.fullmatch(r"R@\d+", name) for name in names):
        return 2
    return 1


def on_track(name: str, track: Track, names: Sequence[str]) -> str:
    """A metric's name on its track: a board of Track 3 may write ``R@10`` for ``R@10|mIoU``."""
    short = track == 3 and re.fullmatch(r"R@\d+", name) and not any(other.endswith("|mIoU") for other in names)
    return f"{name}|mIoU" if short else name
