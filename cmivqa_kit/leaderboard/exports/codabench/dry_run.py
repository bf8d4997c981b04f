"""A dry run of a bundle: what Codabench would do with a submission, on this machine, beside the kit's own scores."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cmivqa_kit.data.archive_members import DAMAGE
from cmivqa_kit.data.id_keys import plain_key
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import read_bytes
from cmivqa_kit.leaderboard.exports.codabench.bundle import METADATA, SECONDS, Bundle
from cmivqa_kit.leaderboard.exports.codabench.limits import Check, check_bundle, check_output
from cmivqa_kit.leaderboard.exports.codabench.plan import Phase
from cmivqa_kit.leaderboard.exports.codabench.scoring_program import COLUMNS, NO_NUMBER
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.crashes import unreadable
from cmivqa_kit.scoring.scorer import score_documents
from cmivqa_kit.submission.read import Document, read_submission

MEMBERS, LARGEST = 1_000, 256 << 20  # of a zip that is unpacked here: files, bytes
NEAR = 1e-12  # how far sums may be apart between Python 3.11 and 3.12, which add otherwise


@dataclass(frozen=True, slots=True)
class Run:
    """What a program did with a submission.

    Attributes:
        interpreter: its Python's version.
        scores: by key of the column; empty where it gave none.
        message: what it says of the file; empty where nothing.
    """

    interpreter: str
    code: int
    scores: Mapping[str, float]
    message: str
    files: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class DryRun:
    """A submission on a bundle: the phase whose questions it answers, the program's scores, the kit's, every demand."""

    file: Path
    phase: Phase
    run: Run
    card: ScoreCard = field(repr=False)
    checks: tuple[Check, ...]

    @property
    def official(self) -> dict[str, float]:
        """The official scores that `cmivqa score` gives, by key of the column; empty where it gives none."""
        return {key: self.card.metrics[title] for key, title in COLUMNS[self.card.track] if title in self.card.metrics}

    @property
    def fine(self) -> bool:
        """True where every demand is met."""
        return not any(check.fault for check in self.checks)


def dry_run(bundle: Bundle, file: Path, python: str = sys.executable) -> DryRun:
    """Play a submission (a zip, or the .json file itself) on a bundle, with another Python if one is named.

    Raises:
        UserError: the file cannot be read, is a zip that cannot be unpacked, or there is no such Python.
    """
    document = read_submission(file)
    phase = phase_of(bundle, document)
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder)
        _mount(bundle, phase, file, app)
        run = play(app, python)
    card = score_documents(
        document.raw,
        list(phase.targets),
        bundle.plan.track,
        bundle.plan.edition,
        phase.name,
        unreadable=unreadable(document),
    )
    checks = (*check_bundle(bundle), *check_output(bundle, phase, run.files))
    played = DryRun(file, phase, run, card, checks)
    return DryRun(file, phase, run, card, (*checks, Check("the scores of `score`", _difference(played))))


def phase_of(bundle: Bundle, document: Document) -> Phase:
    """The phase most of whose questions a submission answers; the first of several."""
    ids = {plain_key(row.get("id")) for row in document.rows if isinstance(row, dict)}
    return max(bundle.plan.phases, key=lambda phase: sum(plain_key(t["id"]) in ids for t in phase.targets))


def play(app: Path, python: str) -> Run:
    """Run the command of ``app/program`` as Codabench does, with ``app`` in the place of ``/app``.

    Raises:
        UserError: there is no such Python.
    """
    command = json.loads((app / "program" / METADATA).read_text(encoding="ascii").partition(": ")[2])
    words = [word.replace("/app", str(app), 1) if word.startswith("/app") else word for word in shlex.split(command)]
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT", "LANG")}
    try:
        version = subprocess.run(  # noqa: S603
            [python, "-c", "import platform; print(platform.python_version())"],
            capture_output=True, check=True, text=True, timeout=60,
        ).stdout.strip()  # fmt: skip
        done = subprocess.run(  # noqa: S603
            [python, *words[1:]],
            cwd=app / "program",
            env=environment,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UserError(f"{python}: cannot be run ({type(error).__name__}: {error})", "Give --python EXE.") from None
    output = app / "output"
    files = {path.name: path.read_bytes() for path in sorted(output.iterdir())} if output.is_dir() else {}
    scores = json.loads(files["scores.json"]) if "scores.json" in files else {}
    return Run(version, done.returncode, scores, done.stderr.decode("utf-8", "replace").strip(), files)


def _mount(bundle: Bundle, phase: Phase, file: Path, app: Path) -> None:
    """Lay out the folders that Codabench mounts: the program, the answers, what was handed in."""
    at = bundle.plan.phases.index(phase)
    reference = bundle.competition["tasks"][at]["reference_data"]
    for name, target in (("scoring_program.zip", app / "program"), (reference, app / "input" / "ref")):
        path = app / name
        path.write_bytes(bundle.files[name])
        with zipfile.ZipFile(path) as archive:
            archive.extractall(target)
        path.unlink()
    given = app / "input" / "res"
    given.mkdir(parents=True)
    if not zipfile.is_zipfile(file):
        (given / "submission.json").write_bytes(read_bytes(file, "submission file"))
        return
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > MEMBERS or sum(member.file_size for member in members) > LARGEST:
                what = f"{file}: a zip of more than {MEMBERS:,} files or {LARGEST >> 20} MiB"
                raise UserError(what, "Pack the submission file alone.")
            archive.extractall(given)
    except (*DAMAGE, NotImplementedError, RuntimeError) as error:
        raise UserError(f"{file}: a zip that cannot be unpacked ({error})", "Pack the submission again.") from None


def _difference(played: DryRun) -> str:
    """Where the program's scores and the kit's differ.

    Zeros stand for a crash that depends on the answers; NaN, which the official program takes, gets no scores.
    """
    scores, official = played.run.scores, played.official
    if not official or played.run.message == NO_NUMBER:
        return "" if not any(scores.values()) else "scores of a file that gets none"
    same_sum = _adds_up_newly(played.run.interpreter) == (sys.version_info >= (3, 12))
    near = 0.0 if same_sum else NEAR
    return ", ".join(
        f"{key}: {scores.get(key)}, not {value}"
        for key, value in official.items()
        if not (key in scores and abs(scores[key] - value) <= near)
    )


def _adds_up_newly(version: str) -> bool:
    """True for a Python whose built-in sum compensates its rounding."""
    return tuple(map(int, version.split(".")[:2])) >= (3, 12)
