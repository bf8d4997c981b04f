"""`cmivqa data ...`: check, convert, pack, split, subtitles, token-counts."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import CLOCK, FEATURES, PATH, REPEATED, SECONDS_MOST, Session, finish, options, words
from cmivqa_kit.data.display import count
from cmivqa_kit.errors import SHOWN, ExitCode, UserError
from cmivqa_kit.output_paths import require_writable

if TYPE_CHECKING:
    from cmivqa_kit.data.check import CheckReport
    from cmivqa_kit.data.types import Note

HELP = "Check, convert and split corpora; turn .srt and .vtt into subtitle.json; pack features."


@click.group("data", short_help=HELP, epilog="Example: cmivqa data check --split dev")
def command() -> None:
    """Check, convert and split corpora; turn .srt and .vtt into subtitle.json; pack features."""


@command.command("check", short_help="Say what is in the data and what training would lose.")
@options("data", "split", "baseline", "edition", "features", "seconds-per-row")
@click.option("--all", "everything", is_flag=True, help="List every id, not only those with a finding.")
@click.option(
    "-v", "--verbose", is_flag=True, help="List every note and every bad feature file, not some of each kind."
)
@click.option("--format", "form", type=click.Choice(["text", "json", "csv"]), default="text", metavar="NAME",
              help="text, json or csv.")  # fmt: skip
def check_command(split: str | None, everything: bool, verbose: bool, form: str, **flags: Any) -> None:
    """Say what is in the data: the size of every split, what was noticed, the state of the features (all rows are
    read), then the ids that have a finding, and by which rule they would be dropped from training with the workspace's
    baseline.

    Exit code 1 when there is a finding that drops an example, a split or a feature file cannot be used, or the rows of
    the features are not as long as they are taken for.

    Example: cmivqa data check --split train --all --format csv > check.csv
    """
    from cmivqa_kit.cli.check_view import show_split, show_statistics, split_document, write_csv
    from cmivqa_kit.data.check_root import check_root
    from cmivqa_kit.plugin.registry import find_declaration

    session = Session("text" if form == "text" else "json", **flags)
    drops = find_declaration(session.workspace["model.baseline"]).drops
    files = session.files
    reports, broken = check_root(files, split)
    if not reports and not broken:
        raise UserError(f"{files.root}: no question file found", "Point --data at the organizers' files.")
    if form == "json":
        render.as_json(
            {
                "root": files.root,
                "splits": [split_document(report, drops, everything) for report in reports],
                "unreadable": {name: str(fault) for name, fault in broken.items()},
            }
        )
    elif form == "csv":
        write_csv(reports, drops, everything)
    else:
        show_statistics(session, reports)
        told: set[Note] = set()
        shown: set[str] = set()
        for report in reports:
            show_split(session, report, drops, everything, verbose, told, brief=report.split.name in shown)
            shown.add(report.split.name)
    for name, fault in broken.items():
        click.echo(f"Split {name} cannot be read: {render.safe(fault, newlines=True)}", err=True)
    lost = any(row.dropped_by(drops) for report in reports for row in report.rows)
    if form == "text":
        _next(session, reports, broken, drops)
    fine = all(report.features_usable for report in reports) and not lost and not broken
    finish(ExitCode.OK if fine else ExitCode.FINDINGS)


def _next(session: Session, reports: list[CheckReport], broken: Collection[str], drops: tuple[str, ...]) -> None:
    """Mend what cannot be read; look at what training would refuse; divide, train, or answer."""
    from cmivqa_kit.training.fit import MAX_DROPPED

    splits = session.files.splits
    refused = [
        report.split.name
        for report in reports
        if report.split.name == "train"
        and sum(bool(row.dropped_by(drops)) for row in report.rows) > MAX_DROPPED * len(report.rows)
    ]
    faults = sum(len(report.faults) for report in reports)
    unsettled = next((r.split.features for r in reports if not r.faults and not r.features_usable), None)
    if broken:
        session.say("Mend what cannot be read, then check again.")
        session.next("cmivqa data check")
    elif faults:
        session.say(f"A training that reads features refuses them: mend {count(faults, 'file')}, then check again.")
        session.next("cmivqa data check", (*REPEATED, FEATURES, CLOCK))
    elif unsettled is not None and unsettled.measured is not None:
        session.say("A training that reads features refuses them until it is settled how long a row is.")
        session.next(f"cmivqa data check --seconds-per-row {unsettled.measured.seconds:g}", (*REPEATED, FEATURES))
    elif refused:
        session.say("Training will refuse this: too many examples would be dropped. See each one:")
        session.next("cmivqa data check --split train --all --format csv", (*REPEATED, "baseline", FEATURES))
    elif "train" not in splits:
        session.next(f"cmivqa sample --split {splits[0]} --track {session.files.tracks(splits[0])[-1]}")
    elif "dev" not in splits and len({f.tracks for f in session.files.questions if f.split == "train"}) == 1:
        whole = session.files.question_file("train").path
        # A division has the name of this file: it goes into a folder of its own, where it is found as well.
        out = f" --out {words(whole.parent / 'divided')}" if whole.name == "train.json" else ""
        session.next(f"cmivqa data split{out}")
    else:
        session.next("cmivqa train", (*REPEATED, "baseline", FEATURES, CLOCK))


@command.command("convert", short_help="Convert another corpus to the CMIVQA layout.")
@click.argument("corpus", metavar="NAME")
@click.argument("source", type=PATH, metavar="SRC")
@click.argument("destination", type=PATH, metavar="DST")
@click.option("--protocol", metavar="NAME", help="How to split it; the first of its protocols unless given.")
def convert_command(corpus: str, source: Path, destination: Path, protocol: str | None) -> None:
    """Convert a corpus to the CMIVQA layout. NAME: tutorialvqa (protocols unseen, closed; CC BY-NC 4.0).

    DST must not exist or be empty; it is written whole or not at all.

    Example: cmivqa data convert tutorialvqa downloads/tutorialvqa corpora/tutorialvqa --protocol unseen
    """
    from cmivqa_kit.data.convert import convert_into, converter

    session = Session()
    done = convert_into(converter(corpus), source, destination, protocol)
    splits = ", ".join(f"{name} {count}" for name, count in done.questions.items())
    session.say(f"{done.folder}: {done.videos} videos; questions: {splits}")
    for remark in done.remarks:
        session.say(f"Note: {remark}", "yellow")
    session.say(f"Licence of the corpus: {converter(corpus).licence}")
    session.next(words("cmivqa", "data", "check", "--data", destination))


@command.command("pack", short_help="Write features in another format.")
@click.argument("source", type=PATH, metavar="SRC")
@click.argument("destination", type=PATH, metavar="DST")
@click.option("--format", "form", metavar="NAME",
              help="npy, bigfile (folders), hdf5, npz, safetensors (files); else by the ending of DST.")  # fmt: skip
@click.option(
    "--seconds-per-row",
    type=click.FloatRange(0, SECONDS_MOST, min_open=True),
    metavar="N",
    help="Seconds of a row, to be written down where the format can (hdf5, safetensors).",
)
@options("force")
def pack_command(source: Path, destination: Path, form: str | None, seconds_per_row: float | None, force: bool) -> None:
    """Write the features of SRC in another format: every id with the same numbers in the same type.

    SRC is a folder of .npy files, a BigFile, or a .npz, HDF5 or safetensors file or folder, as its content tells. Ids,
    shapes and numbers (no NaN, nothing infinite) are checked, and all findings are listed. DST is written
    whole or not at all; with --force it replaces a file, or a folder of the same format.

    Example: cmivqa data pack video_feature features.hdf5
    """
    from cmivqa_kit.data.feature_clock import rate_words
    from cmivqa_kit.data.feature_packing import format_for, pack, require_destination
    from cmivqa_kit.data.stores.registry import open_store

    session = Session()
    kind = format_for(destination, form)
    require_destination(destination, kind, source, force)
    store = open_store(source)
    if session.console.is_terminal:
        with render.bar(session.console) as (bar, task):
            bar.update(task, description="packing")
            done = pack(
                store, destination, kind, seconds_per_row, lambda n, total: bar.update(task, completed=n, total=total)
            )
    else:
        done = pack(store, destination, kind, seconds_per_row)
    session.say(f"{destination}: {count(done.ids, 'id')}, {count(done.rows, 'row')} of {done.width:,} ({done.format})")
    if done.seconds_per_row is not None:
        rate = rate_words(done.seconds_per_row)
        lost = "; the format has no place for it: give --seconds-per-row where these features are used"
        session.say(f"{rate}{lost if done.clock_lost else ''}", "yellow" if done.clock_lost else "")
    if session.workspace.is_demo:
        session.next("cmivqa data check --help")
    else:
        session.next(words("cmivqa", "data", "check", "--features", destination))


@command.command("split", short_help="Divide the annotated file into train and dev, by video.")
@options("data", "edition", "seed")
@click.option(
    "--fraction", type=float, default=0.1, show_default=True, metavar="SHARE", help="Share of videos for dev."
)
@click.option(
    "--corpus-size", "size", metavar="all|like-test|N",
    help="Videos that dev is ranked over. Default: as many as the test corpus has where one is there, else all.",
)  # fmt: skip
@click.option("--out", type=PATH, metavar="DIR", help="Folder to write the files into.")
def split_command(fraction: float, size: str | None, out: Path | None, **flags: Any) -> None:
    """Divide the annotated file into train.json and dev.json so that no video is in both.

    The same seed gives the same split on every machine. Records are copied unchanged. dev_corpus.json names the videos
    that the dev questions are ranked over: their own and others by the seed, so that a dev figure is like one on test.
    A division that is there already keeps what it has.

    Example: cmivqa data split --fraction 0.1 --seed 0
    """
    from cmivqa_kit.data.dev_corpus import DEV_CORPUS, corpus_size
    from cmivqa_kit.data.split import divide

    chosen_size = None if size is None else corpus_size(size)
    session = Session(**flags)
    if session.workspace.is_demo:
        raise UserError("the embedded corpus is split already", "To divide your own data give --data DIR.")
    done = divide(session.files, fraction, session.workspace["run.seed"], out, chosen_size)
    session.say(f"{done.train}: {done.records[0]} questions on {done.videos[0]} videos")
    session.say(f"{done.dev}: {done.records[1]} questions on {done.videos[1]} videos")
    if done.corpus is not None:
        drawn, size = done.corpus, f"{len(done.corpus.videos)} of {done.corpus.drawn_from}"
        session.say(f"{done.dev.with_name(DEV_CORPUS)}: dev is ranked over {size} videos ({drawn.corpus_size})")
    if done.train.resolve().is_relative_to(session.files.root.resolve()):
        session.next("cmivqa train", (*REPEATED, "seed"))
    else:
        session.say("That folder is outside the data root: copy subtitle.json and the features beside the two files.")
        session.next(words("cmivqa", "data", "check", "--data", done.train.parent), ())


@command.command("subtitles", short_help="Turn .srt and .vtt files into subtitle.json.")
@click.argument("source", type=PATH, metavar="SRC")
@click.argument("destination", type=PATH, default=Path("subtitle.json"), metavar="[DST]")
@click.option("--language", metavar="CODE", help="Which language to take where a video has several (zh, en).")
@options("encoding", "force")
def subtitles_command(source: Path, destination: Path, language: str | None, encoding: str | None, force: bool) -> None:
    """Turn a .srt or .vtt file, or a folder of them, into subtitle.json; the video id is taken from the file name.

    Example: cmivqa data subtitles downloads/subtitles data/testA/subtitle.json --language zh
    """
    from cmivqa_kit.data.srt import convert_folder

    session = Session()
    require_writable(destination, force, [source], fix="Name another file, or give --force to replace it.")
    done = convert_folder(source, destination, language, encoding)
    for note in done.notes[:SHOWN]:
        session.say(f"Note: {note.subject}: {note.why}", "yellow")
    if len(done.notes) > SHOWN:
        session.say(f"... and {len(done.notes) - SHOWN} more notes", "yellow")
    session.say(f"{destination}: {done.videos} videos, {done.lines} lines")
    if session.workspace.is_demo:
        session.say("It belongs into a data root, beside the question file of its split: see init --from.")
        session.next("cmivqa init --help")
    elif destination.resolve().is_relative_to(session.workspace.data_root().resolve()):
        session.next("cmivqa data check")
    else:
        session.next(words("cmivqa", "init", "--from", destination))


@command.command("token-counts", short_help="Count the tokens of a benchmark's sentences, for MESM's labels.")
@click.argument("benchmark", metavar="BENCHMARK")
@click.option("--data", type=PATH, required=True, metavar="ROOT", help="Folder that holds the benchmark's files.")
@click.option("--tokenizer", type=PATH, metavar="DIR", help="CLIP's tokenizer; without it only words are counted.")
@click.option("--split", "splits", multiple=True, metavar="NAME",
              help="Whose sentences; may be repeated. Else those of the published files.")  # fmt: skip
@click.option("--max-words", type=click.IntRange(3), metavar="N", help="Tokens of a sentence, CLIP's two marks too.")
@click.option("--out", type=PATH, required=True, metavar="DIR", help="Folder for the count files.")
@options("force")
def token_counts_command(
    benchmark: str, data: Path, tokenizer: Path | None, splits: tuple[str, ...], max_words: int | None, out: Path,
    force: bool,
) -> None:  # fmt: skip
    """Count the tokens in the sentences of a benchmark of moments: GloVe_tokenized_count.txt, and with --tokenizer
    CLIP_tokenized_count.txt, byte for byte as MESM's authors published them.

    The published files count the evaluated sentences too. For labels without them: --split train.

    Example: cmivqa data token-counts charades-sta --data data/charades --tokenizer clip-vit-base-patch32 --out counts
    """
    from cmivqa_kit.bench.tasks.moments.token_counts import (
        CLIP_COUNTS,
        GLOVE_COUNTS,
        benchmark_sentences,
        clip_counts,
        glove_counts,
        published_longest,
    )
    from cmivqa_kit.files import write_text

    session = Session()
    tokens = None
    if tokenizer is not None:
        from cmivqa_kit.neural.clip_tokens import ClipTokens

        tokens = ClipTokens(tokenizer)
    sentences = benchmark_sentences(benchmark, data, splits)
    files = {GLOVE_COUNTS: glove_counts(sentences)}
    if tokens is not None:
        files[CLIP_COUNTS] = clip_counts(sentences, tokens, max_words or published_longest(benchmark))
    for name in files:
        require_writable(out / name, force)
    out.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        write_text(out / name, text)
        session.say(f"{out / name}: {count(text.count(chr(10)), 'token')} of {count(len(sentences), 'sentence')}")
    session.next("cmivqa bench check --help")
