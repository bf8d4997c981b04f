"""The official scores of one submission, for Codabench: one file, the standard library only, Python 3.7 and later.

    python3 scoring_program.py TRACK INPUT OUTPUT

INPUT/ref holds answers.json, INPUT/res what a team handed in: any files, one of them the .json file with the answers.
OUTPUT gets scores.json, finite numbers under the keys of COLUMNS, and detailed_results.html, which tells no answer.

The numbers are those of the organizers' program, bit for bit, on the Python that runs this file: from 3.12 on the
built-in sum rounds otherwise. NumPy's mean, which Track 1 takes, is written out below and is the same everywhere.

A file that the organizers' program cannot read, or stops on whatever the right answers are, gets no scores: the exit
code is 1 and both the page and standard error say why. So does one with NaN or Infinity in it, although that program
takes them: it counts NaN times as right. One that it stops on only because of what is right gets 0 in
every column: without a score it would not count towards a limit, and files could be made that ask for the answers so.
"""

from __future__ import annotations

import html
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

CUTOFFS = (1, 10, 50)
THRESHOLDS = (0.3, 0.5, 0.7)
LARGEST = 100 * 1024 * 1024  # bytes of a submission
SHOWN = 5
NO_NUMBER = "The file holds NaN or Infinity, which are no JSON: the official program counts a NaN time as right."
NO_TIMES = (
    "The official program stops on this file, so it counts 0: an entry lacks a time, or has one that is no number."
)
HEAD = (
    '<html lang="en"><meta charset="utf-8">'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    "<style>body{font-family:sans-serif;margin:1em}caption,th{text-align:left}"
    "td{text-align:right;padding-left:2em}table{margin:1em 0}</style>"
)
RAISED = (LookupError, TypeError, ValueError, ArithmeticError, RecursionError)

# Track -> key and title of each column, what ranks first.
COLUMNS: dict[int, Sequence[tuple[str, str]]] = {
    1: (("miou", "mIoU"), ("r1_iou03", "R@1,IoU=0.3"), ("r1_iou05", "R@1,IoU=0.5"), ("r1_iou07", "R@1,IoU=0.7")),
    2: (("overall", "Overall"), ("r1", "R@1"), ("r10", "R@10"), ("r50", "R@50"), ("mrr", "MRR")),
    3: (("average", "Average"), ("r1_miou", "R@1|mIoU"), ("r10_miou", "R@10|mIoU"), ("r50_miou", "R@50|mIoU")),
}
UNITS = {1: 100.0, 2: 1.0, 3: 1.0}  # the organizers' program prints Track 1 in percent, boards show fractions


class Refused(Exception):
    """A submission that gets no scores, and why, in a sentence of ASCII."""


class Stopped(Exception):
    """The organizers' program would have raised ``exception`` here; ``index`` of the question, None for the totals."""

    def __init__(self, exception: BaseException, index: int | None) -> None:
        super().__init__(type(exception).__name__, index)
        self.exception = exception
        self.index = index


# --- the organizers' arithmetic ---


def interval_iou(start: Any, end: Any, other_start: Any, other_end: Any) -> float:
    """The right span comes first, and Python's own comparisons decide: so NaN, infinities and bools are as there."""
    hull = max(end, other_end) - min(start, other_start)
    inter = min(end, other_end) - max(start, other_start)
    return float(max(0.0, (1.0 * inter) / hull))


def pairwise_sum(values: Sequence[float], low: int, count: int) -> float:
    """Sum of ``count`` values from ``low`` on, in the order in which NumPy adds the numbers of an array."""
    if count < 8:
        total = 0.0
        for value in values[low : low + count]:
            total += value
        return total
    if count <= 128:
        parts = list(values[low : low + 8])
        done = 8
        while done < count - count % 8:
            for lane in range(8):
                parts[lane] += values[low + done + lane]
            done += 8
        total = ((parts[0] + parts[1]) + (parts[2] + parts[3])) + ((parts[4] + parts[5]) + (parts[6] + parts[7]))
        for value in values[low + done : low + count]:
            total += value
        return total
    half = count // 2
    half -= half % 8
    return pairwise_sum(values, low, half) + pairwise_sum(values, low + half, count - half)


