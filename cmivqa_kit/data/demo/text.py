"""From phrase tables to what one speaker says and what people ask about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from cmivqa_kit.data.demo.tables import Slot, Speech, Step, Topic

T = TypeVar("T")

KEEP_LINE = 0.85
FILLER = 0.15
TRANSITION = 0.6
OWN_QUESTION = 0.6  # otherwise the question is built from the step's infinitive
CONTEXT = 0.6
SAME_WORDS = 0.3  # a slot asked for in the speaker's own words


@dataclass(frozen=True, slots=True)
class Passage:
    """Consecutive lines of speech; ``step`` is ``None`` for greetings, transitions and goodbyes."""

    lines: tuple[str, ...]
    step: Step | None = None


def pick(rng: Random, options: Sequence[T]) -> T:
    """One of ``options``. Of `Random` only ``random`` is promised never to change, so nothing else is used."""
    return options[int(rng.random() * len(options))]


def shuffled(rng: Random, items: Sequence[T]) -> list[T]:
    """``items`` in random order (see `pick` on why not `Random.shuffle`)."""
    keyed = sorted((rng.random(), index) for index in range(len(items)))
    return [items[index] for _, index in keyed]


def write_script(speech: Speech, topic: Topic, variant: int, rng: Random) -> tuple[Passage, ...]:
    """What is said in the video of one variant: greeting, 4 to 9 steps with transitions, goodbye."""
    said = {name: slot.said for name, slot in topic.variants[variant].items()}

    def say(lines: Sequence[Sequence[str]]) -> tuple[str, ...]:
        return tuple(_sentence(pick(rng, line).format_map(said)) for line in lines)

    intro = [line for index, line in enumerate(speech.intros) if index == 1 or rng.random() < KEEP_LINE]
    passages = [Passage(say(intro))]
    for step in _choose_steps(speech, topic, rng):
        if rng.random() < TRANSITION:
            passages.append(Passage((pick(rng, speech.transitions),)))
        passages.append(Passage(_speak(say(step.lines), speech, rng), step))
    outro = [line for index, line in enumerate(speech.outros) if index == 2 or rng.random() < KEEP_LINE]
    return (*passages, Passage(say(outro)))


def _choose_steps(speech: Speech, topic: Topic, rng: Random) -> list[Step]:
    def some(steps: Sequence[Step], count: int) -> list[Step]:
        chosen = sorted(shuffled(rng, range(len(steps)))[:count])
        return [steps[index] for index in chosen]

    opening = [step for step in speech.opening if step.key in topic.shared]
    closing = [step for step in speech.closing if step.key in topic.shared]
    body = some(topic.steps, 4 + int(rng.random() * 3))
    return [*some(opening, int(rng.random() * 3)), *body, *some(closing, int(rng.random() * 2))]


def _speak(lines: Sequence[str], speech: Speech, rng: Random) -> tuple[str, ...]:
    """Some lines left out (never the first, never below two), at times a filler behind the first."""
    kept = [line for index, line in enumerate(lines) if index == 0 or rng.random() < KEEP_LINE]
    if len(kept) < 2:
        kept = list(lines[:2])
    if rng.random() < FILLER:
        kept.insert(1, pick(rng, speech.fillers))
    return tuple(kept)


def ask_step(speech: Speech, variant: Mapping[str, Slot], step: Step, rng: Random) -> str:
    """A question about one step, mostly in other words than the speaker's."""
    if rng.random() < OWN_QUESTION:
        template = pick(rng, step.asks)
    else:
        template = pick(rng, speech.frames).replace("{do}", step.do)
    question = _fill(template, variant, rng)
    if _names_setting(template) or rng.random() >= CONTEXT:
        return _sentence(question)
    framed = pick(rng, speech.contexts).replace("{question}", "{{question}}")
    return _sentence(_fill(framed, variant, rng).replace("{question}", question[:1].lower() + question[1:]))


def ask_pair(speech: Speech, variant: Mapping[str, Slot], first: Step, second: Step, rng: Random) -> str:
    """A question whose answer is two steps in a row."""
    template = pick(rng, speech.pairs).replace("{first}", first.do).replace("{second}", second.do)
    return _sentence(_fill(template, variant, rng))


def can_pair(first: Step, second: Step) -> bool:
    """False where a question about both steps would name the person or the procedure twice."""
    return not (_names_setting(first.do) and _names_setting(second.do))


def _names_setting(template: str) -> bool:
    return "{act}" in template or "{who}" in template


def _fill(template: str, variant: Mapping[str, Slot], rng: Random) -> str:
    return template.format_map(
        {name: slot.said if rng.random() < SAME_WORDS else pick(rng, slot.asked) for name, slot in variant.items()}
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
