"""Changes to a document or to bytes that keep most of their structure: what a hostile writer would leave."""

from __future__ import annotations

import copy
import json
import random
import struct
from typing import Any

MARKS = "\u0301\u0323"  # combining marks of two classes: in alternating order the dear case of normalization
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**53 + 1, 2**61 - 1, 2**63, 2**64, 10**40, 10**400, -(10**400), 0.5, -0.0,
    1e-320,
    1e308, float("nan"), float("inf"), -float("inf"), "", " ", "\0", "\ud800", "\u202e", "é", "e\u0301", "\ufeff",
    "../../x", "/etc/passwd",
    "a/../../b", "C:\\x", "file:///etc/passwd", "http://127.0.0.1:9/x", "~root", "$HOME", "`id`", "%s%n", "=1+1",
    "<script>alert(1)</script>", "]]>", "</script>", "1", "1.0", "nan", "A" * 300, "字" * 5000, "a\n" * 2000,
    MARKS * 150,
    [], {}, [[]], [{}], {"": None}, {"id": 1}, [1, 2, 3], ["x", 0, 1], [None] * 60, "output", "id",
)  # fmt: skip


def changed(document: Any, chance: random.Random, changes: int | None = None) -> Any:
    """A copy with 1 to 4 nodes removed, replaced, doubled, renamed, nested or swapped."""
    root = [copy.deepcopy(document)]
    for _ in range(changes or chance.choice((1, 1, 2, 4))):
        holder, key = chance.choice(_some(root, chance))
        _change(holder, key, chance)
    return root[0] if root else None


def _some(root: list[Any], chance: random.Random) -> list[tuple[Any, Any]]:
    """Some of the places of a document: one walk down, so that large lists do not hide the few keys at the top."""
    places: list[tuple[Any, Any]] = [(root, 0)] if root else [(root, None)]
    node: Any = root[0] if root else None
    while isinstance(node, dict | list) and node:
        key = chance.choice(list(node)) if isinstance(node, dict) else chance.randrange(len(node))
        places.append((node, key))
        node = node[key]
    return places


def _change(holder: Any, key: Any, chance: random.Random) -> None:
    if key is None:
        holder.append(chance.choice(ODD))
        return
    value = holder[key]
    act = chance.randrange(9)
    if act == 0:
        del holder[key]
    elif act == 1 and isinstance(holder, list):
        holder[key:key] = [copy.deepcopy(value)] * chance.choice((1, 2, 60))
    elif act == 2 and isinstance(holder, dict):
        holder[chance.choice(("id", "ID", " id", "output", "video_id", "x", ""))] = holder.pop(key)
    elif act == 3:
        holder[key] = [value] if chance.random() < 0.5 else {"id": value}
    elif act == 4 and isinstance(value, str):
        at = chance.randint(0, len(value))
        holder[key] = value[:at] + chance.choice(("\0", "\ud800", " ", "/", "..", MARKS, "\n", "\u3000")) + value[at:]
    elif act == 5 and isinstance(value, int | float) and not isinstance(value, bool):
        large = abs(value) > 1e300
        holder[key] = chance.choice(
            (-value, value + 1, str(value)[:4000], 0 if large else value * 1e8, 0 if large else float(value))
        )
    elif act == 6:
        for _ in range(chance.choice((3, 40, 400))):
            value = [value]
        holder[key] = value
    elif act == 7 and isinstance(holder, list):
        other = chance.randrange(len(holder))
        holder[key], holder[other] = holder[other], holder[key]
    else:
        holder[key] = chance.choice(ODD)


def spoiled(data: bytes, chance: random.Random) -> bytes:
    """Bytes cut, flipped, zeroed, doubled, put in, or with a number of 2, 4 or 8 bytes replaced by a large one."""
    spoilt = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        if not spoilt:
            break
        near = min(len(spoilt), 128)
        at = chance.choice(
            (chance.randrange(len(spoilt)), chance.randrange(near), len(spoilt) - chance.randint(1, near))
        )
        act = chance.randrange(7)
        if act == 0:
            del spoilt[at:]
        elif act == 1:
            spoilt[at] ^= 1 << chance.randrange(8)
        elif act == 2:
            spoilt[at : at + 16] = bytes(min(16, len(spoilt) - at))
        elif act == 3:
            spoilt[at:at] = spoilt[at : at + chance.choice((1, 64, 4096))]
        elif act == 4:
            spoilt[at:at] = chance.randbytes(chance.choice((1, 8, 100)))
        elif act == 5:
            number = chance.choice((struct.pack("<H", 0xFFFF), struct.pack("<I", 2**32 - 1), struct.pack("<Q", 2**42)))
            spoilt[at : at + len(number)] = number
        else:
            del spoilt[at : at + chance.choice((1, 8, 100))]
    return bytes(spoilt)


def written(document: Any, chance: random.Random, spoil: float = 0.15) -> bytes:
    """The bytes of a document, now and then spoiled, in another encoding or another form."""
    try:
        text = json.dumps(document, ensure_ascii=chance.random() < 0.5)
    except RecursionError:
        text = "[" * 5000
    form = chance.random()
    if form < spoil:
        return spoiled(text.encode("utf-8", "backslashreplace"), chance)
    if form < spoil + 0.05:
        return text.encode(chance.choice(("utf-16", "gb18030", "utf-8-sig")), "backslashreplace")
    if form < spoil + 0.08 and isinstance(document, list):
        return "\n".join(json.dumps(row) for row in document).encode()
    return text.encode("utf-8", "backslashreplace")
