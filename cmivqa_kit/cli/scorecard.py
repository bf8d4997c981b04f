"""A scored file on the terminal: its cards, published figures beside, the run that made it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.text import Text

from cmivqa_kit.cli.common import REPEATED, Session
from cmivqa_kit.cli.published import show, show_sources
from cmivqa_kit.data.text_blocks import Block, Line
from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.entries.scores import ScoreWithIntervals
from cmivqa_kit.runs.provenance import made_by
from cmivqa_kit.scoring.card_text import card_blocks


@dataclass(frozen=True, slots=True)
class Look:
    """What was asked for: ``raw``, the program's own units beside; ``part``, only some of the questions."""

    raw: bool = False
    part: bool = False


def check_flags(session: Session) -> str:
    """The flags that validating a file of this call needs, too."""
    return session.again("", (*REPEATED, "split", "truth", "track")).strip()


def show_findings(session: Session, entry: Entry) -> None:
    """What is wrong with the file as a whole, a line each."""
    for finding in entry.findings:
        place = f":{finding.line}:{finding.column}" if finding.line else ""
        session.say(f"{entry.path}{place}: {finding.code} {finding.message}", "red")


def ranked_among(score: ScoreWithIntervals) -> str:
    """Over how many videos recall was measured."""
    return f"Track {score.card.track} is ranked among the {score.corpus_videos:,} videos of {score.card.split}"


def show_file(session: Session, entry: Entry, look: Look) -> None:
    """Everything about one file: a card per track, published figures, the run that made it."""
    show_findings(session, entry)
    for at, score in enumerate(entry.scores):
        if at:
            session.say("")
        show_blocks(session, card_blocks(score.card, str(entry.path), look.raw, look.part, check_flags(session)))
        if score.corpus_videos is not None:
            session.say(f"  {ranked_among(score)}", "dim")
        show(session, score.published, entry.made_by)
    show_sources(session, [score.published for score in entry.scores])
    if entry.made_by is not None:
        from cmivqa_kit.plugin.settings import name_recipe

        session.say(f"  {made_by(entry.made_by, name_recipe)}", "dim")


def show_blocks(session: Session, blocks: Iterable[Block]) -> None:
    """Print lines and tables in their styles."""
    for block in blocks:
        if isinstance(block, Line):
            session.say(block.text, block.style)
        else:
            session.table("", list(block.columns), [[_styled(cell) for cell in row] for row in block.rows])


def _styled(cell: str | Line) -> str | Text:
    return cell if isinstance(cell, str) else Text(cell.text, style=cell.style)
