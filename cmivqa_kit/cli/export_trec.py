"""`cmivqa export trec`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cmivqa_kit.cli.common import PATH, REPEATED, Session, options, track_number, words


@click.command(
    "trec",
    short_help="Write a ranked submission as a TREC run, with the qrels of its answers.",
    epilog="Example: cmivqa export trec submission.json --out trec",
)
@click.argument("file", type=PATH, metavar="FILE")
@click.option("--out", type=PATH, default="trec", show_default=True, metavar="DIR", help="Folder to write into.")
@click.option(
    "--tag", default="cmivqa-kit", show_default=True, metavar="NAME", help="Name of the run in its last column."
)
@options("data", "split", "truth", "track", "edition", "encoding", "force", "format")
def command(
    file: Path, out: Path, tag: str, split: str | None, truth: Path | None, track: str | None, encoding: str | None,
    force: bool, form: str, **flags: Any,
) -> None:  # fmt: skip
    """Write run.trec and qrels.trec of a submission for Track 2 or 3, for trec_eval, ir-measures and pytrec_eval.

    A video counts once, where it first stands among the 50 entries. Over all topics (trec_eval -c) recip_rank is the
    strict MRR and success_k the strict R@k; over those of the run questions without an answer are left out, as from
    the official MRR. Refused are ids with white space (E801) and malformed entries (E802); a question answered more
    than once is left out (W803).
    """
    from cmivqa_kit.cli.export_files import answers_of, write
    from cmivqa_kit.entries.entry import open_entry
    from cmivqa_kit.leaderboard.exports.exported import check_folder
    from cmivqa_kit.leaderboard.exports.trec_files import QRELS, RUN, trec

    session = Session(form, split=split, truth=truth, track=track, **flags)
    check_folder(out, (QRELS, RUN), force, [file, *([] if truth is None else [truth])])
    entry = open_entry(file, session.ground(encoding=encoding))
    answers = answers_of(entry, (2, 3), track_number(track))
    exported = trec(entry.document.raw, answers.targets, answers.track, tag=tag, entries=entry.ground.scored_by.entries)
    write(session, entry, answers, out, exported)
    session.next(words("cmivqa", "score", file), (*REPEATED, "split", "truth", "track", "encoding"))
