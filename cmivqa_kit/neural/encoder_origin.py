"""Where an encoder is from: a folder, or a revision on the hub, and the code of its own that is run.

A run keeps all of it: the record in ``encoders.json``, the files of the code in ``foreign-code/``. It is loaded again
with those files alone, never with what lies in the folder it was trained from, and only if they are the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmivqa_kit.damage import COPY_AGAIN, reading
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import atomic_path
from cmivqa_kit.neural.encoder_code import MOST, EncoderFiles, code_of, listed, named_classes
from cmivqa_kit.neural.foreign_code import ForeignCode
from cmivqa_kit.neural.trust import FLAG, code_is_trusted
from cmivqa_kit.runs.directory import ENCODERS, FOREIGN_CODE, RunDirectory, has_state

# The parts of a run that have an origin.
ENCODER, TOKENIZER_PART, FEATURE_PART = "encoder", "tokenizer", "feature-encoder"
READ_FIRST = f"Read it first: it can do all that you can. If you trust it, give {FLAG} too."
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class EncoderOrigin:
    """Where an encoder or a tokenizer is from.

    Attributes:
        files: a folder, or a revision on the hub.
        code: of its own, which is run; ``None`` where it names none, or none was allowed.
    """

    files: EncoderFiles
    code: ForeignCode | None = None

    @classmethod
    def of(cls, name: str) -> EncoderOrigin:
        """The origin of the encoder called ``name``, a folder or hub name; its code only where that is allowed.

        Raises:
            UserError: the code is allowed, and a file of it is missing or no Python.
        """
        files = EncoderFiles.of(name)
        return cls(files, code_of(files) if code_is_trusted() else None)

    def code_for(self, *kinds: str) -> ForeignCode | None:
        """The code, where it has a class of one of the kinds."""
        return self.code if self.code is not None and not self.code.classes.keys().isdisjoint(kinds) else None

    @property
    def record(self) -> dict[str, Any]:
        """What a run keeps of it."""
        folder = Path(self.files.name)
        code = self.code and {
            "digest": self.code.digest, "classes": dict(self.code.classes), "files": self.code.file_digests
        }  # fmt: skip
        source = str(folder.resolve()) if folder.exists() else self.files.name
        return {"source": source, "revision": self.files.revision, "code": code}


def refusal(files: EncoderFiles) -> UserError | None:
    """The error about code that is needed and was not allowed; ``None`` where the encoder names none."""
    named = named_classes(files)
    if not named:
        return None
    if code_is_trusted():  # a part of a run, which is read with the code that the run recorded alone
        return UserError(f"{files.words}: needs Python code ({listed(named)}) that does not lie in the run", COPY_AGAIN)
    return UserError(f"encoder {files.words!r} brings Python code of its own ({listed(named)}), "
                     f"which is not run without {FLAG}", READ_FIRST)  # fmt: skip


def store_origin(run: RunDirectory, part: str, origin: EncoderOrigin) -> None:
    """Keep in a run where one of its parts is from; nothing is kept of a folder without code of its own.

    All processes that train together have to call it.

    Raises:
        UserError: the run was begun with other code.
        RunFailed: it cannot be written.
    """
    record = origin.record
    stored = run.read_object(ENCODERS) if (run.path / ENCODERS).exists() else {}
    if part in stored or has_state(run.path):
        if _code(stored.get(part)).get("digest") != _code(record).get("digest"):
            raise UserError(
                f"{origin.files.words}: the code of this encoder is not the code that {run.path} was begun with",
                f"Give back the files that it was begun with ({FLAG} as then), or train anew.",
            )
    elif run.group.main and (origin.files.revision or origin.code):
        if origin.code is not None:
            folder = _folder(run, origin.code.digest)
            for name, data in origin.code.files.items():
                with atomic_path(folder / name) as temporary:
                    temporary.write_bytes(data)
        run.write(ENCODERS, {**stored, part: record})


def codes_of(run: RunDirectory) -> Mapping[str, ForeignCode]:
    """The code that the parts of a run need, read from the run, by part.

    Raises:
        UserError: it was not allowed to run; or it is not what the run was made with.
    """
    stored = run.read_object(ENCODERS) if (run.path / ENCODERS).exists() else {}
    codes = {part: code for part, facts in stored.items() if (code := _code(facts))}
    if codes and not code_is_trusted():
        part, code = next(iter(codes.items()))
        raise UserError(
            f"{run.path}: its {part} brings Python code from {stored[part].get('source')} ({listed(_texts(code))} in "
            f"{_folder(run, _digest(run, code))}), which is not run without {FLAG}",
            READ_FIRST,
        )
    read = {part: _read(run, code) for part, code in codes.items()}
    for allowed in read.values():
        allowed.register()
    return read


def require_code(path: Path, digest: object, codes: Mapping[str, ForeignCode]) -> None:
    """Refuse a network whose configuration needs other code than the run has.

    Args:
        path: of the network's sizes.
        digest: that they name; ``None`` where the encoder needs no code.
        codes: of the run, by part.

    Raises:
        UserError: the run has no code of that digest.
    """
    if digest is not None and digest not in {code.digest for code in codes.values()}:
        raise UserError(f"{path}: the encoder needs Python code that does not lie in the run", COPY_AGAIN)


def _read(run: RunDirectory, facts: Mapping[str, Any]) -> ForeignCode:
    digest, classes = _digest(run, facts), _texts(facts)
    folder = _folder(run, digest)
    with reading(folder, "code of the encoder"):
        paths = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.py")) if path.is_file()}
        if sum(path.stat().st_size for path in paths.values()) > MOST:
            raise ValueError(f"more than {MOST // 2**20} MiB")
        code = ForeignCode(classes, {name: path.read_bytes() for name, path in paths.items()}, paths)
    if code.digest != digest:
        recorded = facts.get("files")
        before = recorded if isinstance(recorded, dict) else {}
        names = sorted(name for name in {*before, *code.files} if before.get(name) != code.file_digests.get(name))
        raise UserError(
            f"{folder}: not the code that the run was made with ({', '.join(names[:5]) or 'other classes'}: other "
            f"bytes than recorded); {FLAG} does not run it",
            COPY_AGAIN,
        )
    return code


def _code(facts: Any) -> dict[str, Any]:
    code = facts.get("code") if isinstance(facts, dict) else None
    return code if isinstance(code, dict) else {}


def _texts(facts: Mapping[str, Any]) -> dict[str, str]:
    """The classes in a record, without what is damaged; the digest tells that anyway."""
    classes = facts.get("classes")
    return {str(kind): str(name) for kind, name in classes.items()} if isinstance(classes, dict) else {}


def _digest(run: RunDirectory, facts: Mapping[str, Any]) -> str:
    digest = str(facts.get("digest"))
    if not _DIGEST.fullmatch(digest):
        raise UserError(f"{run.path / ENCODERS}: damaged (a digest is none)", COPY_AGAIN)
    return digest


def _folder(run: RunDirectory, digest: str) -> Path:
    return run.path / FOREIGN_CODE / digest[:16]
