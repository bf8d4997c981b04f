"""A diagnosis as a person reads it: the loss by class first, then bounds, groups, warnings, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from cmivqa_kit.cli.common import Session
from cmivqa_kit.data.display import count, short_repr
from cmivqa_kit.diagnosis import Diagnosis
from cmivqa_kit.diagnosis.groups import SMALL
from cmivqa_kit.scoring.card_text import counted

WIDTH = 40  # characters of a bar that stands for a whole score
WON, COLOURS = "green", ("red", "magenta", "yellow", "cyan")
SHORT = {
    "retrieval-miss": "miss", "unanswered": "unanswered", "ranked-low": "low", "wrong-span": "wrong",
    "boundary": "boundary",
}  # fmt: skip


def show(session: Session, path: Path, diagnosis: Diagnosis, made_by: str | None) -> None:
    """Print everything, the one-minute view first."""
    card = diagnosis.card
    card, context = diagnosis.card, diagnosis.context
    session.say(f"{path}: Track {card.track}, {card.split}, {count(len(diagnosis.outcomes), 'question')}", "bold")
    session.say("")
    session.say(f"  {card.headline} {diagnosis.score:.4f} strict, {diagnosis.loss:.4f} lost", "bold cyan")
    for remark in diagnosis.remarks[: len(diagnosis.remarks) - len(context.remarks)]:
        session.say(f"  {remark}", "yellow")
    session.say("")
    _bars(session, diagnosis)
    if card.track != 1:
        _by_cutoff(session, diagnosis)
    _bounds(session, diagnosis)
    _calibration(session, diagnosis)
    _groups(session, diagnosis)
    _warnings(session, diagnosis)
    for remark in context.remarks:
        session.say(f"  {remark}", "dim")
    if diagnosis.corpus_videos is not None:
        session.say(f"  ranked among the {count(diagnosis.corpus_videos, 'video')} of {card.split}", "dim")
    if made_by is not None:
        session.say(f"  made by {made_by}", "dim")
    session.say(f"  {card.signature}", "dim")
    session.say("")
    session.say(f"What to do: {diagnosis.next}", "bold")


def _shown(diagnosis: Diagnosis) -> list[int]:
    """Which classes are shown: on Track 1 the video is given, and nothing can be ranked too low."""
    return [0, 2, 3] if diagnosis.card.track == 1 else [0, 1, 2, 3]


def _bars(session: Session, diagnosis: Diagnosis) -> None:
    """Where a whole score of 1 goes: what is won, and what each class takes."""
    block = "\u2588" if session.console.encoding.lower().startswith("utf") else "#"
    won = (diagnosis.card.headline, diagnosis.score, sum(one.score > 0 for one in diagnosis.outcomes), WON)
    lost = [
        (diagnosis.classes[at].title, diagnosis.shares[at].share, diagnosis.shares[at].questions, COLOURS[at])
        for at in _shown(diagnosis)
    ]
    rows = [
        [f"  {title}", f"{share:.4f}", questions, Text(block * max(round(WIDTH * share), int(share > 0)), style=colour)]
        for title, share, questions, colour in (won, *lost)
    ]
    session.table("", ["  where 1.0 goes", ">share", ">questions", ""], rows)
    if diagnosis.unanswered:
        lost_so = diagnosis.unanswered / len(diagnosis.outcomes)
        title = diagnosis.classes[0].title
        session.say(f"  of the {title}: {count(diagnosis.unanswered, 'question')} unanswered, {lost_so:.4f}", "yellow")
    counts = ", ".join(f"{one['questions']} {one['title']}" for one in diagnosis.label_counts() if one["questions"])
    session.say(f"  each question by what costs it most: {counts}", "dim")
    session.say(f"  {counted(diagnosis.card)}", "dim")
    session.say("")


def _by_cutoff(session: Session, diagnosis: Diagnosis) -> None:
    """The same at every cut-off; the columns add up to 1."""
    means = [1 - sum(share.by_cutoff[c] for share in diagnosis.shares) for c in range(len(diagnosis.cutoffs))]
    rows = [_numbers("R@k|mIoU", [*means, diagnosis.score])]
    rows += [
        _numbers(one.title, [*share.by_cutoff, share.share])
        for one, share in zip(diagnosis.classes, diagnosis.shares, strict=True)
    ]
    session.table("", ["  within the first k", *_cutoffs(diagnosis), f">{diagnosis.card.headline}"], rows)
    session.say("")


def _bounds(session: Session, diagnosis: Diagnosis) -> None:
    """What the score would be if, with the trivial prior among the ifs."""
    cutoffs = _cutoffs(diagnosis) if diagnosis.oracles else []  # on Track 1 there is only one
    blank = [""] * len(cutoffs)
    rows = [_numbers(one.title, [*one.values, one.average]) for one in diagnosis.oracles]
    rows += [[f"  {one.title}", *blank, f"{one.value:.4f}"] for one in diagnosis.priors]
    if not rows:
        return
    session.table("", ["  what if", *cutoffs, f">{diagnosis.card.headline}"], rows)
    for one in diagnosis.oracles:
        session.say(f"  {one.title}: {one.note}", "dim")
    prior = diagnosis.context.prior
    if prior is not None:
        session.say(
            f"  the prior: {prior.start:.1%} to {prior.end:.1%} of the video, the median of {prior.answers} training "
            "answers, whatever is asked",
            "dim",
        )
    session.say("")


def _calibration(session: Session, diagnosis: Diagnosis) -> None:
    """Expected beside real IoU of first answers, where the run kept what it expected."""
    calibration = diagnosis.calibration
    if calibration is None:
        return
    rows: list[list[object]] = [[f"  {one.n}", f"{one.expected:.4f}", f"{one.real:.4f}"] for one in calibration.groups]
    session.table("", ["  first answers", ">expected IoU", ">real IoU"], rows)
    session.say(
        f"  of {count(calibration.questions, 'first answer')}: expected {calibration.expected:.4f}, real "
        f"{calibration.real:.4f}, mean distance of the groups {calibration.error:.4f}",
        "dim",
    )
    session.say("")


def _groups(session: Session, diagnosis: Diagnosis) -> None:
    shown = _shown(diagnosis)
    head = [
        "  by group",
        ">n",
        f">{diagnosis.card.headline}",
        *(f">{SHORT[diagnosis.classes[at].key]}" for at in shown),
    ]
    rows: list[list[object]] = []
    for grouping in diagnosis.groups:
        rows.append([Text(f"  {grouping.title}", style="bold"), *[""] * (len(head) - 1)])
        for row in grouping.rows:
            numbers = [f"{value:.4f}" for value in (row.score, *(row.shares[at] for at in shown))]
            rows.append([f"    {row.name}", f"{row.n}{'*' if row.small else ''}", *numbers])
    session.table("", head, rows)
    if any(row.small for grouping in diagnosis.groups for row in grouping.rows):
        session.say(f"  * fewer than {SMALL} questions: says next to nothing", "dim")
    session.say("")


def _warnings(session: Session, diagnosis: Diagnosis) -> None:
    for one in diagnosis.warnings:
        ids = ", ".join(map(short_repr, one.ids))
        more = f" and {one.questions - len(one.ids)} more" if one.questions > len(one.ids) else ""
        session.say(f"  {one.code}: {one.message}", "yellow")
        session.say(f"    {one.fix}")
        session.say(f"    ids {ids}{more}", "dim")
    if diagnosis.warnings:
        session.say("")


def _cutoffs(diagnosis: Diagnosis) -> list[str]:
    return [f">k={k}" for k in diagnosis.cutoffs]


def _numbers(title: str, values: Sequence[float]) -> list[object]:
    return [f"  {title}", *(f"{value:.4f}" for value in values)]
