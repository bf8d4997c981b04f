"""Run directories: ``runs/<baseline>-<n>``, with everything prediction needs on another machine.

``run.json`` says what was run and whether it finished; it is written last, so an interrupted run is never taken for a
finished one, and a finished run is never written into again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cmivqa_kit import __version__
from cmivqa_kit.damage import COPY_AGAIN
from cmivqa_kit.errors import RunFailed, UserError
from cmivqa_kit.files import read_bytes, read_json, write_json, write_text
from cmivqa_kit.runs.dev_progress import SILENT_DEV, DevProgress
from cmivqa_kit.runs.processes import ALONE, Group
from cmivqa_kit.runs.settings import RECIPES, Config, Recipe
from cmivqa_kit.temporary_files import sweep

RECORD = "run.json"
OUTCOME = "outcome.json"  # what the training loop ended with: steps, best step, best dev value, the metric of that
EXAMPLES = "examples.json"  # how many questions were trained on, and how many each rule left out
WEIGHTS, LAST_WEIGHTS = "model.safetensors", "last.safetensors"  # best on dev, and after the last step
NETWORK = "network.json"  # the sizes of a network
TOKENIZER = "tokenizer"
JOINED_FEATURES = "feature-encoder/joined.json"  # there where stored features stand beside what that encoder embeds
FEATURE_ENCODER = "feature-encoder"  # where subtitles are embedded: the frozen encoder and its tokenizer
ENCODERS = "encoders.json"  # where its encoders are from: revisions on the hub, and code of their own
FOREIGN_CODE = "foreign-code"  # the files of that code
FEATURE_FINGERPRINTS = "features.json"  # of the feature files that it was begun on
PREDICTIONS = "predictions"  # copies of what was handed out, and passes over a corpus
SECONDS_PER_ROW = "seconds_per_row"  # of the feature files, in the record's ``data``
STATE_RECORD = "state.json"  # in ``state-STEP``, from which training goes on

_LONGEST_ROW = 1e9  # seconds; what is larger is damage, and an integer may be too large for a float
_STATE = re.compile(r"state-[0-9]{1,18}")
Progress = Callable[[int, int, float], None]  # optimizer steps done, in all, running loss


def silent(step: int, total: int, loss: float) -> None:
    """No progress is shown."""


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """A run: its folder, the baseline's name, the effective settings (section -> key -> value), the seed, the recipe.

    ``recipe`` is ``published`` (every quirk of the published code) or ``kit`` (its defects corrected). ``device``,
    ``progress``, ``dev_progress`` and ``group`` (the processes that train together) belong to the call that trains and
    are not stored: a run is the same wherever it was made. Only the main process of a group writes; in the others every
    method that writes does nothing.
    """

    path: Path
    baseline: str
    config: Config
    seed: int
    recipe: Recipe = "kit"
    device: str = "auto"
    progress: Progress = field(default=silent, compare=False, repr=False)
    group: Group = field(default=ALONE, compare=False, repr=False)
    dev_progress: DevProgress = field(default=SILENT_DEV, compare=False, repr=False)

    @property
    def finished(self) -> bool:
        """True once `finish` was called."""
        return self.record().get("state") == "finished"

    def record(self) -> dict[str, Any]:
        """The content of ``run.json``."""
        record = read_json(self.path / RECORD, "run record")
        return record if isinstance(record, dict) else {}

    @property
    def seconds_per_row(self) -> float | None:
        """Seconds of a row of the feature files that it was trained beside, where they were settled."""
        data = self.record().get("data")
        seconds = data.get(SECONDS_PER_ROW) if isinstance(data, dict) else None
        if not isinstance(seconds, int | float) or isinstance(seconds, bool):
            return None
        return float(seconds) if 0 < seconds <= _LONGEST_ROW else None

    @property
    def foreign_code(self) -> dict[str, str]:
        """The digests of the code that its encoders bring, by part of the run; empty for a run without any."""
        with suppress(UserError):
            parts = self.read_object(ENCODERS) if (self.path / ENCODERS).exists() else {}
            codes = {part: facts.get("code") for part, facts in parts.items() if isinstance(facts, dict)}
            return {part: str(code.get("digest")) for part, code in codes.items() if isinstance(code, dict)}
        return {}

    def write(self, name: str, document: Any) -> Path:
        """Write a JSON document into the run, whole or not at all.

        Raises:
            UserError: the run is finished already.
        """
        if self.group.main:
            self._require_unfinished()
            write_json(self.path / name, document)
        return self.path / name

    def read_object(self, name: str, **kinds: type | tuple[type, ...]) -> dict[str, Any]:
        """Read a JSON document of the run that is an object.

        Args:
            name: of the file.
            kinds: fields that it must have, each with its types; True and False are no numbers.

        Raises:
            UserError: it is missing or damaged, or a field is missing or of another type.
        """
        document = self.read(name)
        if not isinstance(document, dict):
            raise UserError(f"{self.path / name}: damaged (no object)", COPY_AGAIN)
        wrong = [key for key, kind in kinds.items() if not _is_of(document.get(key), kind)]
        if wrong:
            raise UserError(f"{self.path / name}: damaged ({', '.join(wrong)} missing or of another type)", COPY_AGAIN)
        return document

    def read(self, name: str) -> Any:
        """Read a JSON document of the run.

        Raises:
            UserError: it is missing or damaged.
        """
        path = self.path / name
        if not path.exists():
            raise UserError(
                f"{self.path}: the run lacks {name}", f"Train again: cmivqa train -m {self.baseline}; or give --run."
            )
        return read_json(path, "part of the run")

    def log(self, event: Mapping[str, Any]) -> None:
        """Append one line to ``metrics.jsonl``.

        Raises:
            UserError: the run is finished already.
        """
        if not self.group.main:
            return
        self._require_unfinished()
        with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(dict(event), ensure_ascii=False, sort_keys=True) + "\n")

    def forget_after(self, step: int) -> None:
        """Drop the lines of ``metrics.jsonl`` past an optimizer step: training goes on from there and logs them again.

        A line that was cut off by a kill, or is damaged, goes too.
        """
        path = self.path / "metrics.jsonl"
        if not self.group.main or not path.exists():
            return
        events = []
        for line in read_bytes(path, "log of a run").decode("utf-8", "replace").split("\n"):
            with suppress(ValueError, AttributeError, TypeError, RecursionError):
                if json.loads(line).get("step", 0) <= step:
                    events.append(line + "\n")
        write_text(path, "".join(events))

    def finish(self, **facts: Any) -> None:
        """Mark the run finished and record ``facts`` about it.

        Raises:
            UserError: the run is finished already.
        """
        if not self.group.main:
            return
        self._require_unfinished()
        write_json(self.path / RECORD, {**self.record(), **facts, "state": "finished", "finished": _now()})

    def _require_unfinished(self) -> None:
        if self.finished:
            raise UserError(f"{self.path}: this run is finished; nothing is written into it again", "Start a new run.")


def start_run(
    folder: Path, baseline: str, config: Config, seed: int, recipe: Recipe = "kit", **facts: Any
) -> RunDirectory:
    """Make ``folder/<baseline>-<n>`` with the next free n; two processes never get the same one.

    Raises:
        RunFailed: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, number in numbered_runs(folder):
            sweep(folder / f"{name}-{number}")  # one that was killed is not written into again
        number = 1 + max((n for name, n in numbered_runs(folder) if name == baseline), default=0)
        while True:
            path = folder / f"{baseline}-{number}"
            try:
                path.mkdir()
                break
            except FileExistsError:
                number += 1
    except OSError as error:
        raise RunFailed(f"{folder}: cannot be written ({error.strerror or error})", "Give another --run DIR.") from None
    return _begin(path, baseline, config, seed, recipe, facts)


