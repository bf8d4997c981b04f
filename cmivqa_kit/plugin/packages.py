"""The Python packages of the kit's neural baselines, and the command that installs what is missing.

The command names packages, not an extra of the kit: the kit itself may be on no index.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from urllib.parse import unquote, urlsplit

MODELS = ("torch", "transformers", "accelerate", "safetensors", "cachetools")  # the extra ``models`` of pyproject.toml


def install_command(missing: Iterable[str]) -> str:
    """The ``pip install`` command for packages; where one of `MODELS` is among them, all of these go along.

    >>> install_command(["transformers"])
    'pip install torch transformers accelerate safetensors cachetools'
    >>> install_command(["faiss"])
    'pip install faiss'
    """
    names = tuple(missing)
    models = MODELS if set(MODELS).intersection(names) else ()
    return " ".join(["pip install", *models, *(name for name in names if name not in models)])


def reinstall_command(name: str) -> str:
    """The ``pip install`` command that installs a distribution again from where it was installed: a folder, an address,
    or else its name on the index."""
    try:
        record = json.loads(distribution(name).read_text("direct_url.json") or "{}")
        origin, editable = str(record.get("url", "")), bool(record.get("dir_info", {}).get("editable"))
    except (PackageNotFoundError, OSError, ValueError, AttributeError):
        origin, editable = "", False
    folder = unquote(urlsplit(origin).path) if origin.startswith("file:") else ""
    options = ["--force-reinstall", *(["-e"] if editable else [])]
    return shlex.join(["pip", "install", *options, folder or origin or name])
