"""The examination: every look, taken at the settings in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cmivqa_kit.doctor.findings import Finding, Subject
from cmivqa_kit.doctor.machine import device, folders, memory
from cmivqa_kit.doctor.materials import data, encoder
from cmivqa_kit.doctor.software import extras, kit, models, python
from cmivqa_kit.plugin.registry import find_declaration
from cmivqa_kit.plugin.settings import settings
from cmivqa_kit.workspace import Workspace, open_workspace

# In the order in which they are printed.
LOOKS: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    python, kit, models, extras, device, memory, folders, data, encoder,
)  # fmt: skip


def examine(subject: Subject | None = None, offline: bool = False) -> list[Finding]:
    """All findings, in the order in which they are printed.

    Args:
        subject: what to examine; by default the workspace around the current folder with its baseline.
        offline: do not ask the network (of a ``subject`` of one's own, its own say counts).

    Raises:
        UserError: the workspace's file is damaged, or its baseline or preset does not exist.
    """
    subject = subject or _around(offline)
    return [finding for look in LOOKS for finding in look(subject)]


def _around(offline: bool) -> Subject:
    space: Workspace = open_workspace()
    declaration = find_declaration(space["model.baseline"])
    preset = space["model.preset"] or (declaration.demo_preset if space.is_demo else "")
    return Subject(space, declaration, settings(declaration, preset or None), offline)
