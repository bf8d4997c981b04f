"""`cmivqa predict`."""

from __future__ import annotations

import shlex
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, Session, options, track_number, without_gpus, words
from cmivqa_kit.cli.cost_view import Budget, Speed, cost_document, show_cost
from cmivqa_kit.cli.predict_all import predict_all, refuse_with_all
from cmivqa_kit.cli.streaming import STREAMED, is_streamed, stream, streamed_file
from cmivqa_kit.data.display import tracks_in_words
from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import UserError
from cmivqa_kit.prediction.settings import DTYPES
from cmivqa_kit.runs.provenance import behind
from cmivqa_kit.workspace import DEFAULT

if TYPE_CHECKING:
    from cmivqa_kit.data.types import Split
    from cmivqa_kit.plugin.types import Declaration, PredictOptions
    from cmivqa_kit.prediction.answer_files import Written
    from cmivqa_kit.runs.directory import RunDirectory
    from cmivqa_kit.runs.processes import Group
    from cmivqa_kit.runs.settings import Config


@click.command(
    "predict",
    short_help="Answer every question of a split and write the submission file.",
    epilog="Example: cmivqa predict --split testA; then: cmivqa score submission.json",
)
@click.option("--all", "everything", is_flag=True, help="Write every file that the edition hands in, and validate it.")
@options("data", "split", "track", "baseline", "run", "out", "set", "seed", "device", "edition", "features",
         "seconds-per-row", "force")  # fmt: skip
@click.option(
    "--sample", type=click.IntRange(min=0), default=0, metavar="N",
    help="Answer N questions only, drawn by the seed: to measure a slow system, not to hand in.",
)  # fmt: skip
@click.option(
    "--dtype", type=click.Choice(list(DTYPES)), metavar="NAME",
    help="auto (bfloat16 on a GPU), float32 for parity, bfloat16, float16.",
)  # fmt: skip
@click.option(
    "--batch-tokens", type=click.IntRange(1), metavar="N", help="Tokens per batch; by default what free memory holds."
)
@click.option("--resume", is_flag=True, help="Go on with a pass that was stopped.")
@click.option("--dry-run", is_flag=True, help="Say what it would take (pairs, tokens, time, memory); answer nothing.")
@click.option(
    "--budget", type=Budget(), metavar="TIME",
    help="Take about 2h, 30m, ...: a first stage leaves videos out. Not the published system.",
)  # fmt: skip
@click.option(
    "--from",
    "finished_pass",
    type=PATH,
    metavar="DIR",
    help="Cut new lists from a pass kept in RUN/predictions/; no network.",
)
@click.option(
    "--retriever", metavar="NAME|RUN|FILE",
    help="Tracks 2 and 3 with a localizer (-m mutualsl): a baseline, a run or a submission file finds the videos.",
)  # fmt: skip
@click.option(
    "--gpus", type=click.IntRange(1), default=1, metavar="N",
    help="Share the questions among N GPUs by accelerate launch; with --device cpu: among N processes.",
)  # fmt: skip
@options("trust-remote-code", "format")
@click.pass_context
def command(
    context: click.Context,
    /,
    everything: bool,
    split: str | None,
    track: str | None,
    overrides: tuple[str, ...],
    force: bool,
    sample: int,
    dtype: str | None,
    batch_tokens: int | None,
    resume: bool,
    dry_run: bool,
    budget: float | None,
    finished_pass: Path | None,
    retriever: str | None,
    gpus: int,
    trust_remote_code: bool,
    form: str,
    baseline: str | None,
    run: Any,
    out: Any,
    **flags: Any,
) -> None:
    """Answer every question of a split (testA unless --split says otherwise) with the newest finished run that serves
    the tracks asked, of whatever baseline unless -m or cmivqa.toml names one.

    --out - writes the one file to standard output, all messages to standard error.

    Without --track the files of Tracks 2 and 3 are written: one for both in 2023, one per track in later editions.
    With --track N the list that serves this track best. The baseline sees ids, texts and languages, the video id in
    Track 1 only, and never an answer. A system that scores every question with every video says before what that
    takes, keeps what it found in RUN/predictions/SPLIT, and goes on with --resume when it was stopped.

    With --all every file that the edition hands in is written, or none: each by the newest finished run that serves its
    tracks, else by the newest localizer behind the newest run that ranks videos, else behind bm25; then they are
    validated (exit code 1 where one is not valid).

    With --retriever a Track 1 system answers Tracks 2 and 3 within the videos that another one finds; the settings of
    this are --set pipeline.retrieve_top=50, .temperature=1.0, .spans_per_video=1, .span_source=lines|reference,
    .track2_order=score|retriever.
    """
    from cmivqa_kit.neural.trust import trusting_code
    from cmivqa_kit.runs.processes import joined

    if retriever is not None and not retriever.strip():
        raise UserError("--retriever: it is empty", "Give bm25, another baseline, the folder of a run, or a file.")
    streamed = is_streamed(out)
    session = Session(form, baseline=baseline, run=run, out=out, **flags)
    target = streamed_file(session, "--out", "submission.json") if streamed else None
    if everything:
        refuse_with_all(
            {"--track": track, "-m": baseline, "--set": overrides, "--dtype": dtype, "--batch-tokens": batch_tokens,
             "--resume": resume, "--dry-run": dry_run, "--budget": budget, "--from": finished_pass,
             "--retriever": retriever, "--out -": streamed}
        )  # fmt: skip
    device = session.workspace["run.device"]
    if gpus > 1:
        from cmivqa_kit.runs.device import resolve
        from cmivqa_kit.runs.launch import launch

        context.exit(launch(gpus, without_gpus(sys.argv[1:]), resolve(device).type == "cpu"))
    if everything:
        with joined(device) as group, trusting_code(trust_remote_code):
            predict_all(session, split or "testA", force, sample, group)
        return
    named = run if finished_pass is None else finished_pass.parent.parent
    opened = _run_of(session, baseline, named, track_number(track), retriever is not None)
    overrides = (
        *overrides,
        *([f"decode.precision={DTYPES[dtype]}"] if dtype else []),
        *([f"decode.tokens={batch_tokens}"] if batch_tokens else []),
    )
    with joined(device) as group, trusting_code(trust_remote_code):
        written = _predict(
            session, opened, split or _split_of(finished_pass), track_number(track), overrides, force, sample,
            {"resume": resume, "plan_only": dry_run, "budget": budget or 0.0}, finished_pass, group,
            retriever or "", target,
        )  # fmt: skip
        if group.main and written:
            if streamed:
                stream(written[0].path)
                written = [replace(file, path=STREAMED) for file in written]
            _report(session, opened, written, streamed)