def answers_to(targets: Any, predictions: Any) -> list[Any]:
    """The last item with the id of each question, or None; ids are compared with ``==``, as in the program.

    Only ids of the questions are keys: what a submission chooses cannot make them collide.
    """
    slots: dict[Any, list[int]] = {}
    others: list[tuple[Any, int]] = []
    for index, target in enumerate(targets):
        try:
            identity = target["id"]
        except (LookupError, TypeError):
            continue  # said when its turn comes
        if _is_plain(identity):
            slots.setdefault(identity, []).append(index)
        else:
            others.append((identity, index))
    used: list[Any] = [None] * len(targets)
    for item in predictions:
        identity = item["id"]
        if _is_plain(identity):
            for index in slots.get(identity, ()):
                used[index] = item
        else:
            for other, index in others:
                if other == identity:
                    used[index] = item
    return used


def _is_plain(identity: Any) -> bool:
    """True where a dictionary finds what is equal: not for NaN, arrays and objects."""
    return isinstance(identity, (str, int, float, type(None))) and identity == identity


def value_1(target: Any, prediction: Any) -> Any:
    """Track 1: the overlap of the one answer."""
    if prediction is None:
        return 0.0
    start, end = target["start_second"], target["end_second"]
    return interval_iou(start, end, prediction["start_second"], prediction["end_second"])


def value_2(target: Any, prediction: Any) -> Any:
    """Track 2: hits within each cut-off and the reciprocal rank; None leaves the question out of the MRR."""
    if prediction is None:
        return None
    video = target["video_id"]
    names = [entry[0] for entry in prediction["output"][: CUTOFFS[-1]]]
    hits = [1 if video in names[:k] else 0 for k in CUTOFFS]
    return [*hits, max([1 / rank for rank, name in enumerate(names, 1) if name == video] or [0.0])]


def value_3(target: Any, prediction: Any) -> Any:
    """Track 3: the best overlap within each cut-off."""
    if prediction is None:
        return [0.0, 0.0, 0.0]
    overlaps = []
    for entry in prediction["output"][: CUTOFFS[-1]]:
        if entry[0] == target["video_id"]:
            overlaps.append(interval_iou(target["start_second"], target["end_second"], entry[1], entry[2]))
        else:
            overlaps.append(0.0)
    return [max(overlaps[:k]) for k in CUTOFFS]


def totals_1(values: Any, count: int) -> dict[str, float]:
    """Track 1, in percent."""
    totals = {f"R@1,IoU={mu}": sum(value >= mu for value in values) / count * 100.0 for mu in THRESHOLDS}
    totals["mIoU"] = pairwise_sum(values, 0, count) / count * 100.0
    return totals


def totals_2(values: Any, count: int) -> dict[str, float]:
    """Track 2, fractions; the MRR is over the answered questions."""
    totals = {
        f"R@{k}": sum([value[at] if value is not None else 0 for value in values]) / count
        for at, k in enumerate(CUTOFFS)
    }
    ranks = [value[3] for value in values if value is not None]
    totals["MRR"] = sum(ranks) / len(ranks)
    totals["Overall"] = totals["R@1"] + totals["R@10"] + totals["R@50"] + totals["MRR"]
    return totals


def totals_3(values: Any, count: int) -> dict[str, float]:
    """Track 3, fractions."""
    totals = {f"R@{k}|mIoU": sum([value[at] for value in values]) / count for at, k in enumerate(CUTOFFS)}
    totals["Average"] = (totals["R@1|mIoU"] + totals["R@10|mIoU"] + totals["R@50|mIoU"]) / 3
    return totals


