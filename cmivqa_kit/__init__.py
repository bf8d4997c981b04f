"""cmivqa-kit: from the raw files of the CMIVQA challenges to a ranked board.

>>> import cmivqa_kit as ck
>>> split = ck.open_split(ck.demo_corpus(), "testA", track=3)
>>> len(split.questions), len(split.videos)
(113, 64)
>>> ck.validate("mine.json").ok, [card.headline for card in ck.open_entry("mine.json").cards]
(True, ['Overall', 'Average'])

The names below are imported when they are first used: importing the package loads neither NumPy nor torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmivqa_kit.data.corpus import open_split
    from cmivqa_kit.data.demo import demo_corpus
    from cmivqa_kit.data.types import Question, Split, Video
    from cmivqa_kit.diagnosis.entries import diagnose_entry as diagnose
    from cmivqa_kit.entries.api import compare, validate
    from cmivqa_kit.entries.entry import Entry, open_entries, open_entry
    from cmivqa_kit.entries.fusion.api import fuse
    from cmivqa_kit.entries.ground import Ground
    from cmivqa_kit.entries.mending import mend_entry as mend
    from cmivqa_kit.errors import UserError
    from cmivqa_kit.leaderboard.audit.report import audit as audit_board
    from cmivqa_kit.leaderboard.boards import board_of
    from cmivqa_kit.prediction.api import predict
    from cmivqa_kit.scoring.api import score
    from cmivqa_kit.scoring.card import ScoreCard
    from cmivqa_kit.scoring.options import ScoreOptions
    from cmivqa_kit.scoring.statistics.bootstrap import Resampling
    from cmivqa_kit.submission.validate import Report
    from cmivqa_kit.submission.write import write
    from cmivqa_kit.training.api import train

__version__ = "0.1.0"
__all__ = [
    "Entry", "Ground", "Question", "Report", "Resampling", "ScoreCard", "ScoreOptions", "Split", "UserError", "Video",
    "__version__", "audit_board", "board_of", "compare", "demo_corpus", "diagnose", "fuse", "mend", "open_entries",
    "open_entry", "open_split", "predict", "score", "train", "validate", "write",
]  # fmt: skip
# Where each name is defined; the imports above say the same to type checkers, and a test compares.
_FROM = {
    "Entry": "entries.entry", "Ground": "entries.ground", "Question": "data.types", "Report": "submission.validate",
    "Resampling": "scoring.statistics.bootstrap", "ScoreCard": "scoring.card", "ScoreOptions": "scoring.options",
    "Split": "data.types", "UserError": "errors", "Video": "data.types",
    "audit_board": "leaderboard.audit.report:audit", "board_of": "leaderboard.boards", "compare": "entries.api",
    "demo_corpus": "data.demo", "diagnose": "diagnosis.entries:diagnose_entry",
    "fuse": "entries.fusion.api", "mend": "entries.mending:mend_entry",
    "open_entries": "entries.entry", "open_entry": "entries.entry", "open_split": "data.corpus",
    "predict": "prediction.api", "score": "scoring.api", "train": "training.api", "validate": "entries.api",
    "write": "submission.write",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first used."""
    from cmivqa_kit.lazy import public_name

    globals()[name] = public_name(__name__, _FROM, name)
    return globals()[name]


def __dir__() -> list[str]:
    """The public names, whether imported yet or not."""
    return sorted({*globals(), *__all__})
