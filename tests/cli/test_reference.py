"""The generated pages are not stale, hold every command, and every JSON that a command can print is declared."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import click
import pytest
from jsonschema import Draft202012Validator

from cmivqa_kit.cli import reference, render
from cmivqa_kit.cli.json_schemas.registry import ALL, CARD, DRY_RUN, EXPLAIN, PAIR, outputs
from tests.cli.running import cmivqa, cmivqa_here, python
from tests.declared import NotDeclared, conform, conform_printed

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", reference.PAGES)
def test_a_generated_page_is_not_stale(page: str) -> None:
    stored = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    assert stored == reference.PAGES[page](), f"docs/{page}.md is stale. Run: {reference.REGENERATE.format(page)}"


def test_pages_do_not_depend_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {page: make() for page, make in reference.PAGES.items()}
    for name, value in {"COLUMNS": "40", "LINES": "10", "FORCE_COLOR": "1", "HOME": "/elsewhere"}.items():
        monkeypatch.setenv(name, value)
    assert {page: make() for page, make in reference.PAGES.items()} == before


def test_the_program_prints_the_stored_pages() -> None:
    done = python("from cmivqa_kit.cli.reference import main; main(['json'])", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (ROOT / "docs" / "json.md").read_text(encoding="utf-8")


def test_an_unknown_page_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert reference.main(["other"]) == 2
    assert "cli|json" in capsys.readouterr().err


def _commands() -> dict[str, click.Command]:
    return {reference.name_of(context): context.command for context in reference.commands()}


def test_every_command_and_option_is_in_the_page() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    sections = dict(part.split("\n", 1) for part in text.replace("\n### ", "\n## ").split("\n## ")[1:])
    commands = _commands()
    assert {"", "score", "data", "data check", "schema show"} <= set(commands)
    assert list(sections) == [f"cmivqa {name}".strip() for name in commands]
    for name, command in commands.items():
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.opts[-1] in sections[f"cmivqa {name}".strip()]


def _gives_json(command: click.Command) -> bool:
    kinds = [parameter.type for parameter in command.params if "--format" in parameter.opts]
    return any(isinstance(kind, click.Choice) and "json" in kind.choices for kind in kinds)


def test_every_json_is_declared_and_nothing_else() -> None:
    wanted = set()
    for name, command in _commands().items():
        if _gives_json(command):
            wanted.add(name)
            for flag in (DRY_RUN, EXPLAIN, CARD):
                if any(flag.strip() in parameter.opts for parameter in command.params):
                    wanted.add(f"{name}{flag}")
    wanted.add(f"predict{ALL}")  # elsewhere --all makes the same document longer
    wanted.add(f"diagnose{PAIR}")
    assert set(outputs()) == wanted
    for command_name, output in outputs().items():
        assert output.example.startswith(f"cmivqa {command_name.partition(' --')[0].removesuffix(PAIR)} ")
        Draft202012Validator.check_schema(output.schema)


def _objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    below = [*schema.get("properties", {}).values()]
    below += [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    return [schema, *(deeper for each in below for deeper in _objects(each))]


@pytest.mark.parametrize("command", outputs())
def test_schemas_are_closed_and_say_what_each_key_is(command: str) -> None:
    for schema in _objects(outputs()[command].schema):
        assert schema["description"]
        if "object" in schema.get("type", ()):
            assert schema["additionalProperties"] is False or isinstance(schema["additionalProperties"], dict)


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("declared")
    assert cmivqa_here("sample", "--track", "3", "--out", "entry.json", cwd=folder).returncode == 0
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ["score", "entry.json", "--no-intervals"],
        ["score", "entry.json", "--published", "ccgs", "--resamples", "50"],
        ["validate", "entry.json"],
        ["diagnose", "entry.json"],
        ["diagnose", "entry.json", "entry.json"],
        ["compare", "entry.json", "entry.json", "--resamples", "50"],
        ["baselines"],
        ["config"],
        ["data", "check", "--all"],
        ["data", "check", "--split", "dev"],
        ["train", "-m", "prior", "--run", "runs/prior"],
        ["train", "-m", "prior", "--dry-run"],
        ["predict", "--run", "runs/prior", "--split", "testA", "--track", "1"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_what_commands_print_is_as_declared(entry: Path, arguments: list[str]) -> None:
    done = cmivqa_here(*arguments, "--format", "json", cwd=entry)
    assert done.returncode == 0, done.stderr.decode()
    conform_printed([*arguments, "--format", "json"], done.stdout)


def test_what_init_prints_is_as_declared(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    done = cmivqa_here("init", "--data", "data", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    conform("init", json.loads(done.stdout))


def test_what_init_prints_of_downloads_is_as_declared(tmp_path: Path) -> None:
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    lines = [{"text": "step", "start": 2.0, "duration": 2.0}]
    question = {"id": 0, "question": "which step", "video_id": "one", "start_second": 2, "end_second": 4}
    (downloads / "dev.json").write_text(json.dumps([question]), encoding="utf-8")
    (downloads / "subtitle.json").write_text(json.dumps({"one": lines}), encoding="utf-8")
    (downloads / "notes.txt").write_text("no part of a corpus", encoding="utf-8")
    done = cmivqa_here("init", "--from", "downloads", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    document = json.loads(done.stdout)
    conform("init", document)
    assert document["placed"] and document["ignored"] and document["missing"]


@pytest.fixture(scope="module")
def scored(entry: Path) -> Any:
    return json.loads(cmivqa_here("score", "entry.json", "--no-intervals", "--format", "json", cwd=entry).stdout)


def test_undeclared_missing_and_mistyped_keys_are_seen(scored: Any) -> None:
    conform("score", scored)
    more, fewer, other = (copy.deepcopy(scored) for _ in range(3))
    more[0]["scores"][0]["strict"]["beside"] = 1
    del fewer[0]["scores"][0]["signature"]
    other[0]["scores"][0]["counts"]["questions"] = "113"
    for document, word in ((more, "beside"), (fewer, "signature"), (other, "113")):
        with pytest.raises(NotDeclared, match=word):
            conform("score", document)
        with pytest.raises(NotDeclared, match=word):
            conform_printed(["score", "x.json", "--format", "json"], json.dumps(document).encode())
    with pytest.raises(NotDeclared, match="declares none"):
        conform("sample", {})


def test_every_document_is_looked_at_where_it_leaves(entry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leaving = render.as_json  # what the session's fixture put there
    monkeypatch.setattr(render, "as_json", lambda document: leaving({**document, "beside": 1}))
    with pytest.raises(NotDeclared, match="beside"):
        cmivqa_here("config", "--format", "json", cwd=entry)


def test_a_process_is_looked_at_too(entry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(outputs()["config"].schema, "required", ["workspace", "elsewhere"])
    from tests import declared

    declared._validator.cache_clear()
    try:
        with pytest.raises(NotDeclared, match="elsewhere"):
            cmivqa("config", "--format", "json", cwd=entry)
    finally:
        declared._validator.cache_clear()


def test_no_command_pays_for_the_schemas() -> None:
    """Only what makes the pages imports them."""
    package = ROOT / "cmivqa_kit"
    naming = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "json_schemas" in path.read_text(encoding="utf-8") and path.parent.name != "json_schemas"
    }
    assert naming == {"cli/reference.py"}
    asking = (
        "import sys, cmivqa_kit.cli.score, cmivqa_kit.cli.validate; print('cmivqa_kit.cli.reference' in sys.modules)"
    )
    assert python(asking, cwd=ROOT).stdout == "False\n"