VALUES: dict[int, Callable[[Any, Any], Any]] = {1: value_1, 2: value_2, 3: value_3}
TOTALS: dict[int, Callable[[Any, int], dict[str, float]]] = {1: totals_1, 2: totals_2, 3: totals_3}


def score(track: int, predictions: Any, targets: Any) -> dict[str, float]:
    """The numbers of the organizers' program by metric, in its own units; Stopped where it would raise."""
    index: int | None = None
    try:
        count = len(targets)
        values = []
        used: list[Any] | None = None
        for index in range(count):
            _ = targets[index]["id"]
            if used is None:
                used = answers_to(targets, predictions)
            values.append(VALUES[track](targets[index], used[index]))
        index = None
        return TOTALS[track](values, count)
    except RAISED as error:
        raise Stopped(error, index) from None


def stops_anyway(track: int, predictions: Any, targets: Any) -> Stopped | None:
    """How the program stops whatever the right answers are, or None: the same ids with answers that nothing equals."""
    blind = [{"id": t["id"], "video_id": object(), "start_second": 0.0, "end_second": 1.0} for t in targets]
    try:
        score(track, predictions, blind)
    except Stopped as stopped:
        return stopped
    return None


# --- files ---


def submission_in(folder: Path) -> Path:
    """The one .json file below a folder; what macOS and file managers add does not count."""
    paths = []
    for parent, folders, names in os.walk(str(folder)):
        folders[:] = sorted(name for name in folders if name != "__MACOSX" and not name.startswith("."))
        for name in sorted(names):
            path = Path(parent, name)
            if name.lower().endswith(".json") and not name.startswith(".") and path.is_file() and not path.is_symlink():
                paths.append(path)
    if len(paths) == 1:
        return paths[0]
    if not paths:
        raise Refused("There is no .json file in the zip: pack the submission file, and nothing else.")
    shown = ", ".join(shown_text(path.name) for path in paths[:SHOWN]) + (", ..." if len(paths) > SHOWN else "")
    raise Refused(f"There are {len(paths)} .json files in the zip ({shown}): pack the submission file alone.")


def no_number(text: str) -> Any:
    """Refuse NaN and infinities: with NaN for both times of every answer anybody would be first."""
    raise Refused(NO_NUMBER)


