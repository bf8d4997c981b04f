"""Python packages that a format of features needs and the kit does without otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cmivqa_kit.errors import UserError


@contextmanager
def required_package(name: str, extra: str, subject: str) -> Iterator[None]:
    """A block that imports a package; where it is missing the error says how to install it.

    Args:
        name: of the package.
        extra: of the kit, which brings it.
        subject: what needs it, the beginning of a sentence.

    Raises:
        UserError: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != name:
            raise
        raise UserError(
            f"{subject}, which is read and written by {name}; that is not installed here",
            f"Install it: pip install 'cmivqa-kit[{extra}]'",
        ) from None
