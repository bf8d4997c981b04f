"""A run on several feature stores at once remembers their names: their order is that of the numbers in a row."""

from __future__ import annotations

from cmivqa_kit.data.feature_entries import NamedStores
from cmivqa_kit.data.features import SplitFeatures
from cmivqa_kit.data.types import Split
from cmivqa_kit.errors import UserError
from cmivqa_kit.runs.directory import RunDirectory

FEATURES = "features"  # the names, in the record's ``data``


def store_names(store: SplitFeatures) -> tuple[str, ...]:
    """The names of the stores whose rows stand beside each other in a split; none for features without a name."""
    return store.folders[0].names if len(store.folders) == 1 and isinstance(store.folders[0], NamedStores) else ()


def require_stores_of(run: RunDirectory, split: Split) -> None:
    """Refuse other stores than those that a run was trained on, or in another order.

    Raises:
        UserError: naming both.
    """
    data = run.record().get("data")
    trained = data.get(FEATURES) if isinstance(data, dict) else None
    names = store_names(split.features)
    if not isinstance(trained, list) or not len(split.features) or list(names) == trained:
        return
    given = ", ".join(names) or "features without a name"
    named = " ".join(f"--features {name}=PATH" for name in trained)
    raise UserError(
        f"{run.path} was trained on {', '.join(map(str, trained))}, in this order; given are {given}",
        f"Name them as in training: `{named}`",
    )
