"""The packages of neural baselines, and the commands that install."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from cmivqa_kit.plugin import packages
from cmivqa_kit.plugin.packages import MODELS, install_command, reinstall_command

ROOT = Path(__file__).parents[2]


def test_the_packages_are_those_of_the_extra() -> None:
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert {re.split(r"[<>=]", need)[0] for need in extra["models"]} == set(MODELS)


@pytest.mark.parametrize(
    ("missing", "command"),
    [
        (["torch"], "pip install torch transformers accelerate safetensors cachetools"),
        (["faiss", "accelerate"], "pip install torch transformers accelerate safetensors cachetools faiss"),
        (["faiss"], "pip install faiss"),
    ],
)
def test_what_is_installed_is_named_as_packages(missing: list[str], command: str) -> None:
    assert install_command(missing) == command


@pytest.mark.parametrize(
    ("record", "command"),
    [
        ({"url": "file:///my%20kit", "dir_info": {"editable": True}}, "pip install --force-reinstall -e '/my kit'"),
        ({"url": "file:///kit", "dir_info": {}}, "pip install --force-reinstall /kit"),
        ({"url": "https://example.org/kit.whl"}, "pip install --force-reinstall https://example.org/kit.whl"),
        (None, "pip install --force-reinstall cmivqa-kit"),
    ],
)
def test_a_kit_is_installed_again_from_where_it_came(
    monkeypatch: pytest.MonkeyPatch, record: object, command: str
) -> None:
    class Installed:
        def read_text(self, name: str) -> str | None:
            return None if record is None else json.dumps(record)

    monkeypatch.setattr(packages, "distribution", lambda name: Installed())
    assert reinstall_command("cmivqa-kit") == command
