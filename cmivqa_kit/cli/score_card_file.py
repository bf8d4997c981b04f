"""`score --card`: the result card of the one file that is scored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cmivqa_kit.entries.entry import Entry
from cmivqa_kit.entries.files import STANDARD_INPUT
from cmivqa_kit.errors import UserError
from cmivqa_kit.output_paths import require_writable


def require_card(card: Path, force: bool, files: Sequence[Path], others: Sequence[Path], only: str | None) -> None:
    """Refuse a card that cannot be made or written, before anything is scored.

    Raises:
        UserError: several files, standard input, or some of the questions only; as `require_writable`.
    """
    if len(files) != 1 or files[0] == STANDARD_INPUT:
        raise UserError(f"{card}: a result card is of one file, not of {_called(files)}", "Name one file with --card.")
    if only is not None:
        raise UserError(f"{card}: a result card is of all questions", "Leave out --only or --card.")
    require_writable(card, force, [*files, *others])


def write_card(card: Path, entry: Entry, seconds: dict[str, float]) -> bool:
    """Write the card of an entry; False where nothing of it could be scored.

    Raises:
        UserError: the disk is full, or the folder cannot be written.
    """
    if not entry.cards:
        return False
    from cmivqa_kit.files import write_json
    from cmivqa_kit.leaderboard.exports.card_document import result_card

    write_json(card, result_card(entry, seconds))
    return True


def _called(files: Sequence[Path]) -> str:
    return "standard input" if len(files) == 1 else f"{len(files)} files"
