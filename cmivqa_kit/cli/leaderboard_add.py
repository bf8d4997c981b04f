"""`cmivqa leaderboard add`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, REPEATED, Session, error_of_each, finish, options, words
from cmivqa_kit.cli.leaderboard import submissions_of
from cmivqa_kit.errors import ExitCode, UserError

if TYPE_CHECKING:
    from cmivqa_kit.editions.board import BoardRules
    from cmivqa_kit.entries.ground import OpenGround
    from cmivqa_kit.leaderboard.attachments import Mail
    from cmivqa_kit.leaderboard.intake import Details, Receipt

HELP = "File attachments as they came, and print the replies to the teams."


@click.command("add", short_help=HELP)
@click.argument("paths", type=PATH, nargs=-1, required=True, metavar="FILE|DIR...")
@click.option("--team", metavar="NAME", help="Team that sent the files. In a DIR each folder is called as its team.")
@click.option("--received", metavar="TIME", help="When it came, ISO 8601; without an offset in Shanghai. Default: now.")
@click.option("--into", type=PATH, metavar="DIR", help="Folder of all entries. Default: the workspace's submissions/.")
@click.option(
    "--standing",
    type=click.Choice(["competing", "baseline", "late"]),
    default="competing",
    metavar="NAME",
    help="competing, or shown outside of the ranking: baseline, late.",
)
@click.option("--title", default="", metavar="TEXT", help="Name of the entry.")
@click.option("--method", default="", metavar="TEXT", help="What it does, in a sentence.")
@click.option("--link", default="", metavar="URL", help="Paper or code.")
@click.option("--hardware", default="", metavar="TEXT", help="What it was trained on.")
@click.option("--external-data", default="", metavar="TEXT", help="Data from elsewhere that it used.")
@options("data", "truth", "split", "track", "edition", "format")
def command(
    paths: tuple[Path, ...],
    team: str | None,
    received: str | None,
    into: Path | None,
    standing: str,
    split: str | None,
    track: str | None,
    truth: Path | None,
    form: str,
    title: str,
    method: str,
    link: str,
    hardware: str,
    external_data: str,
    **flags: Any,
) -> None:
    """File attachments as they came in e-mails, and print a reply to each team in Chinese and English.

    FILE is a submission, or a zip or tar (gz, bz2, xz) with one in it. DIR holds one folder per team, called as the
    team; one without folders is a team's own. Each attachment is validated on the questions of the data root (or of
    --truth) and filed as EDITION/TEAM/RUN with its record, entry.toml. One that is not valid is filed as rejected, and
    counts towards no limit. The same file twice is filed once; nothing is overwritten. Exit code 1 when any was
    rejected.

    Example: cmivqa leaderboard add submission.zip --team WAN --received 2023-05-01T18:30
    """
    from cmivqa_kit.entries.files import left_out_lines
    from cmivqa_kit.entries.ground import require_truth
    from cmivqa_kit.leaderboard.attachments import mail_of
    from cmivqa_kit.leaderboard.intake import Details, edition_of, receive
    from cmivqa_kit.leaderboard.records import Standing

    session = Session(form, split=split, track=track, truth=truth, **flags)
    ground = session.ground()
    require_truth(ground)
    edition = edition_of(ground)
    mail = mail_of(paths, team)
    for line in left_out_lines(mail.left_out):
        session.say(line, "yellow")
    details = Details(
        _received(received, edition.board), Standing(standing), title, method, link, hardware, external_data
    )
    submissions = into or submissions_of(session)
    codes: list[int] = [ExitCode.OK]
    receipts: list[Receipt] = []
    for attachment in mail.attachments:
        with error_of_each(len(mail.attachments), codes):
            receipt = receive(attachment, details, ground, submissions)
            receipts.append(receipt)
            codes.append(ExitCode.OK if receipt.accepted else ExitCode.FINDINGS)
            if not session.json:
                _show(session, receipt)
    if session.json:
        render.as_json(_document(submissions, details, mail, receipts))
    else:
        if len(receipts) > 1:
            rows = [(r.attachment.path, r.entry.team, r.entry.state.value, r.entry.folder) for r in receipts]
            session.table("", ["attachment", "team", "state", "filed as"], rows)
        _next_step(session, ground, into, receipts)
    finish(max(codes))


def _received(text: str | None, rules: BoardRules) -> datetime:
    """The moment that a flag names; now where there is none."""
    from cmivqa_kit.leaderboard.entry_toml import require_day

    if text is None:
        return datetime.now(rules.zone).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=rules.zone)
        require_day(moment)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is no time; write it as 2023-05-01T18:30, with +08:00 behind where it is not Shanghai's.",
            param_hint="--received",
        ) from None
    return moment


def _show(session: Session, receipt: Receipt) -> None:
    """What became of an attachment, and the reply between two rules."""
    from cmivqa_kit.leaderboard.reply import over_limit, reply_to

    entry = receipt.entry
    done = "was filed before as" if receipt.known else "filed as"
    session.say(
        f"{receipt.attachment.path} ({entry.team}): {entry.state.value}, {done} {entry.folder}",
        "green" if receipt.accepted else "red",
    )
    if entry.team != receipt.attachment.team:
        session.say(f"  The team is spelled as in its first entry, not {receipt.attachment.team!r}.", "yellow")
    if over_limit(receipt):
        session.say("  The team had used up its limit: the ranking will leave this entry out.", "yellow")
    for remark in receipt.remarks:
        session.say(f"  {remark}", "yellow")
    reply = reply_to(receipt)
    session.say("-" * 20 + " reply " + "-" * 20, "dim")
    for line in (*reply.chinese, "", *reply.english):
        session.say(line)
    session.say("-" * 47, "dim")


def _next_step(session: Session, ground: OpenGround, into: Path | None, receipts: list[Receipt]) -> None:
    """The board, where something was accepted and there are answers to score it; else a look at what was rejected."""
    from cmivqa_kit.leaderboard.grounds import grounds_of

    rejected = [receipt.attachment.path for receipt in receipts if not receipt.accepted]
    if len(rejected) < len(receipts):
        try:
            grounds_of(ground.on(track=None))
        except UserError:  # the answers are elsewhere
            session.next("cmivqa leaderboard show --help", ())
        else:
            session.next(
                words("cmivqa", "leaderboard", "show", *([] if into is None else [into])), (*REPEATED, "split", "truth")
            )
    elif rejected:
        session.next(words("cmivqa", "validate", *rejected), (*REPEATED, "split", "truth", "track"))


def _document(submissions: Path, details: Details, mail: Mail, receipts: list[Receipt]) -> dict[str, Any]:
    from cmivqa_kit.leaderboard.reply import over_limit, reply_to

    return {
        "submissions": submissions,
        "received": details.received.isoformat(),
        "left_out": [{"file": left.path, "reason": left.reason} for left in mail.left_out],
        "attachments": [
            {
                "file": receipt.attachment.path,
                "team": receipt.entry.team,
                "state": receipt.entry.state.value,
                "standing": receipt.entry.standing.value,
                "known": receipt.known,
                "folder": receipt.entry.folder,
                "edition": receipt.entry.edition,
                "run": receipt.entry.run,
                "tracks": list(receipt.entry.tracks),
                "split": receipt.report.split,
                "sha256": receipt.entry.files[0].sha256,
                "counted_before": receipt.used,
                "over_limit": over_limit(receipt),
                "reasons": list(receipt.entry.reasons),
                "remarks": list(receipt.remarks),
                "findings": [finding.to_dict() for finding in receipt.report.findings],
                "reply": {
                    "zh": "\n".join(reply_to(receipt).chinese),
                    "en": "\n".join(reply_to(receipt).english),
                },
            }
            for receipt in receipts
        ],
    }