def _split_of(finished_pass: Path | None) -> str:
    """The split of a kept pass, else testA."""
    from cmivqa_kit.prediction.pairs.pass_folder import PassFolder

    return str(PassFolder(finished_pass).manifest["split"]) if finished_pass is not None else "testA"


def _run_of(
    session: Session, baseline: str | None, named: Path | None, track: Track | None, behind_retriever: bool
) -> RunDirectory:
    """The run that answers: the one that is named, the newest of the baseline that is, else the newest that serves the
    tracks asked."""
    from cmivqa_kit.plugin.registry import find_declaration, require_packages
    from cmivqa_kit.prediction.run_choice import newest_serving_run, tracks_of
    from cmivqa_kit.runs.directory import RECORD, open_run
    from cmivqa_kit.runs.finished_runs import newest_run

    folder = named if named is not None else session.workspace.path("run.directory")
    if (folder / RECORD).is_file():
        opened = open_run(folder)
        if baseline not in (None, opened.baseline):
            raise UserError(
                f"{folder}: is a run of {opened.baseline}, not of {baseline}", "Give --run or -m, or a run of that one."
            )
        return opened
    stated = session.workspace.settings["model.baseline"]
    if stated.origin != DEFAULT:
        require_packages(find_declaration(stated.value))  # before advice to train it, which could not be followed
        return newest_run(folder, stated.value)
    opened = newest_serving_run(folder, track, behind_retriever)
    work = "finds spans in given videos" if behind_retriever else f"serves {tracks_in_words(tracks_of(track))}"
    session.say(f"Answering with {opened.path}, the newest finished run that {work}", "dim")
    return opened


