"""Predicting in one call: ``cmivqa_kit.predict``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cmivqa_kit.data.catalogue import catalogue
from cmivqa_kit.data.demo import demo_corpus
from cmivqa_kit.data.types import Split, Track
from cmivqa_kit.neural.trust import trusting_code
from cmivqa_kit.plugin.registry import find_declaration
from cmivqa_kit.plugin.settings import merge
from cmivqa_kit.plugin.types import PredictOptions
from cmivqa_kit.prediction import answer
from cmivqa_kit.prediction.answer_files import Written
from cmivqa_kit.prediction.answer_plan import AnswerPlan, tracks_asked
from cmivqa_kit.prediction.pairs.pass_options import PassOptions
from cmivqa_kit.prediction.pipeline import defaults
from cmivqa_kit.prediction.run_choice import newest_serving_run
from cmivqa_kit.runs.directory import RECORD, RunDirectory, open_run
from cmivqa_kit.runs.feature_clock import with_clock_of


def predict(
    run: RunDirectory | Path | str,
    split: Split | str = "testA",
    out: Path | str = "submission.json",
    *,
    data: Path | str | None = None,
    track: Track | None = None,
    settings: Sequence[str] = (),
    retriever: str = "",
    seed: int = 0,
    device: str = "auto",
    sample: int = 0,
    resume: bool = False,
    force: bool = False,
    seconds_per_row: float | None = None,
    features: Path | Mapping[str, Path] | None = None,
    trust_remote_code: bool = False,
) -> list[Written]:
    """Answer every question of a split with a fitted system and write the submission files.

    >>> import cmivqa_kit as ck
    >>> run = ck.train("bm25")  # on the embedded corpus
    >>> [written] = ck.predict(run, "testA", "mine.json")
    >>> written.path.name, written.tracks, written.questions
    ('mine.json', (2, 3), 113)
    >>> ck.open_entry("mine.json").report.ok
    True

    The system never sees an answer. A copy of each file and a record of how it was made stay in the run.

    Args:
        run: a run, its folder, or a folder of runs, of which the newest finished one that serves the tracks answers.
        split: a split's name, or a split that is open.
        out: the file; an edition with a file per track gets one for each, named after it.
        data: the data root of a split that is named; by default the embedded corpus.
        track: the one track to answer; by default Tracks 2 and 3, or the only one that the system serves.
        settings: changes of the system's settings, ``section.key=value``, as of ``cmivqa predict --set``.
        retriever: what chooses the videos (a baseline, a run, a submission file) in which a localizer finds spans.
        seed: of everything random.
        device: for neural systems: auto, cpu, cuda, cuda:1.
        sample: answer so many questions only, drawn by ``seed``; 0 for all.
        resume: go on with a pass over question-video pairs that was stopped.
        force: replace files that exist.
        seconds_per_row: of the feature files of a split that is named; by default those of the run.
        features: of a split that is named: a file or folder, or several by name as the run was trained on; by default
            those that lie in the data root.
        trust_remote_code: let Python code run that the encoder of the run brings.

    Returns:
        The files that were written.

    Raises:
        UserError: no such run, split or setting; a track that the system does not serve; a file that exists and
            differs.
        RunFailed: memory or disk ran out, or the network gave no numbers.
    """
    opened = run if isinstance(run, RunDirectory) else _run(Path(run), track, bool(retriever))
    declaration = find_declaration(opened.baseline)
    tracks = tracks_asked(declaration, track, bool(retriever))
    if isinstance(split, Split):
        name, plan = split.name, AnswerPlan.of_split(split, tracks, Path(out))
    else:
        stores = {"": features} if isinstance(features, Path) else features
        name, folder = split, demo_corpus() if data is None else Path(data)
        files = catalogue(folder, None, seconds_per_row, features=stores)
        root = with_clock_of(opened, files)
        plan = AnswerPlan.in_root(root, name, tracks, Path(out))
    options = PredictOptions(
        config=merge(opened.config, declaration, settings, defaults() if retriever else {}),
        limit=plan.edition.entries,
        seed=seed,
        device=device,
    )
    with trusting_code(trust_remote_code):
        return answer.predict(
            plan,
            opened,
            options,
            force,
            command=f"cmivqa_kit.predict({str(opened.path)!r}, {name!r})",
            sample=sample,
            pass_options=PassOptions(force=force, resume=resume, label=f"-sample{sample}" if sample else ""),
            retriever=retriever,
        )


def _run(folder: Path, track: Track | None, behind_retriever: bool) -> RunDirectory:
    if (folder / RECORD).is_file():
        return open_run(folder)
    return newest_serving_run(folder, track, behind_retriever)
