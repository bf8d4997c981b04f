"""The second of two processes that share a pass, in the process of the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.errors import UserError
from cmivqa_kit.runs.processes import Group


@dataclass(frozen=True)
class Second(Group):
    """The second of two processes; it has of the first what can be sent."""

    settled: tuple[Any, ...] = ()

    def first(self, action: Callable[[], Any]) -> Any:
        return self.settled or action()

    def check(self, failure: UserError | None = None) -> None:
        assert failure is None