def _predict(
    session: Session,
    opened: RunDirectory,
    split: str,
    only: Track | None,
    overrides: tuple[str, ...],
    force: bool,
    sample: int,
    requested: dict[str, Any],
    finished_pass: Path | None,
    group: Group,
    retriever: str,
    streamed: Path | None,
) -> list[Written]:
    from cmivqa_kit.data.corpus import load_split
    from cmivqa_kit.plugin.registry import find_declaration
    from cmivqa_kit.prediction.answer import predict, retriever_of
    from cmivqa_kit.prediction.answer_plan import AnswerPlan, tracks_asked
    from cmivqa_kit.prediction.pairs.pass_options import OnlyPlanned, PassOptions
    from cmivqa_kit.runs.feature_clock import with_clock_of

    declared = find_declaration(opened.baseline)
    pipeline = bool(retriever or retriever_of(finished_pass))
    tracks = tracks_asked(declared, only, pipeline)
    lost = next((text for text in overrides if text.strip().startswith("pipeline.")), None)
    if lost is not None and not pipeline:
        raise UserError(f"--set {lost}: nothing stands in front here", "Give --retriever bm25, a run or a file.")
    speed = Speed(session)
    files = with_clock_of(opened, session.files)
    effective = _options(session, opened, declared, overrides, group, _pipeline(finished_pass) if pipeline else {})
    effective = replace(effective, report=speed.report)

    def announce(cost: Any, first: Any) -> None:
        if requested["plan_only"] and session.json:
            render.as_json(cost_document(cost, first))
        else:
            show_cost(session, cost, first, group.count, requested["budget"])
        speed.start(cost)

    def dev() -> Split | None:
        with suppress(UserError):
            return load_split(files, "dev", 2)
        return None

    label = f"-sample{sample}" if sample else ""
    pass_options = PassOptions(
        force=force, label=label, dev=dev, announce=announce, progress=speed.advance, group=group, **requested
    )
    command = shlex.join(["cmivqa", *sys.argv[1:]])
    try:
        with speed.shown():
            plan = AnswerPlan.in_root(files, split, tracks, streamed or session.workspace.path("output.submission"))
            if streamed and len(plan.files) > 1:
                raise UserError(
                    f"--out -: {len(plan.files)} files would be written, and standard output takes one",
                    "Give --track N, or --out FILE.",
                )
            return predict(
                plan, opened, effective, force, speed.answers, command, sample, pass_options, finished_pass, retriever
            )
    except OnlyPlanned:
        return []


def _pipeline(finished_pass: Path | None) -> Config:
    """The settings of the pipeline before ``--set``: those a kept pass was made with, else the kit's."""
    from cmivqa_kit.prediction.pairs.pass_folder import PassFolder
    from cmivqa_kit.prediction.pipeline import defaults
    from cmivqa_kit.prediction.settings import PIPELINE

    return defaults() if finished_pass is None else {PIPELINE: PassFolder(finished_pass).manifest[PIPELINE]}


def _options(
    session: Session,
    opened: RunDirectory,
    declared: Declaration,
    overrides: tuple[str, ...],
    group: Group,
    more: Config,
) -> PredictOptions:
    from cmivqa_kit.plugin.settings import merge
    from cmivqa_kit.plugin.types import PredictOptions

    return PredictOptions(
        config=merge(opened.config, declared, overrides, more),
        limit=session.files.edition.entries,
        seed=session.workspace["run.seed"],
        device=session.workspace["run.device"] if group.count == 1 else group.device,
    )


def _report(session: Session, opened: RunDirectory, written: list[Written], streamed: bool) -> None:
    from cmivqa_kit.plugin.settings import name_recipe

    if session.json:
        files = [
            {
                "path": w.path,
                "tracks": w.tracks,
                "questions": w.questions,
                "remark": w.remark or None,
                "retriever": w.retriever or None,
            }
            for w in written
        ]
        render.as_json({"run": opened.path, "files": files})
        return
    for file in written:
        names = tracks_in_words(file.tracks)
        system = behind(name_recipe(opened.baseline, opened.recipe), file.retriever)
        session.say(f"{file.path}: {file.questions} questions for {names}, answered by {system}, run {opened.path}")
        if file.remark:
            session.say(f"  {file.remark}", "yellow")
    if not streamed:
        session.next(words("cmivqa", "validate", *(file.path for file in written)))
