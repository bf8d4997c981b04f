"""What a JSON Schema cannot say: ids against questions, texts, fields, span order and ends, videos, list lengths.

Each module registers its checks (`cmivqa_kit.submission.context.check`); importing this package fills the registry.
"""

from cmivqa_kit.submission.checks import fields, ids, lists, spans, texts, units
from cmivqa_kit.submission.checks.certain import certain, checks_of, doubts

__all__ = ["certain", "checks_of", "doubts", "fields", "ids", "lists", "spans", "texts", "units"]
