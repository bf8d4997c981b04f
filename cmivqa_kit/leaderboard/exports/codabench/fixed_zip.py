"""Zip archives whose bytes depend on their content alone: a fixed time, fixed rights, nothing compressed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

_TIME = (1980, 1, 1, 0, 0, 0)  # the first that a zip knows
_UNIX = 3


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """An archive of files by name, in this order. What compresses differs from machine to machine, so nothing does."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name, _TIME)
            member.create_system = _UNIX
            member.external_attr = 0o644 << 16
            archive.writestr(member, data)
    return stream.getvalue()
