"""Two systems side by side on the terminal: both scores, who is better how often, and where they differ most."""

from __future__ import annotations

from rich.text import Text

from cmivqa_kit.cli.common import Session
from cmivqa_kit.data.display import count, cut, short_repr
from cmivqa_kit.diagnosis.classes import HIT, classes_of
from cmivqa_kit.diagnosis.pair import LETTERS, TITLES, Pair, PairedQuestion, SystemAnswer

MOST = 10  # questions shown


def show_pair(
    session: Session, pair: Pair, made_by: tuple[str | None, str | None], compare: str, public: bool = False
) -> None:
    """Print a pair.

    Args:
        made_by: the systems and runs that made the files, where that is known.
        compare: the command that tells a difference from chance.
        public: no position of a right video is shown.
    """
    card = pair.cards[0]
    session.say(f"Track {card.track}, {card.split}, {count(len(pair.questions), 'question')}, strict scores", "bold")
    for letter, name, run in zip(LETTERS, pair.names, made_by, strict=True):
        session.say(f"  {letter}  {name}{'' if run is None else f', made by {run}'}")
    _scores(session, pair)
    verdicts = pair.verdicts()
    said = ", ".join(f"{TITLES[verdict]} on {verdicts[verdict]}" for verdict in ("a-better", "b-better"))
    session.say(
        f"  {pair.headline}: {said}, the same on {verdicts['same']}, and on {verdicts['both-miss']} both earn nothing."
    )
    session.say("")
    _differing(session, pair, public)
    session.say(f"  Whether the difference is more than chance: {compare}")
    for remark in pair.remarks:
        session.say(f"  {remark}", "dim" if remark in pair.context.remarks else "yellow")
    session.say(f"  {pair.signature}", "dim")


def _scores(session: Session, pair: Pair) -> None:
    """What boards show of both, and the difference."""
    first, second = (card.strict for card in pair.cards)
    rows = []
    for name in pair.cards[0].board_metrics:
        a, b, scale = first.metrics[name], second.metrics[name], first.scale(name)
        rows.append([f"  {name}", scale.text(a), scale.text(b), scale.text(b - a, signed=True)])
    session.table("", ["", *(f">{letter}" for letter in LETTERS), ">B - A"], rows)
    session.say("")


def _differing(session: Session, pair: Pair, public: bool) -> None:
    """The questions on which they differ most, as many as a person reads."""
    shown = [question for question in pair.questions[:MOST] if question.difference]
    if not shown:
        session.say("  They have the same value on every question.")
        return
    columns = ["  where they differ most", *(f">{letter}" for letter in LETTERS), ">B - A", *LETTERS, "question"]
    session.table("", columns, [_row(pair, question, public) for question in shown])
    differing = sum(question.difference != 0 for question in pair.questions)
    if differing > len(shown):
        session.say(f"  and {differing - len(shown)} more (--html FILE or --format json has all)", "dim")
    session.say("")


def _row(pair: Pair, question: PairedQuestion, public: bool) -> list[str | Text]:
    a, b = question.answers
    amount = pair.scale.text(question.difference, signed=True)
    style = {"a-better": "red", "b-better": "green"}.get(question.verdict, "")
    numbers: list[str | Text] = [pair.scale.text(a.value), pair.scale.text(b.value), Text(amount, style=style)]
    became = [_became(pair, answer, public) for answer in question.answers]
    return [f"  {short_repr(question.id, 24)}", *numbers, *became, cut(question.asked.text)]


def _became(pair: Pair, answer: SystemAnswer, public: bool) -> str:
    """What became of a question in a few words: ``hit``, ``boundary error, rank 3``."""
    if answer.answer != "given":
        return answer.answer
    titles = {one.key: one.title for one in (HIT, *classes_of(pair.cards[0].track))}
    rank = f"rank {answer.rank}" if answer.rank and pair.cards[0].track != 1 and not public else ""
    if answer.label is None:
        return rank or "not in the list"
    return ", ".join(filter(None, (titles[answer.label], rank)))
