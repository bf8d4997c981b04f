"""English chatter, shared steps and question frames (data only)."""

from __future__ import annotations

from cmivqa_kit.data.demo.tables import Speech, parse_alternatives, parse_lines, parse_steps

OPENING = """
# ready: get everything ready for {act}
Let me show you what you need. | Here is everything you need on the table.
You need {tool}. | We will use {tool} today.
Check that it is clean and not out of date. | Look at the packet and make sure it is undamaged.
Keep a towel and a glass of water within reach.
? What equipment is required for {act}?
? Which things should be laid out before {act}?
? What supplies must be at hand for {who}?

# wash: clean the hands before {act}
Wash your hands with soap and warm water. | Start at the sink and wash your hands well.
Rub the palms, the backs and between the fingers for twenty seconds.
Dry them with a clean towel. | Pat them dry and do not touch anything else.
? How long should hands be scrubbed ahead of {act}?
? What is the hygiene routine prior to {act}?

# position: get into a good position for {act}
For this one, {pos}. | To begin, {pos}.
Keep the back straight and the shoulders loose.
Make sure everything is comfortable before you go on. | Take a moment until this feels stable.
? What posture is best for {act}?
? How should {who} be placed before anything else happens?
"""

CLOSING = """
# stop: know when to give up {act} and see a doctor
Stop at once if {danger}. | Please do not go on if {danger}.
Sit down, rest, and do not try again today.
If it does not pass in {wait} minutes, call your doctor.
? Which warning signs mean you must not carry on with {act}?
? When is it time to ring a professional about {act}?
? What symptoms are dangerous for {who}?

# often: plan how often to repeat {act}
Do this {often}. | The usual advice is to do this {often}.
Write down the time and how it felt in a notebook.
After {weeks} your nurse should have a look at it.
? How frequently is {act} recommended?
? What should be noted in a diary after {act}?
? What is a sensible schedule for {who}?
"""

INTROS = """
Hello and welcome back to the channel. | Hi everyone, thanks for joining again. | Good morning, I am your nurse today.
Today I am going to talk about {act}. | In this video we look at {act}. | Many of you asked me about {act}.
It is useful for {who}. | I will show it as I would for {who}. | This is meant for {who}.
Please ask your own doctor first if you are not sure. | It only takes a few minutes, so let's begin.
"""

OUTROS = """
And that is all there is to it. | So that was {act}. | Well done, you have reached the end.
Practise slowly and be patient with yourself. | I hope this helps you at home.
Thank you for watching and see you next time. | Leave me a comment below, and take care. | Bye for now.
"""

SPEECH = Speech(
    language="English",
    intros=parse_lines(INTROS),
    outros=parse_lines(OUTROS),
    transitions=parse_alternatives(
        "Okay, let's move on. | Now for the next part. | All right, next step. | Good, what comes after that? | "
        "Let me turn round so that you can see. | This next bit is important."
    ),
    fillers=parse_alternatives(
        "Just like this. | Take your time here. | Let me show you that again. | Nice and slow. | "
        "Can you see that from there? | Very good. | There is no hurry."
    ),
    opening=parse_steps(OPENING),
    closing=parse_steps(CLOSING),
    frames=(
        "How do I {do}?",
        "What is the right way to {do}?",
        "Could you explain how to {do}?",
        "What has to be done to {do}?",
        "Can you show me the best method to {do}?",
    ),
    pairs=(
        "How do I {first} and then {second}?",
        "What do I have to do to {first} and afterwards {second}?",
        "Can you show how to {first} and next {second}?",
    ),
    contexts=("When {act}, {question}", "For {who}, {question}", "While {act}, {question}"),
)
