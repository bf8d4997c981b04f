"""Every command has help, an example and its place in the README; the table of commands is not stale."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cmivqa_kit.cli.main import COMMANDS, cli

ROOT = Path(__file__).parents[2]


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(cli)
    for name in cli.list_commands(context):
        found = cli.get_command(context, name)
        assert found is not None
        yield name, found
        if isinstance(found, click.Group):
            for inner in found.list_commands(context):
                below = found.get_command(context, inner)
                assert below is not None
                yield f"{name} {inner}", below


ALL = dict(commands())


def test_the_issue_s_commands_are_all_there() -> None:
    wanted = (
        "init config doctor demo train runs predict rerank import validate schema score diagnose compare fuse "
        "leaderboard verify sample baselines convert-checkpoint bench features export data"
    )
    assert " ".join(COMMANDS) == wanted
    assert {"data check", "data convert", "data split", "data subtitles"} <= set(ALL)
    assert {"runs show", "runs compare"} <= set(ALL)
    assert {"export trec", "export medvidqa", "export tvr", "export codabench"} <= set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_help_says_what_and_gives_an_example(name: str) -> None:
    result = CliRunner().invoke(cli, [*name.split(), "--help"])
    assert result.exit_code == 0, result.output
    text = " ".join(result.output.split())
    assert "Example: cmivqa " + name.split()[0] in text
    for parameter in ALL[name].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name}: {parameter.name} has no help"
            # An old spelling still works, and is not advertised.
            assert (parameter.opts[-1] in result.output) != parameter.hidden


def test_only_the_old_spelling_of_published_is_hidden() -> None:
    hidden = {(name, p.name) for name in ALL for p in ALL[name].params if isinstance(p, click.Option) and p.hidden}
    assert hidden == {("score", "preset")}


@pytest.mark.parametrize("name", COMMANDS)
def test_table_of_commands_equals_the_commands(name: str) -> None:
    assert ALL[name].short_help == COMMANDS[name][1]


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
@pytest.mark.parametrize("name", ALL)
def test_readme_mentions_every_command(name: str, readme: str) -> None:
    assert f"cmivqa {name}" in (ROOT / readme).read_text(encoding="utf-8")


def test_options_are_spelled_one_way() -> None:
    """The same destination has the same flag in every command."""
    spelling: dict[str, set[tuple[str, ...]]] = {}
    for name, found in ALL.items():
        for parameter in found.params:
            # `data check` has a csv form, `demo` a folder: only options of the shared list are compared.
            if isinstance(parameter, click.Option) and parameter.name in ("data", "split", "baseline", "run", "truth"):
                spelling.setdefault(str(parameter.name), set()).add(tuple(parameter.opts))
        if name != "features extract":  # there it is a vision model, not a baseline
            assert not any(o.opts == ["--model"] for o in found.params), name
    assert spelling["baseline"] == {("-m", "--baseline")}
    assert all(len(forms) == 1 for forms in spelling.values())


def test_unknown_command_offers_the_nearest() -> None:
    result = CliRunner().invoke(cli, ["vaildate", "x.json"])
    assert result.exit_code == 2
    assert "Did you mean 'validate'?" in result.output