def load(path: Path) -> Any:
    """The decoded document of a submission, as the organizers' program reads it, but for NaN and infinities."""
    if path.stat().st_size > LARGEST:
        raise Refused(f"The file has more than {LARGEST // 1024 // 1024} MiB.")
    try:
        return json.loads(path.read_bytes().decode("utf-8"), parse_constant=no_number)
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise Refused(f"The file is not UTF-8: byte 0x{byte:02x} at offset {error.start}.") from None
    except json.JSONDecodeError as error:
        raise Refused(f"The file is not JSON: {error.msg}: line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise Refused("The file is nested too deeply to be read.") from None
    except ValueError:
        raise Refused("The file holds an integer with more digits than Python reads.") from None


def why(stopped: Stopped, targets: Any) -> str:
    """How the program stops, in a sentence."""
    error = stopped.exception
    reasons: Sequence[tuple[Any, str]] = (
        (KeyError, "a field is missing, or an entry is an object"),
        (IndexError, "an entry is empty or too short"),
        (ZeroDivisionError, "no question of these is answered"),
        (OverflowError, "an integer is too large"),
        (TypeError, "something is of the wrong kind (null, a text, a number, an array)"),
        (ValueError, "output is empty"),
        (RecursionError, "something is nested too deeply"),
    )
    reason = next((text for kind, text in reasons if isinstance(error, kind)), "it cannot be read")
    at = "" if stopped.index is None else " at question {}".format(shown_text(targets[stopped.index]["id"]))
    return f"The official program stops{at} with {type(error).__name__}: {reason}."


def shown_text(value: Any) -> str:
    """An id or a name in ASCII, cut short."""
    if isinstance(value, str):
        return ascii(value if len(value) <= 60 else value[:57] + "...")
    if isinstance(value, int) and abs(value) >= 10**50:
        return "a long number"
    return ascii(value) if isinstance(value, (int, float, type(None))) else "an array or object"


def counted(targets: Any, predictions: Any) -> list[tuple[str, int]]:
    """What of the questions is answered; nothing that depends on what is right."""
    ids = {target["id"] for target in targets}
    given: dict[Any, int] = {}
    unknown = 0
    for item in predictions:
        identity = item["id"]
        if _is_plain(identity) and identity in ids:
            given[identity] = given.get(identity, 0) + 1
        else:
            unknown += 1
    return [
        ("questions", len(targets)),
        ("answered", len(given)),
        ("not answered", len(targets) - len(given)),
        ("answered more than once (the last answer counts)", sum(times > 1 for times in given.values())),
        ("answers to no question", unknown),
    ]


def page(track: int, metrics: Sequence[tuple[str, float]], counts: Sequence[tuple[str, int]], message: str) -> str:
    """The page of detailed results, which needs nothing else."""
    rows = [f"<tr><th>{html.escape(name)}</th><td>{value:.4f}</td></tr>" for name, value in metrics]
    facts = [f"<tr><th>{html.escape(name)}</th><td>{number}</td></tr>" for name, number in counts]
    parts = [f"<p>{html.escape(message)}</p>"] if message else []
    for caption, lines in (("Official scores", rows), ("Questions", facts)):
        if lines:
            parts.append(f"<table><caption>{caption}</caption>{''.join(lines)}</table>")
    return f"<!doctype html>{HEAD}<title>Track {track}</title><h1>Track {track}</h1>{''.join(parts)}\n"


def judged(track: int, targets: Any, folder: Path) -> tuple[dict[str, float], Sequence[tuple[str, int]], str]:
    """Scores by column, counts and a message about the submission in a folder; Refused where it gets none."""
    predictions = load(submission_in(folder))
    stopped = stops_anyway(track, predictions, targets)
    if stopped is not None:
        raise Refused(why(stopped, targets))
    counts = counted(targets, predictions)
    zeros = {key: 0.0 for key, _ in COLUMNS[track]}
    try:
        raw = score(track, predictions, targets)
    except Stopped:
        return zeros, counts, NO_TIMES
    scores = {key: raw[title] / UNITS[track] for key, title in COLUMNS[track]}
    if not all(math.isfinite(value) for value in scores.values()):
        return zeros, counts, "The official numbers of this file are not finite, so it counts 0."
    return scores, counts, ""


def main(arguments: Sequence[str]) -> int:
    """Score what a team handed in; the exit code."""
    if len(arguments) != 3 or arguments[0] not in ("1", "2", "3"):
        sys.stderr.write("usage: scoring_program.py TRACK INPUT OUTPUT\n")
        return 2
    track, source, output = int(arguments[0]), Path(arguments[1]), Path(arguments[2])
    targets = json.loads((source / "ref" / "answers.json").read_bytes().decode("utf-8"))
    output.mkdir(parents=True, exist_ok=True)
    try:
        scores, counts, message = judged(track, targets, source / "res")
    except Refused as refused:
        (output / "detailed_results.html").write_text(page(track, [], [], str(refused)), encoding="utf-8")
        sys.stderr.write(f"{refused}\n")
        return 1
    metrics = [(title, scores[key]) for key, title in COLUMNS[track]]
    (output / "detailed_results.html").write_text(page(track, metrics, counts, message), encoding="utf-8")
    (output / "scores.json").write_text(json.dumps(scores, allow_nan=False) + "\n", encoding="utf-8")
    for title, value in metrics:
        sys.stdout.write(f"{title}: {value:.4f}\n")
    if message:
        sys.stderr.write(f"{message}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
