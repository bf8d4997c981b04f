"""The editions of the challenge, each one small TOML file: id form, split names, limits, cut-offs.

A new year is one new file here, or one outside the package given by its path (``--edition my-edition.toml``).
Source: docs/spec/scoring.md, section 1.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from cmivqa_kit.editions.board import BoardRules, board_rules
from cmivqa_kit.editions.chinese_names import in_letters
from cmivqa_kit.errors import UserError, closest

DEFAULT_EDITION = "cmivqa-2023"
IdForm = Literal["integer", "string", "any"]


@dataclass(frozen=True, slots=True)
class SplitFacts:
    """What an edition says of one split: other names, official file names, sizes, and who holds its answers."""

    aliases: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    folder: str = ""
    questions: int | None = None
    videos: int | None = None
    answers: Literal["public", "organizers"] = "public"


@dataclass(frozen=True, slots=True)
class Combination:
    """A metric formed of others: names with ``{n}`` for each cut-off; their sum, or their mean."""

    of: tuple[str, ...]
    mean: bool = False


@dataclass(frozen=True, slots=True)
class MetricRules:
    """Table ``[metrics]`` of an edition; where a key is left out, what all boards have used.

    ``thresholds`` are the IoUs of ``R@n,IoU=...``, ``ranks`` what Tracks 1, 2 and 3 are ranked by, ``combined`` the
    metrics formed of others, by name.
    """

    thresholds: tuple[float, ...] = (0.3, 0.5, 0.7)
    ranks: tuple[str, str, str] = ("mIoU", "Overall", "Average")
    combined: Mapping[str, Combination] = field(
        default_factory=lambda: {
            "Overall": Combination(("R@{n}", "MRR")),
            "Average": Combination(("R@{n}|mIoU",), mean=True),
        }
    )


@dataclass(frozen=True, slots=True)
class Edition:
    """The rules of one year's challenge.

    ``entries`` of a list are read, metrics are cut off at ``cutoffs``, boards show ``board_decimals``. ``submission``
    names the edition whose submission form is used; without it nothing can be validated or written, only scored.
    ``board`` says how many entries of a team count.
    """

    name: str
    title: str
    year: int
    id_form: IdForm
    id_pattern: str
    language_column: bool
    corpus_files: Literal["shared", "per-track"]
    entries: int
    cutoffs: tuple[int, ...]
    board_decimals: int
    reissued_videos: tuple[str, ...] = ()
    splits: Mapping[str, SplitFacts] = field(default_factory=dict)
    metrics: MetricRules = field(default_factory=MetricRules)
    submission: str = ""
    board: BoardRules = field(default_factory=BoardRules)

    def canonical_split(self, name: str) -> str | None:
        """The canonical name of a split given by any of its names, or ``None`` if this edition knows no such name."""
        plain = normalise(name)
        return next((split for alias, split in self._names() if alias == plain), None)

    def split_in(self, *names: str) -> str | None:
        """The split whose name stands in a file or folder name, e.g. ``testA`` in ``NLPCC_2023_CMIVQA_TESTA``.

        Only whole words count (``latest`` is no test, ``evaluation`` no val), the longest where several stand. Of
        several ``names`` (a file, its folder, the folder above ...) the first that says anything decides, unless a
        later one says the same more precisely (``TESTB/test.json`` is testB).
        """
        best = ("", "")
        for name in map(in_letters, names):
            alias, split = max(
                ((alias, split) for alias, split in self._names() if _stands_in(alias, name)),
                key=lambda hit: (len(hit[0]), hit),
                default=("", ""),
            )
            if len(alias) > len(best[0]) and alias.startswith(best[0]):
                best = (alias, split)
        return best[1] or None

    def _names(self) -> list[tuple[str, str]]:
        """Every name of every split, normalised, with the canonical one."""
        names = [(normalise(name), split) for split, facts in self.splits.items() for name in (split, *facts.aliases)]
        return [(name, split) for name, split in names if name]  # a Chinese name has no plain form

    def track_of_id(self, question_id: object) -> int | None:
        """The track number an id carries (``NLPCC2024_Task2_17`` -> 2), or ``None``."""
        if not self.id_pattern or not isinstance(question_id, str):
            return None
        match = re.search(self.id_pattern, question_id)
        return int(match["track"]) if match else None


def normalise(name: str) -> str:
    """Lower case, letters and digits only: ``Train_Dev`` and ``train-dev`` are one name."""
    return re.sub(r"[^0-9a-z]", "", name.lower())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")  # words of camelCase too
# What may follow a split's name in one word: testing, validation, development, trainset, testAtrack1.
_ENDING = re.compile(r"(?:ing|set|ation|elopment|data|file|phase|split)?(?:$|[0-9]|track|task)")


def _stands_in(alias: str, name: str) -> bool:
    """True where ``alias`` begins a word of ``name`` and ends with that word, with a later one, or before an ending."""
    for run in re.finditer(r"[A-Za-z0-9]+", name):
        for word in _WORD.finditer(run[0]):
            rest = run[0][word.start() :].lower()
            if rest.startswith(alias) and _ENDING.match(rest[len(alias) :]):
                return True
            # The name may be written over several words: Train_Dev, test-A, testA.
            tail = name[run.start() + word.start() :]
            joined = ""
            for part in _WORD.findall(tail):
                joined += part.lower()
                if joined == alias:
                    return True
                if not alias.startswith(joined):
                    break
    return False


def edition_names() -> tuple[str, ...]:
    """The editions that come with the kit, oldest first."""
    files = resources.files("cmivqa_kit.editions").iterdir()
    return tuple(
        sorted((f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml")), key=lambda n: n[-4:])
    )


# Editions read from files, by the name they state: a split carries only its edition's name.
_FROM_FILES: dict[str, Edition] = {}


def load_edition(name: str = DEFAULT_EDITION) -> Edition:
    """The edition called ``name``, or read from a TOML file when ``name`` ends in ``.toml``.

    An edition that was read from a file is known by its own name from then on, before one that comes with the kit.

    Raises:
        UserError: no such edition, or a file that lacks a field.
    """
    if name.endswith(".toml"):
        try:
            edition = _parse(Path(name).read_text(encoding="utf-8"), name)
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{name}: edition file cannot be read ({error})", "Check the path.") from None
        _FROM_FILES[edition.name] = edition
        return edition
    return _FROM_FILES.get(name) or _own(name)


@lru_cache(maxsize=16)
def _own(name: str) -> Edition:
    known = edition_names()
    if name not in known:
        raise UserError(
            f"unknown edition {name!r}.{closest(name, known)}",
            f"Give one of {', '.join(known)}, or the path of an edition file ending in .toml.",
        )
    return _parse((resources.files("cmivqa_kit.editions") / f"{name}.toml").read_text(encoding="utf-8"), f"{name}.toml")


def _parse(text: str, file: str) -> Edition:
    try:
        table: dict[str, Any] = tomllib.loads(text)
        splits = {name: SplitFacts(**_tuples(facts)) for name, facts in table.pop("splits").items()}
        metrics = _metric_rules(table.pop("metrics", {}))
        board = board_rules(table.pop("board", {}))
        edition = Edition(**_tuples(table), splits=splits, metrics=metrics, board=board)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{file}: not TOML ({error})", "Mend the edition file.") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{file}: a field is missing or unknown ({error})", "Compare it with an edition that comes with the kit."
        ) from None
    _check_numbers(edition, file)
    return edition


def _metric_rules(table: Mapping[str, Any]) -> MetricRules:
    """Table ``[metrics]``: ``thresholds``, ``ranks``, and ``combined`` with ``NAME = { sum = [...] }`` or ``mean``."""
    given = _tuples(table)
    if "combined" in given:
        rules = {}
        for name, rule in given["combined"].items():
            ((how, of),) = rule.items()
            if how not in ("sum", "mean"):
                raise TypeError(f"{name} is formed by {how!r}, not by sum or mean")
            rules[name] = Combination(tuple(of), how == "mean")
        given["combined"] = rules
    if "thresholds" in given:
        given["thresholds"] = tuple(map(float, given["thresholds"]))
    return MetricRules(**given)


def _check_numbers(edition: Edition, file: str) -> None:
    """Numbers that scoring counts with; a wrong one would only show as a wrong score."""
    rules = edition.metrics
    checks = {
        "cutoffs: ascending integers from 1": _whole(edition.cutoffs)
        and list(edition.cutoffs) == sorted(set(edition.cutoffs)),
        "entries: an integer, at least 1": _whole((edition.entries,)),
        "submission: the name of an edition": isinstance(edition.submission, str),
        "board_decimals: an integer, at least 1": _whole((edition.board_decimals,)),
        "metrics.thresholds: numbers above 0, up to 1": all(0 < mu <= 1 for mu in rules.thresholds)
        and len(rules.thresholds) > 0,
        "metrics.ranks: three names, for Tracks 1, 2 and 3": isinstance(rules.ranks, tuple)
        and len(rules.ranks) == 3
        and all(isinstance(name, str) for name in rules.ranks),
        "metrics.combined: lists of names": all(
            rule.of and all(isinstance(name, str) for name in rule.of) for rule in rules.combined.values()
        ),
    }
    wrong = [wanted for wanted, right in checks.items() if not right]
    if wrong:
        raise UserError(f"{file}: {wrong[0].split(':')[0]} is wrong", f"Wanted: {'; '.join(wrong)}.")


def _whole(numbers: Any) -> bool:
    return (
        isinstance(numbers, tuple)
        and len(numbers) > 0
        and all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in numbers)
    )


def _tuples(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
