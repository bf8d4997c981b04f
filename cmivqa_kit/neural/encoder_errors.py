"""Plain errors about encoders that cannot be opened: what lies there instead, and how to come by one."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from pathlib import Path

from cmivqa_kit.damage import failing_as, short_reason
from cmivqa_kit.errors import UserError
from cmivqa_kit.foreign_content import stand_ins
from cmivqa_kit.neural.encoder_code import EncoderFiles
from cmivqa_kit.neural.encoder_origin import refusal

PUBLISHED_ENCODER = "IDEA-CCNL/Erlangshen-DeBERTa-v2-320M-Chinese"
HOW_TO_GET = (
    f"The official baselines used {PUBLISHED_ENCODER} (640 MB). Behind a firewall set HF_ENDPOINT to a mirror; "
    "or download it elsewhere and name its folder: --set encoder=DIR (convert-checkpoint: --encoder DIR). "
    "To try the program without it: --preset tiny."
)


_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


def refuse_missing_folder(name: str, how_to_get: str = HOW_TO_GET) -> None:
    """Refuse what can only be a folder and is none: transformers would call it a wrong hub name.

    Args:
        name: of an encoder, a folder or a hub name.
        how_to_get: how to come by one.

    Raises:
        UserError: there is nothing at that path.
    """
    path = Path(name).expanduser()
    if path.exists():
        return
    looks = name.startswith((".", "~", "/", "\\")) or name.endswith(("/", "\\")) or not _HUB_NAME.fullmatch(name)
    # The first part of a hub name is an account; where it is a folder here, the rest was looked for in it.
    if looks or ("/" in name and Path(name).parent.is_dir()):
        raise UserError(f"encoder {name!r}: no such folder", f"Check the path; you are in {Path.cwd()}. {how_to_get}")


def refuse_stand_ins(name: str) -> None:
    """Refuse a folder in which web pages or pointers lie in the place of files.

    Raises:
        UserError: naming them.
    """
    error = _of_stand_ins(name, "it is no encoder")
    if error is not None:
        raise error


def _of_stand_ins(name: str, fault: str) -> UserError | None:
    """The error about files in the encoder's folder that are no data at all (web pages, pointers)."""
    listed = stand_ins(Path(name))
    if not listed:
        return None
    files = "; ".join(f"{path.name} is {content.noun}" for path, content in listed[:5])
    return UserError(f"encoder {name!r}: {fault} ({files})", listed[0][1].fix)


def unusable(files: EncoderFiles, fault: str, error: BaseException) -> UserError:
    """The error about an encoder that cannot be used.

    Args:
        files: of the encoder.
        fault: what cannot be done with it.
        error: what the libraries said.
    """
    known = _of_stand_ins(files.name, fault)
    if known is None and "trust_remote_code" in str(error):
        known = refusal(files)
    return known or UserError(f"encoder {files.words!r}: {fault} ({short_reason(error)})", HOW_TO_GET)


def opening(files: EncoderFiles, fault: str) -> AbstractContextManager[None]:
    """Turn whatever the libraries fail with into one error that names the encoder."""
    return failing_as(lambda error: unusable(files, fault, error))
