"""Who finds the videos in front of a localizer: a baseline, a run of one, or a submission file.

Source: specs/mutualsl.md, section 5.2, step 1.
"""

from __future__ import annotations

import logging
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from cmivqa_kit.data.types import Question, QuestionId, Split
from cmivqa_kit.errors import UserError, closest
from cmivqa_kit.files import fingerprint, sha256
from cmivqa_kit.plugin.registry import baseline_names, create, find_declaration
from cmivqa_kit.plugin.settings import merge
from cmivqa_kit.plugin.types import Declaration, PredictOptions
from cmivqa_kit.prediction.pairs import pass_folder as store
from cmivqa_kit.prediction.pairs.cached_pass import CachedPass
from cmivqa_kit.prediction.ranked_list import by_rank, in_order, of_list, within
from cmivqa_kit.prediction.settings import SECTION
from cmivqa_kit.prediction.types import Ranking, Retriever
from cmivqa_kit.runs.directory import PREDICTIONS, RECORD, WEIGHTS, RunDirectory, newest_run, open_run
from cmivqa_kit.runs.settings import Config
from cmivqa_kit.submission.guarded import read_guarded
from cmivqa_kit.submission.match import fold
from cmivqa_kit.submission.read import plain_id

log = logging.getLogger(__name__)


class Finder(Protocol):
    """Ranks the videos of a corpus for questions."""

    @property
    def name(self) -> str:
        """What output and folders call it."""
        ...

    @property
    def facts(self) -> Mapping[str, Any]:
        """What its rankings depend on, for records."""
        ...

    def rank(self, split: Split, count: int) -> list[Ranking]:
        """Per question of ``split`` the best ``count`` videos; ties by id. Never none where the corpus has any.

        Raises:
            UserError: it has no answer to a question, a score is no number, or its run or file is damaged.
        """
        ...

    def quick(self, split: Split) -> bool:
        """True where `rank` takes seconds: no network goes over the corpus."""
        ...

    def recall(self, dev: Split | None, count: int) -> float | None:
        """How often the right video of a question of ``dev`` is among the best ``count``; ``None``: not known."""
        ...


def open_finder(text: str, runs: Path, options: PredictOptions) -> Finder:
    """What ``--retriever`` names.

    Args:
        text: the name of a baseline (its newest run below ``runs``, unless it answers untrained), the folder of a run,
            or a submission file.
        runs: where runs are.
        options: seed and device.

    Raises:
        UserError: nothing is called so, or it ranks no videos.
    """
    if text in baseline_names():
        found = find_declaration(text)
        _require_ranking(found)
        return BaselineFinder(found, newest_run(runs, text) if found.trains else None, options)
    path = Path(text)
    if _is_file(path):
        return FileFinder(path)
    if text and _is_file(path / RECORD):
        run = open_run(path.resolve())  # "." has a name too
        found = find_declaration(run.baseline)
        _require_ranking(found)
        return BaselineFinder(found, run, options)
    raise UserError(
        f"--retriever {text!r}: no baseline, run or file is called so.{closest(text, baseline_names())}",
        "Give bm25, another baseline, the folder of a run, or a submission file of Track 2.",
    )


def _is_file(path: Path) -> bool:
    """False too where no file can have such a name, or none may look."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _require_ranking(found: Declaration) -> None:
    if 2 not in found.tracks:
        raise UserError(f"baseline {found.name} does not rank videos", "Give one that serves Track 2: cmivqa baselines")


@dataclass(frozen=True, slots=True)
class BaselineFinder:
    """A baseline that serves Track 2: by `Retriever.rank_videos` where it has that, else by its Track 2 lists.

    A system that scores pairs is asked once more than needed, unless its run keeps a finished pass over the split. Its
    lists name every video once (`decode.by_video`), so that there are as many as are wanted.
    """

    found: Declaration
    run: RunDirectory | None
    options: PredictOptions

    @property
    def name(self) -> str:
        """The run's, or the baseline's where it needs none."""
        return self.run.path.name if self.run is not None else self.found.name

    @property
    def facts(self) -> Mapping[str, Any]:
        """Baseline, run, weights and settings."""
        weights = self.run.path / WEIGHTS if self.run is not None else None
        return {
            "name": self.name,
            "baseline": self.found.name,
            "recipe": self.run.recipe if self.run is not None else None,
            "weights": sha256(weights) if weights is not None and weights.is_file() else None,
            "run": fingerprint(self.run.record()) if self.run is not None else None,
        }

    def rank(self, split: Split, count: int) -> list[Ranking]:
        """See `Finder`."""
        # Never a shorter list than usual: `of_list` looks at all of it, and at the same with another ``count``.
        longest = max(min(count, len(split.videos)), self.options.limit)
        options = replace(self.options, config=self._config(), limit=longest)
        found = self._asked(split.for_prediction(2), longest, options)
        if [name for name, _ in found] != [question.id for question in split.questions]:
            raise UserError(
                f"--retriever {self.name}: not one answer per question, in their order",
                f"Mend baseline {self.found.name}, or give another --retriever.",
            )
        return [within(videos, split.videos, count) for _, videos in found]

    def _asked(self, split: Split, longest: int, options: PredictOptions) -> list[tuple[QuestionId, Ranking]]:
        """Questions with their videos, as a kept pass or the system gives them."""
        kept = self._kept(split)
        if kept is not None:
            return [(one.question_id, of_list(one.candidates)) for one in kept.predictions(split, 2, options)]
        system = create(self.found)
        if self.run is not None:
            system.load(self.run)
        if isinstance(system, Retriever):
            ranked = system.rank_videos(split, longest, options)
            names = (question.id for question in split.questions)
            return [(next(names, ""), in_order(videos)) for videos in ranked]
        return [(one.question_id, of_list(one.candidates)) for one in system.predict(split, 2, options)]

    def quick(self, split: Split) -> bool:
        """See `Finder`."""
        return self._kept(split) is not None or isinstance(create(self.found), Retriever)

    def recall(self, dev: Split | None, count: int) -> float | None:
        """See `Finder`; not known where asking the dev questions would take long."""
        if dev is None:
            return None
        known = replace(dev, questions=tuple(q for q in dev.questions if q.video_id is not None))
        if not known.questions or not self.quick(known):
            return None
        found = self.rank(known, count)
        hits = (question.video_id in dict(videos) for question, videos in zip(known.questions, found, strict=True))
        return sum(hits) / len(known.questions)

    def _config(self) -> Config:
        """The settings of its run, or its own."""
        config = merge(self.run.config if self.run is not None else {}, self.found, ())
        section = config.get(SECTION, {})
        return {**config, SECTION: {**section, "by_video": True}} if "by_video" in section else config

    def _kept(self, split: Split) -> CachedPass | None:
        """The finished pass of the run over ``split`` with the run's own settings, where there is one."""
        if self.run is None or not (self.run.path / PREDICTIONS / split.name / store.MANIFEST).is_file():
            return None
        try:
            kept = CachedPass(store.PassFolder(self.run.path / PREDICTIONS / split.name))
            kept.require(split, replace(self.options, config=self._config()))
        except UserError as error:
            log.info("not used: %s", error.message)
            return None
        return kept


