"""`cmivqa bench ...`: list, check, train, predict, score, compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.bench_systems import predict_command, train_command
from cmivqa_kit.cli.choice import comparison_options, resampling_options
from cmivqa_kit.cli.common import PATH, Session, error_of_each, finish, options, words
from cmivqa_kit.errors import SHOWN, ExitCode, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cmivqa_kit.bench.contract.types import SplitCheck
    from cmivqa_kit.bench.report.card import BenchCard

HELP = "Published benchmarks: list them, check their data, train systems, score and compare predictions."
_TRUTH = click.option(
    "--truth", type=PATH, multiple=True, metavar="FILE", help="Annotations to score against; may be repeated."
)
_DATA = click.option("--data", type=PATH, metavar="ROOT", help="Folder that holds the benchmark's files.")
_SPLIT = click.option("--split", metavar="NAME", help="Split of the benchmark; its first one unless given.")


@click.group("bench", short_help=HELP, epilog="Example: cmivqa bench list")
def command() -> None:
    """Published benchmarks: list them, check their data, train systems on them, score and compare predictions.

    Numbers are those of each benchmark's own program; the kit's metrics stand beside, with intervals clustered by
    video. Your own benchmark appears here when it names a Benchmark in the entry-point group cmivqa_kit.benchmarks.
    """


@command.command("list", short_help="List the benchmarks: task, splits, how predictions are handed in.")
@options("format")
def list_command(form: str) -> None:
    """List the benchmarks: what is asked, their splits, how predictions are handed in.

    Example: cmivqa bench list --format json
    """
    from cmivqa_kit.bench.contract.registry import benchmark_names, find_benchmark

    session = Session(form)
    benchmarks = [find_benchmark(name) for name in benchmark_names()]
    if session.json:
        keys = ("name", "title", "task", "splits", "truth", "prediction", "paper", "program")
        render.as_json([{key: getattr(benchmark, key) for key in keys} for benchmark in benchmarks])
        return
    rows = [[b.name, b.task, " ".join(b.splits), b.prediction] for b in benchmarks]
    session.table("Benchmarks", ["name", "task", "splits", "predictions"], rows)
    session.next("cmivqa bench check --help")


@command.command("check", short_help="Say what of a benchmark's files is there, and what is wrong with it.")
@click.argument("name", metavar="NAME")
@click.option("--data", type=PATH, required=True, metavar="ROOT", help="Folder that holds the benchmark's files.")
@_SPLIT
@click.option(
    "--features",
    type=PATH,
    metavar="STORE",
    help="Features to hold against the videos: a file or folder of any format.",
)
@options("format")
def check_command(name: str, data: Path, split: str | None, features: Path | None, form: str) -> None:
    """Say what of a benchmark's files is there below ROOT: queries, videos, and everything wrong with them.

    With --features the features of every video are read: which are missing, of another width, or not finite. Exit code
    1 when something is wrong, 2 when nothing of the benchmark is there.

    Example: cmivqa bench check charades-sta --data data/charades/annotations
    """
    from cmivqa_kit.bench.contract.registry import create_evaluator, find_benchmark
    from cmivqa_kit.bench.report.feature_check import with_features
    from cmivqa_kit.bench.report.scoring import require_split
    from cmivqa_kit.data.stores.registry import open_store

    session = Session(form)
    benchmark = find_benchmark(name)
    if split is not None:
        require_split(benchmark, split)
    if not data.is_dir():
        raise UserError(f"{data}: no such folder", f"Name the folder that holds: {benchmark.truth}.")
    evaluator = create_evaluator(benchmark)
    checks = [evaluator.check(data, each) for each in ([split] if split else benchmark.splits)]
    if features is not None:
        store = open_store(features)
        checks = [with_features(check, store) for check in checks]
    there = [check for check in checks if check.files or check.problems]
    if not there:
        raise UserError(f"{data}: nothing of {name} is there", f"Expected: {benchmark.truth}.")
    if session.json:
        render.as_json({"benchmark": name, "root": data, "splits": [_check_document(check) for check in there]})
    else:
        for check in checks:
            _show_check(session, check)
        first = next((check.split for check in there if not check.problems), there[0].split)
        session.say(f"Predictions are handed in as: {benchmark.prediction}.")
        session.say(f"Score them on {first} with `bench score`:")
        session.next("cmivqa bench score --help")
    finish(ExitCode.FINDINGS if any(check.problems for check in there) else ExitCode.OK)


command.add_command(train_command)
command.add_command(predict_command)


def _check_document(check: SplitCheck) -> dict[str, Any]:
    return {
        "split": check.split,
        "files": list(check.files),
        "counts": dict(check.counts),
        "problems": [{"location": problem.location, "message": problem.message} for problem in check.problems],
        "remarks": list(check.remarks),
    }


def _show_check(session: Session, check: SplitCheck) -> None:
    if not check.files and not check.problems:
        session.say(f"{check.split}: not there", "dim")
        return
    counts = ", ".join(f"{number:,} {noun}" for noun, number in check.counts.items())
    session.say(f"{check.split}: {counts or 'cannot be read'}", "bold")
    for problem in check.problems[:SHOWN]:
        session.say(f"  {problem.location}: {problem.message}", "red")
    if len(check.problems) > SHOWN:
        session.say(f"  ... and {len(check.problems) - SHOWN} more", "red")
    for remark in check.remarks:
        session.say(f"  {remark}", "yellow")


@command.command("score", short_help="Score predictions: the official numbers, the kit's metrics, intervals.")
@click.argument("name", metavar="NAME")
@click.argument("predictions", type=PATH, nargs=-1, required=True, metavar="PRED...")
@_TRUTH
@_DATA
@_SPLIT
@click.option(
    "--per-question", type=PATH, metavar="FILE", help="Write the values of every query to FILE: .jsonl or .csv."
)
@options("force")
@click.option("--no-intervals", is_flag=True, help="Leave out the 95% intervals.")
@resampling_options("Bootstrap resamples for the intervals.", "Seed of the resamples.")
@click.option("--published", metavar="NAME", help="Show a system's published figures beside.")
@click.option("-v", "--verbose", is_flag=True, help="Everything that the official program prints.")
@options("format")
def score_command(
    name: str,
    predictions: tuple[Path, ...],
    truth: tuple[Path, ...],
    data: Path | None,
    split: str | None,
    per_question: Path | None,
    force: bool,
    no_intervals: bool,
    resamples: int,
    seed: int,
    published: str | None,
    verbose: bool,
    form: str,
) -> None:
    """Score predictions on a benchmark, each PRED a system's file (or folder) as the benchmark's community hands it in.

    What the official program prints stands in its own units and rounding; the kit's metrics are fractions, and count a
    query without an answer as missed. Annotations come from --truth FILE, or from --data ROOT and --split. Exit code 3
    when predictions are unreadable or the official program would stop.

    Example: cmivqa bench score qvhighlights pred.jsonl --truth highlight_val_release.jsonl
    """
    from cmivqa_kit.bench.contract.registry import find_benchmark
    from cmivqa_kit.bench.report.card_text import card_blocks
    from cmivqa_kit.bench.report.published import named_figures
    from cmivqa_kit.bench.report.scoring import open_ground
    from cmivqa_kit.cli.perquestion import check_target
    from cmivqa_kit.cli.scorecard import show_blocks
    from cmivqa_kit.scoring.statistics.bootstrap import Resampling

    session = Session(form)
    benchmark = find_benchmark(name)
    figures = named_figures(published, name) if published else ()
    if per_question is not None:
        check_target(per_question, force, [*predictions, *truth])
    ground = open_ground(benchmark, truth, data, split)
    resampling = None if no_intervals else Resampling(resamples, seed)
    codes: list[int] = [ExitCode.OK]
    cards: list[BenchCard] = []
    for path in predictions:
        with error_of_each(len(predictions), codes):
            card = ground.score(path, resampling, figures)
            if card.evaluation.crash:
                codes.append(ExitCode.UNREADABLE)
            cards.append(card)
    rows = 0 if per_question is None else _write_rows(per_question, cards)
    if session.json:
        render.as_json([card.to_dict() for card in cards])
    else:
        for at, card in enumerate(cards):
            if at:
                session.say("")
            show_blocks(session, card_blocks(card, verbose))
    if per_question is not None:
        session.say(f"{per_question}: {rows} rows" if rows else f"{per_question}: not written, nothing scored")
    _next(session, name, cards, ground.files)
    finish(max(codes))


def _write_rows(path: Path, cards: Sequence[BenchCard]) -> int:
    """Write a row per query and system; how many there are."""
    from cmivqa_kit.cli.perquestion import write_table

    rows = [{"file": str(card.path), **row} for card in cards for row in card.rows()]
    if rows:
        write_table(path, list(rows[0]), rows)
    return len(rows)


def _next(session: Session, name: str, cards: Sequence[BenchCard], files: Sequence[Path]) -> None:
    if len(cards) > 1:
        truth = [word for path in files for word in ("--truth", path)]
        session.next(words("cmivqa", "bench", "compare", name, *(card.path for card in cards), *truth), ())
    else:
        session.next("cmivqa bench compare --help")


@command.command("compare", short_help="Tell whether one system is better than another, or only luckier.")
@click.argument("name", metavar="NAME")
@click.argument("predictions", type=PATH, nargs=-1, required=True, metavar="BASELINE PRED...")
@_TRUTH
@_DATA
@_SPLIT
@comparison_options("system", "all queries of a video, or each query")
@resampling_options("Bootstrap resamples and randomizations.", "Seed of everything random.")
@options("format")
def compare_command(
    name: str,
    predictions: tuple[Path, ...],
    truth: tuple[Path, ...],
    data: Path | None,
    split: str | None,
    metrics: tuple[str, ...],
    all_pairs: bool,
    by: Literal["video", "question"],
    resamples: int,
    seed: int,
    form: str,
) -> None:
    """Compare systems on a benchmark with the first one, query by query.

    Per metric: the difference, its interval (bootstrap over videos), the p-value of a paired randomization test before
    and after Holm's correction, and on how many queries the second wins, ties and loses. A median is compared as a
    median. Exit code 0 whoever wins.

    Example: cmivqa bench compare charades-sta base.jsonl mine.jsonl --truth charades_sta_test.txt
    """
    from cmivqa_kit.bench.contract.registry import find_benchmark
    from cmivqa_kit.bench.report.card import compare_cards
    from cmivqa_kit.bench.report.scoring import open_ground
    from cmivqa_kit.cli.comparison_view import show_bench_comparison
    from cmivqa_kit.scoring.statistics.paired import Settings

    session = Session(form)
    if len(predictions) < 2:
        raise UserError(f"{predictions[0]}: one file is no comparison", "Name two or more, the baseline first.")
    ground = open_ground(find_benchmark(name), truth, data, split)
    cards = [ground.score(path, None) for path in predictions]
    comparison = compare_cards(cards, metrics, Settings(by, resamples, seed), all_pairs)
    if session.json:
        render.as_json(comparison.to_dict())
        return
    show_bench_comparison(session, comparison)
    again = [word for path in ground.files for word in ("--truth", path)]
    session.next(words("cmivqa", "bench", "score", name, *predictions, *again), ())
