"""The prior-only row: when answers usually start and end, nothing else. See README.md."""

from cmivqa_kit.plugin.types import Declaration

DECLARATION = Declaration(
    name="prior",
    title="Prior only: median relative start and end of the training answers",
    tracks=(1,),
    factory="baselines.prior.baseline:PriorOnly",
    config="baselines.prior:config.toml",
    needs=(),
    # Subtitles are never read, so an answer of a video without any is as good as another.
    drops=("no-answer", "bad-span", "no-video"),
    trains=True,
)
