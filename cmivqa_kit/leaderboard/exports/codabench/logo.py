"""The picture that Codabench demands of a competition: a number of bars on a plain ground, one per track."""

from __future__ import annotations

import struct
import zlib

from cmivqa_kit.data.types import Track

SIZE = 128  # pixels
_GROUND, _BAR = (20, 84, 120), (255, 255, 255)


def logo(track: Track) -> bytes:
    """A PNG of 128 x 128 pixels, the same bytes on every machine."""
    bars = {16 + 36 * at + offset for at in range(track) for offset in range(20)}
    plain, barred = bytes(SIZE // 8), bytes(3) + b"\xff" * (SIZE // 8 - 6) + bytes(3)  # a bit per pixel
    rows = b"".join(b"\0" + (barred if y in bars else plain) for y in range(SIZE))
    header = struct.pack(">IIBBBBB", SIZE, SIZE, 1, 3, 0, 0, 0)  # one bit, colours from a palette
    chunks = ((b"IHDR", header), (b"PLTE", bytes(_GROUND + _BAR)), (b"IDAT", _stored(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _stored(data: bytes) -> bytes:
    """A zlib stream without compression, whose bytes no version of zlib decides."""
    pieces = [data[start : start + 0xFFFF] for start in range(0, len(data), 0xFFFF)]
    blocks = [
        struct.pack("<BHH", at == len(pieces) - 1, len(piece), len(piece) ^ 0xFFFF) + piece
        for at, piece in enumerate(pieces)
    ]
    return b"\x78\x01" + b"".join(blocks) + struct.pack(">I", zlib.adler32(data))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
