"""Shared by the walks that type every printed command: a small corpus, a folder to begin in, what must hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cmivqa_kit.data.demo import demo_corpus
from tests.cli.command_server import CommandServer
from tests.cli.printed_steps import Step, is_placeholder, printed_commands, verb, walk
from tests.data.corpora import smaller
from tests.house.test_docs_commands import unknown


@pytest.fixture(scope="module")
def few_videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded corpus with every eleventh video: each split has some questions."""
    return smaller(demo_corpus(), tmp_path_factory.mktemp("corpus") / "corpus", every=11)


@pytest.fixture
def type_all(server: CommandServer, tmp_path: Path) -> Callable[..., list[Step]]:
    """Walk from the folder ``state`` of the test, and hold what must hold of every step."""

    def typed(*first: str, least: int) -> list[Step]:
        steps = walk(server, tmp_path / "state", first, tmp_path / "walk")
        assert not [step for step in steps if "Traceback" in step.printed.text]
        assert not [
            (step.after, step.command, step.printed.text) for step in steps if step.after and not step.succeeded
        ]
        placeholders = {
            named for step in steps for named in printed_commands(step.printed.text) if is_placeholder(named)
        }
        assert not {named: faults for named in placeholders if verb(named) and (faults := unknown(named.split()[1:]))}
        assert sum(bool(step.after) for step in steps) >= least
        return steps

    (tmp_path / "state").mkdir()
    (tmp_path / "walk").mkdir()
    return typed


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The folder that a walk begins in."""
    return tmp_path / "state"
