"""What a repair did and what it left, in a few lines: by kind, with the first places.

A unified diff says nothing about JSON, which often stands in one line, so places are JSON pointers.
"""

from __future__ import annotations

from collections.abc import Iterable

from cmivqa_kit.submission.fix.model import Change, Refusal


def show(changes: Iterable[Change], most: int = 3) -> list[str]:
    """One line per kind of change with its count, and below it up to ``most`` places: ``pointer: before -> after``."""
    lines = []
    for change in changes:
        lines.append(f"{change.code} {change.message} ({change.count})")
        shown = change.examples[:most]
        lines += (f"  {example.pointer or 'file'}: {example.before} -> {example.after}" for example in shown)
        if change.count > len(shown) > 0 and len(change.examples) > most:
            lines.append("  ...")
    return lines


def show_refused(refused: Iterable[Refusal], most: int = 3) -> list[str]:
    """One line per kind of fault that was not mended, with its count and up to ``most`` places."""
    lines = []
    for refusal in refused:
        places = ", ".join(refusal.pointers[:most]) + (", ..." if refusal.count > most else "")
        lines.append(f"{refusal.code} {refusal.message} ({refusal.count}{': ' + places if places else ''})")
    return lines
