"""Exports: a submission and its answers in the formats of others, a bundle for Codabench, a result card.

``trec``, ``medvidqa`` and ``tvr`` take decoded documents and give the texts of files; `write_files` writes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmivqa_kit.leaderboard.exports.card_document import result_card
    from cmivqa_kit.leaderboard.exports.exported import Exported, write_files
    from cmivqa_kit.leaderboard.exports.medvidqa_files import medvidqa
    from cmivqa_kit.leaderboard.exports.trec_files import trec
    from cmivqa_kit.leaderboard.exports.tvr_files import tvr
    from cmivqa_kit.leaderboard.exports.verification import verify_card

__all__ = ["Exported", "medvidqa", "result_card", "trec", "tvr", "verify_card", "write_files"]
_HOME = "leaderboard.exports"
_FROM = {
    "Exported": f"{_HOME}.exported", "write_files": f"{_HOME}.exported", "medvidqa": f"{_HOME}.medvidqa_files",
    "trec": f"{_HOME}.trec_files", "tvr": f"{_HOME}.tvr_files", "result_card": f"{_HOME}.card_document",
    "verify_card": f"{_HOME}.verification",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first used."""
    from cmivqa_kit.lazy import public_name

    return public_name(__name__, _FROM, name)
