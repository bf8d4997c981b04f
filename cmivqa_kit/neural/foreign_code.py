"""Python code that an encoder brings (``auto_map``): its files in memory, their digest, the classes in them.

The files are imported from memory and not from the disk, so what runs is what the digest was taken of. An error of
theirs becomes a plain one that names the file and the line.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.abc import ExecutionLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import decode_source
from pathlib import Path
from traceback import walk_tb
from types import ModuleType
from typing import Any

from cmivqa_kit.damage import short_reason
from cmivqa_kit.errors import RunFailed, UserError

PACKAGE = "cmivqa_foreign_code_"  # beginning of the names under which such files are imported
MEND = "Mend that file, or give an encoder whose kind transformers knows by itself."


class CodeError(UserError):
    """Code that an encoder brings cannot be used: it fails, or is not what its description says."""

    def __init__(self, message: str) -> None:
        super().__init__(message, MEND)


@dataclass(frozen=True, slots=True)
class ForeignCode:
    """The code that an encoder brings.

    Attributes:
        classes: ``AutoConfig``, ``AutoModel`` or ``AutoTokenizer`` -> ``module.Class``, as ``auto_map`` names them.
        files: path below the encoder's folder (``modeling.py``) -> content.
        paths: the same -> where the file lies.
    """

    classes: Mapping[str, str]
    files: Mapping[str, bytes]
    paths: Mapping[str, Path]

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the classes and the files."""
        document = {"classes": dict(self.classes), "files": self.file_digests}
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()

    @property
    def file_digests(self) -> dict[str, str]:
        """The hex SHA-256 of each file, by its path."""
        return {name: hashlib.sha256(data).hexdigest() for name, data in sorted(self.files.items())}

    def register(self) -> str:
        """Let `code_that_may_run` give it from now on in this process: it was allowed to run.

        Returns:
            Its digest.
        """
        digest = self.digest
        _ALLOWED[digest] = self
        return digest

    def class_of(self, kind: str, base: type) -> Any:
        """The class of a kind; the first time its file is run.

        Raises:
            CodeError: the file fails, or has no such class that is a ``base``.
        """
        module, _, name = self.classes[kind].rpartition(".")
        with naming_code():
            try:
                imported = import_module(f"{_package(self)}.{module}")
            except SystemExit as error:
                raise CodeError(f"{self._path(module)}: ends the program while it is imported") from error
        named = getattr(imported, name, None)
        if not isinstance(named, type) or not issubclass(named, base):
            fault = f"has no class {name}" if named is None else f"{name} is no {base.__name__} of transformers"
            raise CodeError(f"{self._path(module)}: {fault}; auto_map names it as the encoder's {kind}")
        return named

    def _path(self, module: str) -> Path:
        stem = module.replace(".", "/")
        return self.paths[f"{stem}.py" if f"{stem}.py" in self.paths else f"{stem}/__init__.py"]


_ALLOWED: dict[str, ForeignCode] = {}  # by digest: what may run in this process


def code_that_may_run(digest: object) -> ForeignCode | None:
    """The code that a configuration needs; ``None`` for one without a digest.

    Raises:
        UserError: no code of that digest was allowed to run in this process.
    """
    if not isinstance(digest, str):
        return None
    if digest not in _ALLOWED:
        raise UserError(
            f"the encoder's configuration needs Python code (sha256 {digest:.12}) that does not lie in the run",
            "Copy the run again from where it was made, or train again.",
        )
    return _ALLOWED[digest]


@contextmanager
def naming_code() -> Iterator[None]:
    """Turn a failure in such code into a plain error that names its file and line.

    Raises:
        CodeError: the block failed there; other failures pass as they are.
    """
    try:
        yield
    except (UserError, KeyboardInterrupt):
        raise
    except BaseException as error:
        fault = fault_in_code(error)
        if fault is None:
            raise
        raise CodeError(fault) from error


def failure_in_code(error: BaseException) -> RunFailed | None:
    """The plain error about a failure on the way of a run; ``None`` where no such code took part in it."""
    fault = fault_in_code(error)
    return None if fault is None else RunFailed(fault, MEND)


def fault_in_code(error: BaseException | None) -> str | None:
    """File, line and reason of a failure in such code; ``None`` where none took part in it."""
    while error is not None:
        for frame, line in reversed(list(walk_tb(error.__traceback__))):
            if str(frame.f_globals.get("__name__")).startswith(PACKAGE):
                return f"{frame.f_code.co_filename}:{line}: code of the encoder fails ({_reason(error)})"
        error = error.__cause__ or error.__context__
    return None


def _reason(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name is not None:
        if error.name.startswith(PACKAGE):
            return f"{error.name.partition('.')[2].replace('.', '/')}.py does not lie beside it"
        return f"it needs the package {error.name.partition('.')[0]}, which is not installed here"
    return f"{type(error).__name__}: {short_reason(error).removeprefix(f'{type(error).__name__}: ')}"


def _package(code: ForeignCode) -> str:
    """The package under which the files are imported: another one for other bytes, and for another folder."""
    folder = hashlib.sha256(repr(sorted(map(str, code.paths.values()))).encode()).hexdigest()
    package = f"{PACKAGE}{code.digest[:16]}_{folder[:8]}"
    if not any(isinstance(finder, _Files) and finder.package == package for finder in sys.meta_path):
        sys.meta_path.insert(0, _Files(package, code))
    return package


class _Files(MetaPathFinder, ExecutionLoader):
    """Imports the files of one `ForeignCode` from memory, as a package of their own."""

    def __init__(self, package: str, code: ForeignCode) -> None:
        self.package, self.code = package, code

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        """The module of a file; a folder without ``__init__.py`` is an empty package."""
        if fullname != self.package and not fullname.startswith(f"{self.package}."):
            return None
        name = self._name(fullname)
        folder = f"{self._stem(fullname)}/".removeprefix("/")
        if name is None and not any(file.startswith(folder) for file in self.code.files):
            return None
        is_package = self.is_package(fullname)
        spec = ModuleSpec(fullname, self, origin=self.get_filename(fullname), is_package=is_package)
        spec.has_location = name is not None  # __file__; a package has no __path__, so nothing comes from the disk
        return spec

    def is_package(self, fullname: str) -> bool:
        """True for a folder."""
        return self._name(fullname) != f"{self._stem(fullname)}.py"

    def get_filename(self, fullname: str) -> str:
        """Where the file lies."""
        name = self._name(fullname)
        return "<package>" if name is None else str(self.code.paths[name])

    def get_source(self, fullname: str) -> str:
        """The text of the file."""
        name = self._name(fullname)
        return "" if name is None else decode_source(self.code.files[name])

    def _stem(self, fullname: str) -> str:
        return fullname[len(self.package) + 1 :].replace(".", "/")

    def _name(self, fullname: str) -> str | None:
        stem = self._stem(fullname)
        names = (f"{stem}/__init__.py", f"{stem}.py") if stem else ()
        return next((name for name in names if name in self.code.files), None)
