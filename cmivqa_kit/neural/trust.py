"""The permission to run Python code that an encoder brings: given for one call, and stored nowhere.

Only the flag of a command (`FLAG`), or an argument of the library's own functions, gives it: no setting can, neither
one of ``cmivqa.toml`` nor one of a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

FLAG = "--trust-remote-code"
_TRUSTED: ContextVar[bool] = ContextVar("trusted", default=False)


@contextmanager
def trusting_code(trusted: bool) -> Iterator[None]:
    """Inside, the code that an encoder brings is run where ``trusted``, else refused."""
    before = _TRUSTED.set(trusted)
    try:
        yield
    finally:
        _TRUSTED.reset(before)


def code_is_trusted() -> bool:
    """True inside of `trusting_code` with the permission."""
    return _TRUSTED.get()
