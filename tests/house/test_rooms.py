"""The rooms of the house: a package imports only packages that stand before it in DESIGN.md's list."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# From the ground up. `leaderboard` comes with its own part.
ORDER = (
    "lazy", "errors", "foreign_content", "damage", "common_characters", "text_encoding", "output_paths",
    "temporary_files", "files", "static_page", "joint_files", "memory", "metrics", "editions",
    "data", "workspace", "runs", "plugin", "submission", "scoring", "entries", "neural", "training", "prediction",
    "bench", "diagnosis", "leaderboard", "doctor", "cli",
)  # fmt: skip
APART = (("training", "prediction"),)  # side by side: neither imports the other
FACE = ("__init__", "__main__")


def room_of(path: Path) -> str:
    """The package of the kit that a file belongs to; a module at the top is one of its own."""
    first = path.relative_to(ROOT / "cmivqa_kit").parts[0]
    return first.removesuffix(".py")


def imported_rooms(source: str) -> Iterator[tuple[int, str]]:
    """Line and package of every import of the kit, those inside functions and for type checking included."""
    for node in ast.walk(ast.parse(source)):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            inside = node.module == "cmivqa_kit"
            modules = [f"cmivqa_kit.{alias.name}" for alias in node.names] if inside else [node.module]
        for module in modules:
            top, _, rest = module.partition(".")
            if top == "cmivqa_kit" and rest and rest != "__version__":
                yield node.lineno, rest.split(".")[0]


def faults(path: Path, source: str) -> list[str]:
    """The imports of a file that run against the order."""
    room = room_of(path)
    if room in FACE:
        return []
    return [
        f"{path.name}:{line}: {room} imports {other}"
        for line, other in imported_rooms(source)
        if ORDER.index(other) > ORDER.index(room) or (other, room) in APART or (room, other) in APART
    ]


MODULES = sorted((ROOT / "cmivqa_kit").rglob("*.py"))


def test_every_package_has_its_place() -> None:
    assert {room_of(path) for path in MODULES} <= {*ORDER, *FACE}


@pytest.mark.parametrize("room", sorted({room_of(path) for path in MODULES}))
def test_imports_run_one_way(room: str) -> None:
    own = [path for path in MODULES if room_of(path) == room]
    assert not [fault for path in own for fault in faults(path, path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(
    "source",
    ["from cmivqa_kit.cli import render", "def f():\n    from cmivqa_kit import cli",
     "import cmivqa_kit.prediction.types",
     "if TYPE_CHECKING:\n    from cmivqa_kit.diagnosis import page"],
)  # fmt: skip
def test_an_import_against_the_order_is_seen(source: str) -> None:
    assert faults(ROOT / "cmivqa_kit" / "training" / "loop.py", source)


def test_an_import_along_the_order_is_none() -> None:
    assert not faults(ROOT / "cmivqa_kit" / "training" / "loop.py", "from cmivqa_kit.neural import encoders")


def modules_of(tree: Path) -> dict[str, Path]:
    """Every module below ``tree`` by its dotted name."""
    named = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in tree.rglob("*.py")}
    return {name.removesuffix(".__init__"): path for name, path in named.items()}


def test_no_two_modules_import_each_other() -> None:
    modules = modules_of(ROOT / "cmivqa_kit")
    graph: dict[str, set[str]] = {}
    for name, path in modules.items():
        graph[name] = set()
        for node in ast.parse(path.read_text(encoding="utf-8")).body:  # at import time
            if isinstance(node, ast.ImportFrom) and node.module:
                targets = {f"{node.module}.{alias.name}" for alias in node.names}
                graph[name] |= {target if target in modules else node.module for target in targets}
    state: dict[str, int] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert state.get(name) != 1, f"circle: {' -> '.join((*trail, name))}"
        if name in state:
            return
        state[name] = 1
        for other in sorted(graph.get(name, ())):
            if other in modules and other != name:
                visit(other, (*trail, name))
        state[name] = 2

    for name in modules:
        visit(name, ())


def test_the_kit_never_imports_baselines() -> None:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [name for name in names if name and name.split(".")[0] == "baselines"], path


def test_a_baseline_never_imports_another() -> None:
    for path in sorted((ROOT / "baselines").rglob("*.py")):
        own = path.relative_to(ROOT / "baselines").parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("baselines."):
                assert node.module.split(".")[1] == own, path
