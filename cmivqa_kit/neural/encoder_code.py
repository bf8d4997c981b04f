"""The code files that an encoder's description names: what it says (``auto_map``), and the files that this reaches.

A file is reached by name and by relative imports, as transformers reaches it; what lies beside is left alone. Nothing
is run here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cmivqa_kit.damage import short_reason
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import read_json
from cmivqa_kit.neural.foreign_code import MEND, ForeignCode

KINDS = {"AutoConfig": "config.json", "AutoModel": "config.json", "AutoTokenizer": "tokenizer_config.json"}
MOST = 16 * 2**20  # bytes of code of an encoder; what is larger is no code
_REFERENCE = re.compile(r"(?:(?P<repo>[\w.-]+/[\w.-]+)--)?(?P<module>[^\W\d]\w*(?:[./][^\W\d]\w*)*)\.(?P<name>\w+)")
_SNAPSHOT = re.compile(r"snapshots[/\\]([0-9a-f]{40})[/\\]")


@dataclass(frozen=True, slots=True)
class EncoderFiles:
    """The files of an encoder: of a folder, or at one revision on the hub.

    ``name`` is the folder or hub name. ``revision`` is the commit, ``None`` for a folder and where it is not known.
    """

    name: str
    revision: str | None = None

    @classmethod
    def of(cls, name: str) -> EncoderFiles:
        """The files at the newest revision that can be had."""
        if Path(name).exists():
            return cls(name)
        return cls(name, _revision(_fetched(name, "config.json")))

    def path(self, name: str) -> Path | None:
        """Where a file lies; ``None`` where there is none, or it cannot be had."""
        if Path(self.name).exists():
            path = Path(self.name) / name
            return path if path.is_file() else None
        return _fetched(self.name, name, self.revision)

    @property
    def words(self) -> str:
        """How an error calls them."""
        return f"{self.name} at revision {self.revision:.12}" if self.revision else self.name


def named_classes(files: EncoderFiles) -> dict[str, str]:
    """The classes of their own that an encoder's descriptions name, by kind: ``AutoModel`` -> ``modeling.Model``."""
    named: dict[str, str] = {}
    for kind, description in KINDS.items():
        document: Any = None
        with suppress(UserError):
            path = files.path(description)
            document = None if path is None else read_json(path)
        stated = document.get("auto_map") if isinstance(document, dict) else None
        if kind == "AutoTokenizer" and isinstance(stated, list):  # as it was written once
            stated = {kind: stated}
        reference = stated.get(kind) if isinstance(stated, dict) else None
        if isinstance(reference, list):  # a slow and a fast one
            reference = next((text for text in reversed(reference) if text), None)
        if isinstance(reference, str) and reference:
            named[kind] = reference
    return named


def code_of(files: EncoderFiles) -> ForeignCode | None:
    """The code that an encoder's descriptions name, read and not run; ``None`` where they name none.

    Raises:
        UserError: a file is missing, no Python, or far too large.
    """
    reading = _Reading()
    classes = {}
    for kind, reference in named_classes(files).items():
        parts = _REFERENCE.fullmatch(reference)
        if parts is None:
            raise UserError(f"{files.words}: auto_map names {reference[:80]!r}, which is no class in a file", MEND)
        module = parts["module"].replace("/", ".")
        source = EncoderFiles.of(parts["repo"]) if parts["repo"] else files
        if parts["repo"]:
            first = source.path(f"{module.replace('.', '/')}.py")
            source = EncoderFiles(source.name, source.revision or _revision(first))
        reading.take(source, module)
        classes[kind] = f"{module}.{parts['name']}"
    return ForeignCode(classes, reading.files, reading.paths) if classes else None


@dataclass
class _Reading:
    """The files read so far."""

    files: dict[str, bytes] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    size: int = 0

    def take(self, source: EncoderFiles, module: str) -> None:
        """Read a module and all that it reaches."""
        first = list(_module(source, module.split(".")))
        if not first:
            raise UserError(
                f"{source.words}: there is no {module.replace('.', '/')}.py, which auto_map names",
                "Get the encoder again, with all its files.",
            )
        waiting = first
        while waiting:
            name, path = waiting.pop()
            if self.paths.get(name) == path:
                continue
            data = self._read(path)
            if self.files.setdefault(name, data) != data:
                raise UserError(f"{path}: another file of this encoder is called {name} too", MEND)
            self.paths[name] = path
            waiting += _reached(source, name, _tree(path, data))

    def _read(self, path: Path) -> bytes:
        self.size += path.stat().st_size
        if self.size > MOST:
            raise UserError(f"{path}: more than {MOST // 2**20} MiB of code", MEND)
        return path.read_bytes()


def _tree(path: Path, data: bytes) -> ast.Module:
    try:
        return ast.parse(data, str(path))
    except SyntaxError as error:
        raise UserError(f"{path}:{error.lineno or 1}: not Python ({error.msg})", MEND) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise UserError(f"{path}: not Python ({short_reason(error)})", MEND) from error


def _reached(source: EncoderFiles, name: str, tree: ast.Module) -> Iterator[tuple[str, Path]]:
    """The files that the relative imports of a file name, as far as they are there."""
    folder = name.split("/")[:-1]
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not 1 <= node.level <= len(folder) + 1:
            continue
        base = folder[: len(folder) + 1 - node.level]
        modules = [*base, *node.module.split(".")] if node.module else base
        reached = list(_module(source, modules)) if node.module else []
        yield from reached
        if not reached or reached[0][0].endswith("__init__.py"):  # names of a folder may be files of it
            for alias in node.names:
                yield from _module(source, [*modules, alias.name])


def _module(source: EncoderFiles, parts: list[str]) -> Iterator[tuple[str, Path]]:
    """The file of a module, then those of the packages around it."""
    stem = "/".join(parts)
    names = (name for name in (f"{stem}.py", f"{stem}/__init__.py") if source.path(name) is not None)
    name = next(names, None)
    if name is not None:
        around = [f"{'/'.join(parts[:depth])}/__init__.py" for depth in range(1, len(parts))]
        for file in (name, *around):
            path = source.path(file)
            if path is not None:
                yield file, path


def _fetched(name: str, file: str, revision: str | None = None) -> Path | None:
    """A file of a hub name, downloaded where the cache lacks it; ``None`` where it cannot be had."""
    from transformers.utils.hub import cached_file

    try:
        path = cached_file(name, file, revision=revision)
    except (OSError, ValueError):  # no such name, file or network
        return None
    return None if path is None else Path(path)


def _revision(path: Path | None) -> str | None:
    snapshot = _SNAPSHOT.search(str(path))
    return snapshot[1] if snapshot else None


def listed(classes: Mapping[str, str]) -> str:
    """The classes as an error lists them: ``modeling.Model, configuration.Config``."""
    return ", ".join(dict.fromkeys(text[:80] for text in classes.values()))
