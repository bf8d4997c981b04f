"""The board: entries taken in, ranked, audited, shown as a page, exported.

`board_of` makes the boards of a folder of entries, one `Board` per track with a `Row` per submission file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmivqa_kit.leaderboard.board import Board, Row, Section
    from cmivqa_kit.leaderboard.boards import board_of

__all__ = ["Board", "Row", "Section", "board_of"]
_FROM = {
    "Board": "leaderboard.board", "Section": "leaderboard.board", "Row": "leaderboard.board",
    "board_of": "leaderboard.boards",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first used."""
    from cmivqa_kit.lazy import public_name

    return public_name(__name__, _FROM, name)
