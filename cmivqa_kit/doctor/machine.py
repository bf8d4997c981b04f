"""The machine: torch and its device, memory, the folders that are written to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from cmivqa_kit.doctor.findings import Finding, State, Subject
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import cache_root

GIB = 2**30
LITTLE = 2 * GIB  # free bytes below which a training or the embeddings of a corpus may not fit


def device(subject: Subject) -> Iterator[Finding]:
    """What torch computes on, as the workspace asks for it."""
    lacking = State.MISSING if subject.computes else State.NOTE
    if find_spec("torch") is None:
        return  # said by its package already
    try:
        import torch

        from cmivqa_kit.runs.device import physical_cores, resolve

        chosen = resolve(subject.workspace["run.device"])
    except UserError as error:
        yield Finding("device", lacking, error.message, error.fix)
        return
    except Exception as error:  # a damaged library may raise anything
        text = f"torch cannot be imported ({type(error).__name__}: {error})"
        yield Finding("device", lacking, text, "pip install --force-reinstall torch")
        return
    if chosen.type == "cuda":
        facts = torch.cuda.get_device_properties(chosen)
        text = f"{chosen}: {facts.name}, {facts.total_memory / GIB:.0f} GiB"
        yield Finding("device", State.OK, text)
    else:
        yield Finding("device", State.OK, f"cpu, {physical_cores()} cores, {torch.get_num_threads()} threads")


def memory(subject: Subject) -> Iterator[Finding]:
    """The memory of the machine, where the system tells."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows
        return
    yield Finding("memory", State.OK, f"{total / GIB:.1f} GiB")


def folders(subject: Subject) -> Iterator[Finding]:
    """The cache and the folder of runs: can they be written to, and is there room?"""
    try:
        yield _folder("cache", cache_root(), "Set CMIVQA_CACHE to a folder that you can write to.")
    except UserError as error:
        yield Finding("cache", State.MISSING, error.message, error.fix)
    yield _folder("runs", subject.workspace.path("run.directory"), "Name another folder: --run DIR.")


def _folder(name: str, path: Path, fix: str) -> Finding:
    nearest = next((up for up in (path.absolute(), *path.absolute().parents) if up.exists()), Path("/"))
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return Finding(name, State.MISSING, f"{path}: cannot be written to", fix)
    free = shutil.disk_usage(nearest).free
    if free < LITTLE:
        return Finding(
            name, State.NOTE, f"{path}: {free / GIB:.1f} GiB free, which is little", f"Free some space. {fix}"
        )
    return Finding(name, State.OK, f"{path}: {free / GIB:.0f} GiB free")
