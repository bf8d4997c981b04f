"""Where a submission loses its points: retrieval or localization, by class, group and question.

`diagnose(card, predictions, answers, context)` returns a `Diagnosis`; the classes are defined in
`cmivqa_kit.diagnosis.classes`. `cmivqa_kit.diagnosis.payload` is the same for the page.
"""

from cmivqa_kit.diagnosis.context import Context, context_of
from cmivqa_kit.diagnosis.diagnosis import Diagnosis, diagnose

__all__ = ["Context", "Diagnosis", "context_of", "diagnose"]
