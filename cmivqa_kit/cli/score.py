"""`cmivqa score`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, REPEATED, Session, finish, naming, one_of, options, track_number, words
from cmivqa_kit.cli.published import Beside, beside, preset_option, show, show_sources, to_dict
from cmivqa_kit.data.types import Track
from cmivqa_kit.errors import ExitCode

if TYPE_CHECKING:
    from cmivqa_kit.scoring.card import ScoreCard
    from cmivqa_kit.scoring.files import Scored
    from cmivqa_kit.submission.read import Document


@click.command(
    "score",
    short_help="Score submission files with the official metrics.",
    epilog="Example: cmivqa score submission.json; cmivqa score submission.json --truth answers.json --track 3",
)
@click.argument("files", type=PATH, nargs=-1, required=True, metavar="FILE...")
@options("data", "split", "truth", "track", "edition")
@preset_option
@options("format")
def command(
    files: tuple[Path, ...],
    split: str | None,
    truth: Path | None,
    track: str | None,
    preset: str | None,
    form: str,
    **flags: Any,
) -> None:
    """Score submission files with the official numbers, bit for bit, as fractions (the board's scale).

    The split is worked out from ids and question texts; a 2023 corpus file is scored for Tracks 2 and 3. With --truth
    FILE the answers come from that file, with --preset NAME a baseline's published figures stand beside. Exit code 3
    when a file is unreadable or the official program would crash.
    """
    from cmivqa_kit.cli.validate import expand
    from cmivqa_kit.plugin.published import named
    from cmivqa_kit.prediction.records import find_record
    from cmivqa_kit.submission.read import read_submission

    session = Session(form, split=split, track=track, **flags)
    figures = named(preset) if preset is not None else ()
    codes: list[int] = [ExitCode.OK]
    results: list[dict[str, Any]] = []
    good: list[Path] = []
    paths = list(expand(files))
    for path in paths:
        document = read_submission(path)
        with one_of(len(paths), codes):
            scored = _score(session, document, split, truth, track_number(track))
            if scored is None or document.encoding_fault or any(card.crash for card in scored.cards):
                codes.append(ExitCode.UNREADABLE)
            else:
                good.append(path)
            made_by = find_record(path, session.workspace.path("run.directory"))
            cards = scored.cards if scored else ()
            published = beside(preset, figures, cards, _edition(session, truth)) if cards else []
            results.append(_document(document, scored, made_by, published))
            if not session.json:
                _show(session, document, scored, made_by, published)
    if session.json:
        render.as_json(results)
    else:
        doubtful = next((path for path in paths if path not in good), None)
        if doubtful:
            session.next(words("cmivqa", "validate", doubtful), (*REPEATED, "split", "track"))
        else:
            session.next("cmivqa baselines", ())
    finish(max(codes))


def _score(
    session: Session, document: Document, split: str | None, truth: Path | None, track: Track | None
) -> Scored | None:
    from cmivqa_kit.scoring.files import score_against, score_in

    if not document.readable or (not document.rows and track is None):
        return None  # nothing that could be matched with answers; the findings say why
    if truth is not None:
        return score_against(document, truth, session.edition, track)
    files = session.files
    with naming(document.path):
        return score_in(document, files, split, track, exact=session.workspace.is_demo)


def _edition(session: Session, truth: Path | None) -> str:
    return (session.files.edition if truth is None else session.edition).name


def _document(
    document: Document,
    scored: Scored | None,
    made_by: Mapping[str, Any] | None,
    published: Sequence[Beside | None],
) -> dict[str, Any]:
    status = "unreadable" if scored is None else "ok"
    return {
        "file": document.path,
        "status": status,
        "findings": [finding.to_dict() for finding in document.findings],
        "truth": scored.truth if scored else None,
        "made_by": made_by,
        "scores": [
            {**card.to_dict(), "published": to_dict(one)}
            for card, one in zip(scored.cards if scored else (), published, strict=True)
        ],
    }


def _show(
    session: Session,
    document: Document,
    scored: Scored | None,
    made_by: Mapping[str, Any] | None,
    published: Sequence[Beside | None],
) -> None:
    for finding in document.findings:
        place = f":{finding.line}:{finding.column}" if finding.line else ""
        session.say(f"{document.path}{place}: {finding.code} {finding.message}", "red")
    for card, one in zip(scored.cards if scored else (), published, strict=True):
        _show_card(session, document.path, card)
        show(session, one, made_by)
    show_sources(session, published)
    if made_by is not None:
        from cmivqa_kit.plugin.settings import name_recipe

        system = name_recipe(str(made_by.get("baseline")), str(made_by.get("recipe")))
        session.say(f"  made by {system}, run {made_by.get('run')}", "dim")


def _show_card(session: Session, path: Path, card: ScoreCard) -> None:
    title = f"{path}: Track {card.track}, {card.split}, official"
    if card.crash:
        session.say(title, "bold")
        session.say(
            f"  the official program would crash: {card.crash}. Find the cause: {words('cmivqa', 'validate', path)}",
            "red",
        )
    else:
        names = [card.headline, *(name for name in card.metrics if name != card.headline)]
        session.table(title, [f">{name}" for name in names], [[f"{card.metrics[name]:.4f}" for name in names]])
    counts = card.counts
    extra = ", ".join(f"{counts[key]} {key}" for key in ("missing", "duplicated", "extra", "malformed") if counts[key])
    session.say(f"  {counts['answered']} of {counts['questions']} questions answered{'; ' + extra if extra else ''}")
    session.say(f"  {card.signature}", "dim")
