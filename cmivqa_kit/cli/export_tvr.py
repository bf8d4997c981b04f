"""`cmivqa export tvr`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli.common import PATH, Session, options, words

if TYPE_CHECKING:
    from cmivqa_kit.entries.ground import OpenGround


@click.command(
    "tvr",
    short_help="Write submissions of Tracks 3 and 1 as predictions of TVR, with its annotations.",
    epilog="Example: cmivqa export tvr submission.json --track1 submission_track1.json --out tvr",
)
@click.argument("file", type=PATH, metavar="FILE")
@click.option("--track1", "spans", type=PATH, metavar="FILE", help="A Track 1 submission for the same questions: SVMR.")
@click.option("--out", type=PATH, default="tvr", show_default=True, metavar="DIR", help="Folder to write into.")
@options("data", "split", "truth", "edition", "encoding", "force", "format")
def command(
    file: Path, spans: Path | None, out: Path, split: str | None, truth: Path | None, encoding: str | None,
    force: bool, form: str, **flags: Any,
) -> None:  # fmt: skip
    """Write tvr_predictions.json of a submission for Track 3 (VCMR and VR) and, with --track1, of one for Track 1
    (SVMR), and of the answers tvr_annotations.jsonl, for TVR's program and `bench score tvr`.

    A question without an answer has a prediction that names no video there, because that program wants one of each.
    Codes as of `export trec`.
    """
    from cmivqa_kit.cli.export_files import answers_of, write
    from cmivqa_kit.entries.entry import open_entry
    from cmivqa_kit.entries.refusals import cannot_be
    from cmivqa_kit.leaderboard.exports.exported import check_folder
    from cmivqa_kit.leaderboard.exports.tvr_files import ANNOTATIONS, PREDICTIONS, tvr
    from cmivqa_kit.submission.read import read_submission

    session = Session(form, split=split, truth=truth, **flags)
    inputs = [path for path in (file, spans, truth) if path is not None]
    check_folder(out, (PREDICTIONS, ANNOTATIONS), force, inputs)
    ground = session.ground(encoding=encoding)
    entry = open_entry(file, ground)
    answers = answers_of(entry, (3,), None)
    track1 = None if spans is None else read_submission(spans, encoding=encoding)
    if track1 is not None and not track1.readable:
        raise cannot_be("exported", track1)
    exported = tvr(
        entry.document.raw, answers.targets, None if track1 is None else track1.raw,
        corpus=_corpus(ground, answers.split), edition=ground.scored_by, entries=ground.scored_by.entries,
    )  # fmt: skip
    write(session, entry, answers, out, exported)
    session.next(words("cmivqa", "bench", "score", "tvr", out / PREDICTIONS, "--truth", out / ANNOTATIONS), ())


def _corpus(ground: OpenGround, split: str) -> list[str]:
    """The videos of the split; none where the answers came without a data root."""
    return [] if ground.truth is not None else list(ground.root.split(split, 3).videos)
