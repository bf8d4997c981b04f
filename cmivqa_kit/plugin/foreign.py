"""Another project's package called ``baselines``: the kit's own has the name of a project on PyPI."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import cmivqa_kit
from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.packages import reinstall_command

PACKAGE = "baselines"
DISTRIBUTION = "cmivqa-kit"


def foreign_package() -> Path | None:
    """The folder of a package ``baselines`` that is in the way of the kit's; ``None`` where there is none.

    The kit's own lies beside ``cmivqa_kit``. Another one is in the way from any other folder, and from the same one
    where another distribution has put its files among the kit's.
    """
    try:
        spec = find_spec(PACKAGE)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    folders = list(spec.submodule_search_locations or ()) or ([spec.origin] if spec.origin else [])
    folder = Path(folders[0]) if folders else Path(PACKAGE)
    own = Path(cmivqa_kit.__file__).parents[1] / PACKAGE
    if folder.resolve() != own.resolve() or set(packages_distributions().get(PACKAGE, ())) - {DISTRIBUTION}:
        return folder
    return None


def foreign_error(name: str, module: str) -> UserError | None:
    """The error to raise where a baseline's ``module`` cannot be loaded because of a foreign package, if it is that."""
    if module.partition(".")[0] != PACKAGE or (folder := foreign_package()) is None:
        return None
    return UserError(
        f"baseline {name!r} cannot be loaded: another project's package {PACKAGE!r} ({folder}) is in the way of the "
        "kit's own",
        f"Uninstall it (pip uninstall {PACKAGE}) and reinstall the kit ({reinstall_command(DISTRIBUTION)}), "
        "or use a fresh virtual environment. If it is a folder of your own, run the command from another folder.",
    )