def make_run(
    path: Path, baseline: str, config: Config, seed: int, recipe: Recipe = "kit", **facts: Any
) -> RunDirectory:
    """Make a run at exactly ``path``, which must not exist or be an empty folder.

    Raises:
        UserError: something lies there already.
        RunFailed: the folder cannot be written.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UserError(f"{path}: exists and is not empty", "Name a new folder; nothing is overwritten.")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunFailed(f"{path}: cannot be made ({error.strerror or error})", "Choose another folder.") from None
    return _begin(path, baseline, config, seed, recipe, facts)


def _begin(
    path: Path, baseline: str, config: Config, seed: int, recipe: Recipe, facts: Mapping[str, Any]
) -> RunDirectory:
    plain = {section: dict(values) for section, values in config.items()}
    write_json(
        path / RECORD,
        {
            "baseline": baseline,
            "kit": __version__,
            "state": "running",
            "started": _now(),
            "seed": seed,
            "recipe": recipe,
            "config": plain,
            **facts,
        },
    )
    return RunDirectory(path, baseline, plain, seed, recipe)


def open_run(path: Path) -> RunDirectory:
    """A finished run by its folder.

    Raises:
        UserError: not a run, damaged, or never finished.
    """
    run = open_any(path)
    if not run.finished:
        raise UserError(
            f"{path}: this run did not finish (state {run.record()['state']!r})", "Train again: cmivqa train"
        )
    return run


def open_unfinished(path: Path) -> RunDirectory:
    """A run that was stopped on its way, to go on with.

    Raises:
        UserError: not a run, damaged, or finished.
    """
    run = open_any(path)
    if run.finished:
        raise UserError(f"{path}: this run is finished", "There is nothing to resume; start a new one: cmivqa train")
    return run


def open_any(path: Path) -> RunDirectory:
    """A run by its folder, finished or not.

    Raises:
        UserError: not a run, or damaged.
    """
    if not (path / RECORD).is_file():
        raise UserError(f"{path}: not a run directory (it has no {RECORD})", "Give --run DIR, or: cmivqa train")
    record = RunDirectory(path, "", {}, 0).record()
    kinds = {"baseline": str, "config": dict, "seed": int, "state": str}
    wrong = [key for key, kind in kinds.items() if not _is_of(record.get(key), kind)]
    optional = {"data": dict, "preset": str, "source": dict}
    wrong += [key for key, kind in optional.items() if not isinstance(record.get(key) or kind(), kind)]
    wrong += [] if "seed" in wrong or -(2**63) <= record["seed"] < 2**64 else ["seed"]
    if wrong or not all(isinstance(table, dict) for table in record["config"].values()):
        raise UserError(
            f"{path / RECORD}: damaged ({', '.join(wrong) or 'config'} missing or of another type)",
            "Train again, or copy the run again from where it was made.",
        )
    recipe = record.get("recipe", "kit")
    if recipe not in RECIPES:
        raise UserError(f"{path / RECORD}: unknown recipe {recipe!r}", "Train again, or copy the run again.")
    return RunDirectory(path, record["baseline"], record["config"], record["seed"], recipe)


def has_state(run: Path) -> bool:
    """True where a run can be resumed."""
    return bool(resume_states(run))


def resume_states(run: Path) -> list[Path]:
    """The whole states of a run, oldest first."""
    states = (path for path in run.glob("state-*") if _STATE.fullmatch(path.name) and (path / STATE_RECORD).is_file())
    return sorted(states, key=lambda path: int(path.name.split("-")[1]))


def _is_of(value: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and (not isinstance(value, bool) or kind is bool)


def numbered_runs(folder: Path) -> list[tuple[str, int]]:
    """Baseline and number of every folder that is called like a run, finished or not."""
    if not folder.is_dir():
        return []
    matches = (re.fullmatch(r"(.+)-(\d{1,9})", path.name) for path in folder.iterdir() if path.is_dir())
    return [(match[1], int(match[2])) for match in matches if match]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
