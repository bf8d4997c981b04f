"""What lies in a folder of runs, at a glance: every run with its state, its dev score and what it answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from cmivqa_kit.data.display import short_repr
from cmivqa_kit.data.numbers import is_finite
from cmivqa_kit.data.types import TRACKS, Track
from cmivqa_kit.errors import UserError, closest
from cmivqa_kit.files import read_json
from cmivqa_kit.runs.directory import OUTCOME, PREDICTIONS, RECORD, RunDirectory, open_any
from cmivqa_kit.runs.finished_runs import BENCHMARK
from cmivqa_kit.runs.lock import is_locked
from cmivqa_kit.runs.provenance import RECORD as FILE_RECORD

LIST = "All that are there: cmivqa runs"


@dataclass(frozen=True, slots=True)
class DevScore:
    """How the training loop of a run ended: ``best`` on dev by ``metric`` ("" where the run does not say) at a step.

    ``best`` and ``step`` are ``None`` where there was no dev split; ``steps`` are those of the whole training.
    """

    metric: str
    best: float | None
    step: int | None
    steps: int


@dataclass(frozen=True, slots=True)
class AnsweredFile:
    """A submission file that a run answered, as it is kept in the run's ``predictions/``.

    ``modified`` is the time of its record, in seconds since 1970.
    """

    path: Path
    split: str
    tracks: tuple[Track, ...]
    retriever: str
    modified: float

    def to_dict(self) -> dict[str, Any]:
        """As ``runs --format json`` shows it."""
        return {"file": self.path, "split": self.split, "tracks": self.tracks, "retriever": self.retriever or None}


@dataclass(frozen=True, slots=True)
class RunOverview:
    """A run.

    Attributes:
        run: with its settings.
        state: in progress while a process holds its lock.
        preset: the preset that it was trained with; "" for none.
        data: what its record says of the data that it was trained on.
        begun: when its training began; ``None`` where its record does not say.
        ended: when it finished.
        dev: how its training loop ended; ``None`` for a system without one, or before its end.
        answered: the files that it answered, the newest first.
    """

    run: RunDirectory
    state: Literal["finished", "in progress", "unfinished"]
    preset: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    begun: datetime | None = None
    ended: datetime | None = None
    dev: DevScore | None = None
    answered: tuple[AnsweredFile, ...] = ()

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.run.path

    @property
    def benchmark(self) -> str:
        """The published benchmark that it was trained on; "" for a corpus of the challenge."""
        return str(self.data.get(BENCHMARK) or "")

    def to_dict(self) -> dict[str, Any]:
        """As ``runs --format json`` shows it."""
        return {
            "run": self.path,
            "state": self.state,
            "baseline": self.run.baseline,
            "recipe": self.run.recipe,
            "preset": self.preset or None,
            "seed": self.run.seed,
            "benchmark": self.benchmark or None,
            "started": self.begun and self.begun.isoformat(),
            "finished": self.ended and self.ended.isoformat(),
            "dev": self.dev and asdict(self.dev),
            "answered": [file.to_dict() for file in self.answered],
        }


@dataclass(frozen=True, slots=True)
class OtherFolder:
    """A folder among the runs that is none: ``damaged`` where it has the record of a run, and ``fault`` says why."""

    path: Path
    state: Literal["damaged", "foreign"]
    fault: str

    def to_dict(self) -> dict[str, Any]:
        """As ``runs --format json`` shows it."""
        return {"run": self.path, "state": self.state, "fault": self.fault}


def overview(folder: Path) -> tuple[list[RunOverview], list[OtherFolder]]:
    """The runs in a folder, the one that began last first, and the other folders there.

    Raises:
        UserError: the folder cannot be read.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except FileNotFoundError:
        return [], []
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror or error})", "Give another --run DIR.") from None
    rows = [overview_of(path) for path in paths]
    runs = [row for row in rows if isinstance(row, RunOverview)]
    never = datetime.min.replace(tzinfo=UTC)
    runs.sort(key=lambda row: row.begun or never, reverse=True)
    return runs, [row for row in rows if isinstance(row, OtherFolder)]


def overview_of(path: Path) -> RunOverview | OtherFolder:
    """A folder among the runs, whatever lies in it."""
    if not (path / RECORD).is_file():
        return OtherFolder(path, "foreign", f"it has no {RECORD}")
    try:
        run = open_any(path)
        record = run.record()
        return RunOverview(
            run,
            "finished" if record["state"] == "finished" else "in progress" if is_locked(path) else "unfinished",
            preset=record.get("preset") or "",
            data=record.get("data") or {},
            begun=_time(record.get("started")),
            ended=_time(record.get("finished")),
            dev=_dev_score(run),
            answered=answered_files(run),
        )
    except UserError as error:
        return OtherFolder(path, "damaged", error.message)


def overview_named(folder: Path, name: str) -> RunOverview:
    """The run called ``name`` in a folder of runs, or at that path.

    Raises:
        UserError: there is none, it is damaged, or it is no run.
    """
    inside = [folder / name] if Path(name).name == name else []
    path = next((path for path in (*inside, Path(name)) if _is_folder(path)), None)
    if path is None:
        names = [row.path.name for row in overview(folder)[0]]
        raise UserError(f"{folder}: no run {short_repr(name)}.{closest(name, names)}", LIST)
    row = overview_of(path)
    if isinstance(row, OtherFolder):
        raise UserError(row.fault if str(path) in row.fault else f"{path}: no run; {row.fault}", LIST)
    return row


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that no file can have
        return False


def answered_files(run: RunDirectory) -> tuple[AnsweredFile, ...]:
    """The submission files that a run answered, the newest first; damaged records are passed over."""
    files = []
    for path in sorted((run.path / PREDICTIONS).glob(f"*{FILE_RECORD}")):
        answers = path.with_name(path.name.removesuffix(FILE_RECORD) + ".json")
        try:
            record = read_json(path)
            modified = path.stat().st_mtime
        except (UserError, OSError):
            continue
        if isinstance(record, dict) and answers.is_file():
            files.append(_answered_file(answers, record, modified))
    return tuple(sorted(files, key=lambda file: (-file.modified, file.path.name)))


def _answered_file(path: Path, record: Mapping[str, Any], modified: float) -> AnsweredFile:
    tracks = record.get("tracks")
    listed = tracks if isinstance(tracks, list) else []
    return AnsweredFile(
        path,
        str(record.get("split") or ""),
        tuple(track for track in TRACKS if track in listed),
        str(record.get("retriever") or ""),
        modified,
    )


def _dev_score(run: RunDirectory) -> DevScore | None:
    if not (run.path / OUTCOME).is_file():
        return None
    outcome = run.read_object(OUTCOME, steps=int)
    best, step = outcome.get("best"), outcome.get("best_step")
    known = is_finite(best)
    return DevScore(
        str(outcome.get("metric") or ""),
        float(best) if known and best is not None else None,
        step if known and isinstance(step, int) else None,
        outcome["steps"],
    )


def _time(text: object) -> datetime | None:
    """A time of a record; ``None`` where it is none."""
    try:
        time = datetime.fromisoformat(str(text))
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
