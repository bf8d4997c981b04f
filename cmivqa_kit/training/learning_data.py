"""What a training learns from: the splits it names, the questions of them that can be used, and the dev split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from cmivqa_kit.data.catalogue import Catalogue
from cmivqa_kit.data.check import RULES, usable
from cmivqa_kit.data.corpus import load_split
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Question, Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.types import Declaration


def examples_of(
    catalogue: Catalogue, declaration: Declaration, split: str, max_dropped: float
) -> tuple[Split, tuple[Question, ...], Mapping[str, int]]:
    """The split, its questions that can be used, and how many each rule of the system leaves out.

    Raises:
        UserError: unreadable data, no answers or those of organizers, no example left, or more than ``max_dropped`` (a
            share) of them left out.
    """
    _refuse_held(catalogue, split)
    full = load_splits(catalogue, split)
    if "no-answer" in declaration.drops and not full.has_answers:
        raise UserError(f"{full.source}: {full.name} has no answers to learn from", "Give another --split, e.g. train.")
    questions, dropped = usable(full, declaration.drops)
    lost = sum(dropped.values())
    if lost > max_dropped * len(full.questions) or not questions:
        reasons = "; ".join(f"{n} {name} ({RULES[name].title})" for name, n in dropped.most_common())
        raise UserError(
            f"{full.source}: {lost} of {len(full.questions)} examples would be dropped: {reasons}",
            f"See each one: cmivqa data check --split {full.name}. To train all the same: "
            f"--max-dropped {min(1.0, lost / len(full.questions) + 0.01):.2f}"
            if questions
            else f"Nothing is left to train on. See each one: cmivqa data check --split {full.name}",
        )
    return full, questions, dropped


def _refuse_held(catalogue: Catalogue, names: str) -> None:
    """Refuse to learn from a split whose answers the organizers hold: none that stand in its files are true ones."""
    rules = catalogue.edition
    splits = [rules.canonical_split(name.strip()) for name in names.split("+")]
    held = [split for split in splits if split is not None and rules.splits[split].answers == "organizers"]
    if held:
        public = "+".join(dict.fromkeys(split for split in splits if split is not None and split not in held))
        raise UserError(
            f"the answers of {' and '.join(dict.fromkeys(held))} are held by the organizers, so there is nothing to "
            f"learn from (edition {rules.name})",
            f"Train on a split whose answers are public: --split {public or 'train'}.",
        )


def dev_of(catalogue: Catalogue, full: Split) -> Split | None:
    """The dev split, unless it is trained on or (in an edition of somebody's own) its answers are the organizers'."""
    if "dev" not in catalogue.splits or "dev" in full.name.split("+"):
        return None
    return None if catalogue.edition.splits["dev"].answers == "organizers" else load_split(catalogue, "dev")


def load_splits(catalogue: Catalogue, names: str) -> Split:
    """One split, or several joined by ``+`` (``train+dev``): their questions in that order, their videos together.

    Raises:
        UserError: a split is missing or damaged, or named twice.
    """
    parts = [load_split(catalogue, name.strip()) for name in names.split("+")]
    if len({part.name for part in parts}) < len(parts):
        raise UserError(f"--split {names}: a split is named twice", "Name each split once, e.g. train+dev.")
    if len(parts) == 1:
        return parts[0]
    videos = {video.id: video for part in reversed(parts) for video in part.videos.values()}
    return replace(
        parts[0],
        name="+".join(part.name for part in parts),
        questions=tuple(question for part in parts for question in part.questions),
        videos=MappingProxyType(dict(sorted(videos.items()))),
        features=SplitFeatures.joined([part.features for part in parts]),
    )