class FileFinder:
    """A submission file with lists: it has no scores, so a video's is minus its rank of first appearance.

    Items belong to the question of their id and text, or of their text alone. Of equal ones the last counts, as in the
    official program.

    Raises:
        UserError: it cannot be read, or an item has no list.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name
        self.by_id, self.by_text = self._lists()
        self.facts: Mapping[str, Any] = {"name": path.name, "sha256": sha256(path)}

    def rank(self, split: Split, count: int) -> list[Ranking]:
        """See `Finder`. Videos that the corpus lacks are left out, with a warning."""
        lists = [_list_of(question, self.by_id, self.by_text) for question in split.questions]
        missing = [question.id for question, found in zip(split.questions, lists, strict=True) if found is None]
        if missing:
            raise UserError(
                f"{self.path}: {len(missing)} of {len(lists)} questions of {split.name} are not in it, e.g. "
                f"{missing[0]!r}",
                "Give a file that answers them all; cmivqa validate says what is missing.",
            )
        unknown = {video for found in lists for video in found or () if video not in split.videos}
        if unknown:
            log.warning("%s: %d video ids are not in the corpus and left out, e.g. %r",
                        self.path, len(unknown), min(unknown)[:80])  # fmt: skip
        known = ([video for video in found or () if video in split.videos] for found in lists)
        return [within(by_rank(videos), split.videos, count) for videos in known]

    def quick(self, split: Split) -> bool:
        """See `Finder`."""
        return True

    def recall(self, dev: Split | None, count: int) -> float | None:
        """Not known: the file answers one split."""
        return None

    def _lists(self) -> tuple[dict[QuestionId, tuple[str | None, list[str]]], dict[str, list[str]]]:
        """Its lists by id, with the question's text, and by text alone."""
        document = read_guarded(self.path)
        if not document.rows:
            why = document.findings[-1].message if document.findings else "no answers in it"
            raise UserError(
                f"{self.path}: {why}", f"See all that is wrong: cmivqa validate {shlex.quote(str(self.path))}"
            )
        by_id: dict[QuestionId, tuple[str | None, list[str]]] = {}
        by_text: dict[str, list[str]] = {}
        for place, row in enumerate(document.rows):
            videos, identity = _videos(row), plain_id(row)
            if videos is None or identity is None:
                raise UserError(
                    f"{self.path}: /{place} is no item of Track 2 or 3 (an id and a list 'output' of [video, ...])",
                    f"See all that is wrong: cmivqa validate {shlex.quote(str(self.path))}",
                )
            text = row.get("question") if isinstance(row.get("question"), str) else None
            by_id[identity] = text, videos
            if text is not None:
                by_text[fold(text)] = videos
        return by_id, by_text


def _videos(row: Any) -> list[str] | None:
    """The video ids of an item's list; ``None`` where it is no such item."""
    entries = row.get("output") if isinstance(row, dict) else None
    if not isinstance(entries, list):
        return None
    found = [entry[0] for entry in entries if isinstance(entry, list) and entry and isinstance(entry[0], str)]
    return found if len(found) == len(entries) else None


def _list_of(
    question: Question,
    by_id: Mapping[QuestionId, tuple[str | None, list[str]]],
    by_text: Mapping[str, list[str]],
) -> list[str] | None:
    text, videos = by_id.get(question.id, (None, None))
    if videos is not None and (text is None or fold(text) == fold(question.text)):
        return videos
    return by_text.get(fold(question.text))
