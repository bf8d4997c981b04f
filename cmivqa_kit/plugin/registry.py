"""Finding baselines: the entry-point group ``cmivqa_kit.baselines`` names a `Declaration` per system.

The kit imports no baseline itself; a participant's own package plugs in by naming its declaration in that group.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec

from cmivqa_kit.errors import UserError, closest
from cmivqa_kit.plugin.foreign import foreign_error
from cmivqa_kit.plugin.packages import install_command
from cmivqa_kit.plugin.types import Baseline, Declaration
from cmivqa_kit.workspace import FLAGSHIP

GROUP = "cmivqa_kit.baselines"
NEEDED, OPTIONAL = "package:", "optional:"  # kinds of a declaration's needs


def baseline_names() -> tuple[str, ...]:
    """Names of all installed baselines, sorted; imports none of them."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def find_declaration(name: str) -> Declaration:
    """The declaration of the baseline called ``name``.

    Raises:
        UserError: no such baseline, or its package is broken, or hidden by another project's of the same name.
    """
    points = {point.name: point for point in entry_points(group=GROUP)}
    if name not in points:
        raise UserError(
            f"unknown baseline {name!r}.{closest(name, points)}",
            f"Installed: {', '.join(sorted(points)) or 'none'}. List them: cmivqa baselines",
        )
    return _load(points[name])


def require_packages(declaration: Declaration) -> None:
    """Refuse a baseline whose packages are not installed.

    Raises:
        UserError: naming the packages, how to install them, and what goes without.
    """
    missing = missing_packages(declaration)
    if missing:
        raise UserError(
            f"baseline {declaration.name!r} needs {', '.join(missing)}, not installed here",
            f"Install what it needs: {install_command(missing)}{_without(declaration)}",
        )


def _without(declaration: Declaration) -> str:
    return f"\nWithout it: cmivqa train -m {FLAGSHIP}" if declaration.name != FLAGSHIP else ""


def create(declaration: Declaration) -> Baseline:
    """A fresh object of the system.

    Raises:
        UserError: a Python package it needs is not installed or cannot be imported, or the factory is missing.
    """
    require_packages(declaration)
    module, _, attribute = declaration.factory.partition(":")
    try:
        system: Baseline = getattr(import_module(module), attribute)()
    except UserError:
        raise
    except Exception as error:
        if (failure := _failing_import(declaration)) is not None:
            raise UserError(
                f"baseline {declaration.name!r} needs {failure[0]}, which cannot be imported here ({failure[1]})",
                f"Install it again: pip install --force-reinstall {failure[0]}{_without(declaration)}",
            ) from error
        raise _broken(declaration.name, declaration.factory, error) from error
    return system


def missing_packages(declaration: Declaration, optional: bool = False) -> tuple[str, ...]:
    """Python packages the declaration needs, or would make use of (``optional``), that are not installed."""
    return tuple(name for name in _packages(declaration, OPTIONAL if optional else NEEDED) if not _installed(name))


def unusable_packages(declaration: Declaration) -> tuple[str, ...]:
    """Optional packages of the declaration that are not installed, or the first that is and cannot be imported.

    It imports them, which takes seconds: a damaged torch is as good as none.
    """
    missing = missing_packages(declaration, optional=True)
    failure = None if missing else _failing_import(declaration, OPTIONAL)
    return missing if failure is None else (failure[0],)


def _packages(declaration: Declaration, kind: str) -> tuple[str, ...]:
    return tuple(need.removeprefix(kind) for need in declaration.needs if need.startswith(kind))


def _failing_import(declaration: Declaration, kind: str = NEEDED) -> tuple[str, Exception] | None:
    """The first package of a kind that is there and cannot be imported, and why; ``None`` where all can."""
    for name in _packages(declaration, kind):
        try:
            import_module(name)
        except Exception as error:  # a damaged library may raise anything
            return name, error
    return None


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # the package that should hold it is not there, or is damaged
        return False


def _load(point: EntryPoint) -> Declaration:
    try:
        loaded = point.load()
    except Exception as error:  # a participant's package may raise anything
        raise _broken(point.name, point.value, error) from error
    if not isinstance(loaded, Declaration):
        raise UserError(
            f"baseline {point.name!r}: {point.value} is not a Declaration",
            "Its entry point must name a cmivqa_kit.plugin.types.Declaration.",
        )
    return loaded


def _broken(name: str, target: str, error: Exception) -> UserError:
    """What is said where ``target``, a module and a name in it, cannot be loaded."""
    return foreign_error(name, target.partition(":")[0]) or UserError(
        f"baseline {name!r}: {target} cannot be loaded ({type(error).__name__}: {error})",
        "Reinstall or mend the package it is in; --debug shows where it stops.",
    )
