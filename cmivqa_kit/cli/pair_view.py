"""Two systems side by side on the terminal: both scores, who is better how often, and where they differ most."""

from __future__ import annotations

from cmivqa_kit.cli.common import Session
from cmivqa_kit.data.display import count, cut, short_repr
from cmivqa_kit.diagnosis.classes import HIT, classes_of
from cmivqa_kit.diagnosis.pair import LETTERS, TITLES, Pair, PairedQuestion, SystemAnswer

MOST = 10  # questions shown
STYLES = {"a-better": "red", "b-better": "green", "both-miss": "", "same": ""}


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
    """The questions on which they differ most, as many as a person reads, in lines that never fold."""
    shown = [question for question in pair.questions[:MOST] if question.difference]
    if not shown:
        session.say("  They have the same value on every question.")
        return
    ids = ["id", *(short_repr(question.id, 24) for question in shown)]
    rows = [[*LETTERS, "B - A"], *(_values(pair, question) for question in shown)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    width = max(map(len, ids))
    head, *starts = (
        "  ".join(["", identity.ljust(width), *map(str.rjust, row, widths)])
        for identity, row in zip(ids, rows, strict=True)
    )
    session.say("  where they differ most", "bold")
    session.say(head)
    for question, start in zip(shown, starts, strict=True):
        a, b = (_became(pair, answer, public) for answer in question.answers)
        session.say(f"{start}  {cut(question.asked.text)}", STYLES[question.verdict])
        session.say(f"{' ' * (width + 4)}A: {a}; B: {b}", "dim")
    differing = sum(question.difference != 0 for question in pair.questions)
    if differing > len(shown):
        session.say(f"  and {differing - len(shown)} more (--html FILE or --format json has all)", "dim")
    session.say("")


def _values(pair: Pair, question: PairedQuestion) -> list[str]:
    a, b = (pair.scale.text(answer.value) for answer in question.answers)
    return [a, b, pair.scale.text(question.difference, signed=True)]


def _became(pair: Pair, answer: SystemAnswer, public: bool) -> str:
    """What became of a question in a few words: ``hit``, ``boundary error, rank 3``."""
    if answer.answer != "given":
        return answer.answer
    titles = {one.key: one.title for one in (HIT, *classes_of(pair.cards[0].track))}
    rank = f"rank {answer.rank}" if answer.rank and pair.cards[0].track != 1 and not public else ""
    if answer.label is None:
        return rank or "not in the list"
    return ", ".join(filter(None, (titles[answer.label], rank)))
