"""Which edition's form of submission file an edition uses."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from cmivqa_kit.editions import Edition, load_edition
from cmivqa_kit.errors import UserError, closest


@lru_cache(maxsize=1)
def forms() -> tuple[str, ...]:
    """The editions that have a submission form of their own, by name: those with JSON Schemas."""
    files = (resources.files("cmivqa_kit.submission") / "schemas").iterdir()
    return tuple(sorted(f.name.removesuffix(".track1.json") for f in files if f.name.endswith(".track1.json")))


def submission_form(edition: Edition | str) -> str:
    """The name of the edition whose submission form ``edition`` uses.

    Raises:
        UserError: the edition names none, or one that has no form; it can still be scored by.
    """
    rules = edition if isinstance(edition, Edition) else load_edition(edition)
    if rules.submission in forms():
        return rules.submission
    said = (
        f"names the submission form {rules.submission!r}, which does not exist.{closest(rules.submission, forms())}"
        if rules.submission
        else "does not say which submission form it uses"
    )
    raise UserError(
        f"edition {rules.name}: {said}",
        f'Add to its file, above the first table: submission = "{forms()[-1]}" (there are the forms of '
        f"{', '.join(forms())}).",
    )
