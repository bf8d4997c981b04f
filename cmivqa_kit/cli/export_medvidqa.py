"""`cmivqa export medvidqa`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cmivqa_kit.cli.common import PATH, Session, options, track_number, words


@click.command(
    "medvidqa",
    short_help="Write a ranked submission as a run of TREC 2024 MedVidQA, with its judgements.",
    epilog="Example: cmivqa export medvidqa submission.json --out medvidqa",
)
@click.argument("file", type=PATH, metavar="FILE")
@click.option("--out", type=PATH, default="medvidqa", show_default=True, metavar="DIR", help="Folder to write into.")
@options("data", "split", "truth", "track", "edition", "encoding", "force", "format")
def command(
    file: Path, out: Path, split: str | None, truth: Path | None, track: str | None, encoding: str | None,
    force: bool, form: str, **flags: Any,
) -> None:  # fmt: skip
    """Write run.json of a submission for Track 3 or 2, and of its answers vr_judgement.json, val_judgement.json (Track
    3) and topics.tsv, for the program of TREC 2024 MedVidQA and `bench score medvidqa-2024`.

    Question k of the answers is called Qk there; a video counts once, with the span of its first entry. Codes as of
    `export trec`.
    """
    from cmivqa_kit.cli.export_files import answers_of, write
    from cmivqa_kit.entries.entry import open_entry
    from cmivqa_kit.leaderboard.exports.exported import check_folder
    from cmivqa_kit.leaderboard.exports.medvidqa_files import LOCALIZATION, RETRIEVAL, RUN, TOPICS, medvidqa

    session = Session(form, split=split, truth=truth, track=track, **flags)
    names = (RUN, RETRIEVAL, LOCALIZATION, TOPICS)
    check_folder(out, names, force, [file, *([] if truth is None else [truth])])
    entry = open_entry(file, session.ground(encoding=encoding))
    answers = answers_of(entry, (3, 2), track_number(track))
    exported = medvidqa(entry.document.raw, answers.targets, answers.track, entries=entry.ground.scored_by.entries)
    write(session, entry, answers, out, exported)
    judged = [word for name in exported.answers for word in ("--truth", out / name)]
    session.next(words("cmivqa", "bench", "score", "medvidqa-2024", out / RUN, *judged), ())
