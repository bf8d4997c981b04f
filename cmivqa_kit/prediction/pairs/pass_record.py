"""The record of a pass, ``pass.json``: what it must hold, and that it is whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cmivqa_kit.errors import UserError

AGAIN = "Predict again, or go on with --resume."
SPANS, SECONDS = "spans", "seconds"  # in the record where spans are kept in seconds, not as pairs of lines


def require_record(document: Any, path: Path) -> None:
    """Refuse what is no record of a pass.

    Args:
        document: decoded JSON.
        path: the file.

    Raises:
        UserError: a part is missing, or of the wrong type.
    """
    if not isinstance(document, dict) or any(name not in document for name in _KINDS):
        raise UserError(f"{path.parent}: not the record of a pass", "Predict again.")
    wrong = [name for name, sound in _KINDS.items() if not sound(document[name])]
    wrong += [name for name in _OBJECTS if not isinstance(document.get(name) or {}, dict)]
    if wrong or not _belong_together(document):
        raise UserError(f"{path}: damaged ({', '.join(wrong) or 'chunks and questions do not fit'})", AGAIN)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _counts(value: Any) -> bool:
    return isinstance(value, list) and all(type(number) is int and number >= 0 for number in value)


def _language(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _chunks(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(chunk, list) and len(chunk) == 2 and _language(chunk[0]) and _counts(chunk[1]) for chunk in value
    )


def _corpora(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(corpus, dict) and _language(corpus.get("language", 0)) and _texts(corpus.get("videos"))
        for corpus in value
    )


def _questions(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(question, list) and len(question) == 2 and isinstance(question[0], str) and _language(question[1])
        for question in value
    )


def _tables(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(table, dict) for table in value.values())


def _belong_together(document: Mapping[str, Any]) -> bool:
    """True where chunks name only questions and languages that the record has."""
    languages = {corpus["language"] for corpus in document["corpora"]}
    asked = range(len(document["questions"]))
    return all(language in languages and all(q in asked for q in some) for language, some in document["chunks"])


# What every record of a pass has, each with the check of its type; and what is an object where it is there.
_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "key": lambda value: isinstance(value, str), "split": lambda value: isinstance(value, str), "chunks": _chunks,
    "corpora": _corpora, "questions": _questions, "config": _tables,
    "count": lambda value: type(value) is int and value > 0, "batch_tokens": lambda value: type(value) is int,
}  # fmt: skip
_OBJECTS = ("first_stage", "retriever", "pipeline")
