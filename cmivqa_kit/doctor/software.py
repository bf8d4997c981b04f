"""Python and packages: what is installed, against the ranges that the kit declares."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from functools import cache
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from cmivqa_kit import __version__
from cmivqa_kit.doctor.findings import Finding, State, Subject
from cmivqa_kit.plugin.packages import MODELS, install_command

DISTRIBUTION = "cmivqa-kit"
# Extras that add something without which all commands but one do their work.
OPTIONAL = {"hdf5": "features in HDF5", "video": "`features extract`", "chinese": "BM25 by words of Chinese",
            "tensorboard": 'train.tracker = "tensorboard"'}  # fmt: skip


def python(subject: Subject) -> Iterator[Finding]:
    """The interpreter."""
    found, wanted = platform.python_version(), _required_python()
    fine = wanted.contains(found, prereleases=True)
    fix = "" if fine else f"Make an environment with Python {wanted}: python3.13 -m venv .venv"
    yield Finding("python", State.OK if fine else State.MISSING, f"{found} (declared: {wanted})", fix)


def kit(subject: Subject) -> Iterator[Finding]:
    """The kit and its own dependencies."""
    yield Finding(DISTRIBUTION, State.OK, __version__)
    for requirement in requirements(""):
        yield _of_package(requirement, needed=True)


def models(subject: Subject) -> Iterator[Finding]:
    """What neural baselines need, and whatever else the baseline in force names."""
    for requirement in requirements("models"):
        yield _of_package(requirement, needed=requirement.name in subject.packages)
    for name in sorted(subject.packages.difference(MODELS)):
        yield _of_package(Requirement(name), needed=True)


def extras(subject: Subject) -> Iterator[Finding]:
    """What single commands need."""
    for extra, purpose in OPTIONAL.items():
        for requirement in requirements(extra):
            yield _of_package(requirement, needed=False, purpose=purpose)


@cache
def requirements(extra: str) -> tuple[Requirement, ...]:
    """What the installed kit declares under an extra; under none for ""."""
    listed = map(Requirement, metadata.requires(DISTRIBUTION) or ())
    if not extra:
        return tuple(one for one in listed if one.marker is None)
    return tuple(one for one in listed if one.marker is not None and one.marker.evaluate({"extra": extra}))


def _required_python() -> SpecifierSet:
    return SpecifierSet(metadata.metadata(DISTRIBUTION)["Requires-Python"] or "")


def _of_package(requirement: Requirement, needed: bool, purpose: str = "") -> Finding:
    """How a package stands. One that is there in another version is not fit, needed or not."""
    name, lacking = requirement.name, State.MISSING if needed else State.NOTE
    declared = f"declared: {requirement.specifier or 'any'}"
    wanted = f"'{name}{requirement.specifier}'" if requirement.specifier else name
    why = f", for {purpose}" if purpose else ""
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        fix = install_command([name]) if name in MODELS else f"pip install {wanted}"
        return Finding(name, lacking, f"not installed ({declared}{why})", fix)
    try:
        fine = requirement.specifier.contains(Version(found), prereleases=True)
    except InvalidVersion:
        fine = True  # made by hand; nothing can be said
    return Finding(
        name, State.OK if fine else lacking, f"{found} ({declared}{why})", "" if fine else f"pip install {wanted}"
    )
