"""Whatever fails while a file of a stranger is read becomes one plain error: damaged, where, what to do.

Readers of others (torch, safetensors, tokenizers, zipfile) raise exceptions of every kind for bytes that they did not
expect: `UnicodeDecodeError`, `KeyError`, `struct.error`, `MemoryError`, `RecursionError`, a panic of a library written
in Rust. None of them is the user's concern.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cmivqa_kit.errors import UserError, reason_of
from cmivqa_kit.foreign_content import stand_in

COPY_AGAIN = "Copy the run again from where it was made, or train again."
# What says more of its kind than of its text: the text is a key, a position or nothing.
_BARE = (LookupError, MemoryError, RecursionError, AttributeError, AssertionError)


@contextmanager
def failing_as(plain: Callable[[BaseException], UserError]) -> Iterator[None]:
    """Turn any failure of the block into the error that ``plain`` makes of it.

    Raises:
        UserError: the block failed; an error that is plain already passes as it is.
    """
    try:
        yield
    except (UserError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except (
        BaseException
    ) as error:  # libraries raise what they like, and a panic of one written in Rust is no `Exception`
        raise plain(error) from error


@contextmanager
def reading(path: Path, noun: str, fix: str = COPY_AGAIN) -> Iterator[None]:
    """Turn any failure of the block into one error that calls ``path`` damaged.

    Args:
        path: what is read.
        noun: what it should be: "weights".
        fix: what to do.

    Raises:
        UserError: the block failed; an error that is plain already passes as it is.
    """
    with failing_as(lambda error: damaged(path, noun, error, fix)):
        yield


def damaged(path: Path, noun: str, error: BaseException, fix: str = COPY_AGAIN) -> UserError:
    """The error about a file that could not be read; what lies there instead where its first bytes say so."""
    content = stand_in(path)
    if content is not None:
        return UserError(f"{path}: is {content.noun}", content.fix)
    if isinstance(error, OSError) and error.strerror:
        return UserError(f"{path}: cannot be read as {noun} ({error.strerror})", fix)
    return UserError(f"{path}: damaged, cannot be read as {noun} ({short_reason(error)})", fix)


def short_reason(error: BaseException) -> str:
    """`reason_of` with the kind of the error where its text says nothing alone."""
    reason = reason_of(error)[:300]
    kind = type(error).__name__
    return f"{kind}: {reason}" if isinstance(error, _BARE) and reason != kind else reason
