"""Answers of others (a language model's JSON Lines or CSV) made a submission: `import_answers`."""

from __future__ import annotations

from cmivqa_kit.submission.imports.api import Imported, import_answers

__all__ = ["Imported", "import_answers"]
