"""The document as a whole: one item that stands without a list."""

from __future__ import annotations

from typing import Any

from cmivqa_kit.submission.fix.model import Context, Log, Shown, repair

_OF_AN_ITEM = ("id", "output", "start_second")


@repair("document", "E110", says="a single object is put into an array")
def in_a_list(document: Any, context: Context, log: Log) -> Any:
    """``[document]`` for one item; whatever else is no list is left, because what it holds would be a guess."""
    if isinstance(document, list):
        return document
    if isinstance(document, dict) and any(name in document for name in _OF_AN_ITEM):
        log.change("E110", "one object put into an array", "", Shown("{...}"), Shown("[{...}]"))
        return [document]
    log.refuse("E110", "the top level is no array of answers, and where they are would be a guess")
    return document
