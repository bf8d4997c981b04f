"""Validating and comparing in one call: ``cmivqa_kit.validate`` and ``cmivqa_kit.compare``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cmivqa_kit.entries.comparing import compare_systems
from cmivqa_kit.entries.entry import Entry, open_entry
from cmivqa_kit.entries.ground import Ground, OpenGround, open_ground, require_truth
from cmivqa_kit.errors import UserError
from cmivqa_kit.scoring.card import ScoreCard
from cmivqa_kit.scoring.statistics.bootstrap import RESAMPLES, SEED
from cmivqa_kit.scoring.statistics.comparison import Comparison
from cmivqa_kit.scoring.statistics.paired import Settings, Unit
from cmivqa_kit.scoring.statistics.power import ALPHA
from cmivqa_kit.submission.validate import Report


def validate(submission: Path | str, ground: Ground | OpenGround | Path | str | None = None) -> Report:
    """Check a submission file against the questions and the corpus of the split that it answers.

    >>> import cmivqa_kit as ck
    >>> report = ck.validate("mine.json")  # made for the embedded corpus
    >>> report.ok, report.split, report.tracks, report.errors
    (True, 'testA', (2, 3), 0)

    Args:
        submission: the file.
        ground: what it is held against: the path of a data root, or a `Ground`; by default the embedded corpus.

    Returns:
        A report; ``print`` it. What is wrong with the file is a finding in it, also that it cannot be read.

    Raises:
        UserError: no split of the data root fits, or its files cannot be read.
    """
    opened = open_ground(ground)
    require_truth(opened)
    return open_entry(submission, opened).report


def compare(
    *systems: Entry | ScoreCard | Path | str,
    ground: Ground | OpenGround | Path | str | None = None,
    metrics: Sequence[str] = (),
    all_pairs: bool = False,
    by: Unit = "video",
    resamples: int = RESAMPLES,
    seed: int = SEED,
    alpha: float = ALPHA,
) -> list[Comparison]:
    """Tell whether systems are better than the first one, or only luckier, on their strict scores.

    >>> import cmivqa_kit as ck
    >>> [on_track_2, on_track_3] = ck.compare("template.json", "mine.json", metrics=["Overall", "Average"])
    >>> print(on_track_2.conclusion(on_track_2.pairs[0]))
    mine.json is better than template.json on Overall by 1.6966 (95% 1.1174 to 2.2583, p=0.0002 after Holm).

    Args:
        systems: two or more entries, submission files or score cards, the baseline first.
        ground: what files are held against, as of `open_entry`.
        metrics: canonical names; by default what boards show.
        all_pairs: compare all of them with each other, not only with the first.
        by: what is drawn as one: all questions of a video, or each question.
        resamples: of the bootstrap and of the randomization test.
        seed: of both.
        alpha: accepted chance of finding a difference where there is none.

    Returns:
        One comparison per track that all of them are for.

    Raises:
        UserError: fewer than two; a file that cannot be scored; cards that are not comparable.
    """
    if len(systems) < 2:
        raise UserError("one system is no comparison", "Name two or more, the baseline first.")
    opened = open_ground(ground)
    named = (s if isinstance(s, Entry | ScoreCard) else open_entry(s, opened) for s in systems)
    return compare_systems(named, metrics, Settings(by, resamples, seed, alpha), all_pairs)
