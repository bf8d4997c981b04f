"""What of a question's texts is encoded, and as what: the prompts of question and candidates.

Source: docs/spec/q2a.md, section 2.3.
"""

from cmivqa_kit.bench.tasks.step_choice.annotations import Step, StepQuestion


def question_prompt(question: StepQuestion) -> str:
    """The text of a question as it is encoded."""
    return f"Question: {question.question}"


def candidate_prompts(step: Step) -> list[str]:
    """The texts of a step's candidates as they are encoded."""
    return [f"Answer: {candidate}" for candidate in step.candidates]
