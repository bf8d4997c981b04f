"""Which files are weights, told by what they hold; a name decides only where a file is damaged.

Official checkpoints are called ``pytorch_model.bin``, ``model_best.pth.tar`` (no tar), ``epoch=5-step=155.ckpt`` or
anything else. What `torch.save` writes is a zip, or in the form of before PyTorch 1.6 a row of pickles.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Literal

from cmivqa_kit.data.archive_members import DAMAGE, is_archive, is_archive_by_content
from cmivqa_kit.errors import UserError
from cmivqa_kit.foreign_content import read_head, stand_in
from cmivqa_kit.runs.directory import WEIGHTS

Form = Literal["torch zip", "torch pickles", "safetensors"]
NAMES = ("pytorch_model.bin", WEIGHTS)
ENDINGS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".pth.tar", ".pt.tar", ".ckpt.tar")
MAGIC = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"  # the number that the older form begins with, as a pickle writes it
OLDEST = frozenset(
    {"pickle", "storages", "tensors"}
)  # the members of what torch.save wrote before PyTorch 0.1.10: a tar
UNPACKED = frozenset({"data.pkl", "version"})  # members of the zip that torch.save writes
ZIP = b"PK\x03\x04"
SHOWN = 5


def weights_form(path: Path) -> Form | None:
    """How a file holds weights, by its bytes; ``None`` where it holds none, or too damaged ones."""
    head = read_head(path)
    if head.startswith(ZIP):
        return "torch zip" if _is_torch_zip(path) else None
    if head[:1] == b"\x80" and MAGIC in head[:32]:
        return "torch pickles"
    return "safetensors" if _is_safetensors(path, head) else None


def promises_weights(path: Path) -> bool:
    """True for a name that files of weights have."""
    return path.name.lower().endswith(ENDINGS)


def is_whole_zip(path: Path) -> bool:
    """True for a zip whose directory is there. Never raises; `zipfile.is_zipfile` does."""
    with suppress(*DAMAGE):
        return zipfile.is_zipfile(path)
    return False


def is_archive_of_files(path: Path) -> bool:
    """True for an archive around files, which `torch.save`'s own zip is not, whatever it is called."""
    if weights_form(path) is not None:
        return False
    if promises_weights(path):  # a damaged zip of this name is damaged weights
        return is_archive_by_content(path) and (is_whole_zip(path) or not read_head(path).startswith(ZIP))
    return is_archive(path)


def weights_file(files: tuple[Path, ...]) -> Path:
    """The one file of weights in a download; of several the one with the name that such files have in a model's folder.

    Raises:
        UserError: there is none, or there are several.
    """
    weights = [path for path in files if promises_weights(path) or weights_form(path) is not None]
    named = [path for path in weights if path.name in NAMES] or weights
    if not named:
        raise _no_weights(files)
    if len(named) > 1:
        listed = ", ".join(str(path) for path in named[:SHOWN])
        raise UserError(
            f"{len(named)} files of weights: {listed}", "Name the one to convert; unpack an archive for that."
        )
    return named[0]


def _no_weights(files: tuple[Path, ...]) -> UserError:
    for path in files:
        content = stand_in(path)
        if content is not None:
            return UserError(f"{path}: is {content.noun}", content.fix)
    by_folder: dict[Path, set[str]] = {}
    for path in files:
        by_folder.setdefault(path.parent, set()).add(path.name)
    for folder, names in by_folder.items():
        if names >= OLDEST:
            return UserError(
                f"{folder}: is what torch.save wrote before PyTorch 0.1.10, a tar, which cannot be read safely",
                "Ask who published it for the weights in a newer form, or as safetensors.",
            )
        if names >= UNPACKED:
            return UserError(
                f"{folder}: is a file of torch.save that was unpacked as if it were an archive",
                "Download it again without unpacking it (some browsers do so by themselves), and name the file.",
            )
    named = ", ".join(path.name for path in files[:SHOWN])
    more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
    held = f" (it holds {named}{more})" if files else ""
    return UserError(
        f"no weights in the download{held}",
        f"It should hold a file of torch.save or of safetensors, such as {' or '.join(NAMES)}.",
    )


def _is_torch_zip(path: Path) -> bool:
    with suppress(*DAMAGE), zipfile.ZipFile(path) as archive:
        members = [PurePosixPath(name).parts for name in archive.namelist()]
        inside = Counter(parts[0] for parts in members if parts[1:] in (("data.pkl",), ("version",)))
        return any(count == len(UNPACKED) for count in inside.values())
    return False


def _is_safetensors(path: Path, head: bytes) -> bool:
    """True for a header of the stated length that opens like JSON."""
    return len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= path.stat().st_size - 8
