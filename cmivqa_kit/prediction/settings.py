"""The settings of the engine and of lists (section ``decode``), for every baseline that scores pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cmivqa_kit.errors import UserError
from cmivqa_kit.plugin.settings import require
from cmivqa_kit.plugin.types import Target
from cmivqa_kit.runs.settings import Config

SECTION = "decode"
PRECISIONS = ("auto", "no", "bf16", "fp16")
DTYPES = {"auto": "auto", "float32": "no", "bfloat16": "bf16", "float16": "fp16"}  # --dtype -> decode.precision
MODES = ("auto", "off", "cached", "fused")  # `cmivqa_kit.neural.deberta`
PIPELINE = "pipeline"
PIPELINE_CUTTING = ("retrieve_top", "temperature", "spans_per_video", "track2_order")  # of section ``pipeline``
CUTTING = (
    "by_video",
    "spans_per_video",
    "lists",
    "temperature",
    "video_temperature",
    "length_weight",
)  # what a list is cut by: a pass that is kept serves every value
_CUT_BY = [f"{SECTION}.{name}" for name in CUTTING]
# Speed, not answers, apart from the last digits.
RUNNING = ("tokens", "threads", "precision", "attention", "compile")
# Said by a pass' own record of its first stage: with no budget there is none, and the setting means nothing.
RECORDED = ("first_stage",)
FIRST_STAGE = f"{SECTION}.first_stage"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """The settings of the engine: batches, precision, spans kept, and the first stage of a budget."""

    tokens: int = 0  # padded tokens of a batch; 0: found from free memory on a GPU, else 8,192
    threads: int = 0  # of a pass on a CPU; 0: the physical cores
    questions_at_once: int = 16  # questions whose rows are sorted by length together
    precision: str = "auto"  # auto: bf16 on a GPU, else float32 ("no")
    kept_per_video: int = 10  # spans kept of every video, from which lists can be cut again
    attention: str = "auto"  # how DeBERTa-v2 attends (`cmivqa_kit.neural.deberta`)
    compile: bool = False  # torch.compile
    first_stage: str = "bm25"  # the baseline that chooses the videos for `predict --budget`

    def __post_init__(self) -> None:
        require(bool(self.first_stage), FIRST_STAGE, self.first_stage, "the name of a baseline that ranks videos")
        require(self.tokens >= 0, "decode.tokens", self.tokens, "0 or more")
        require(0 <= self.threads <= 1024, "decode.threads", self.threads, "between 0 and 1024")
        require(self.questions_at_once >= 1, "decode.questions_at_once", self.questions_at_once, "1 or more")
        require(1 <= self.kept_per_video <= 50, "decode.kept_per_video", self.kept_per_video, "between 1 and 50")
        require(self.attention in MODES, "decode.attention", self.attention, " or ".join(MODES))
        require(self.precision in PRECISIONS, "decode.precision", self.precision, " or ".join(PRECISIONS))

    @classmethod
    def of(cls, config: Config) -> EngineSettings:
        """Read the effective settings; what a baseline does not declare has the value above."""
        section = config.get(SECTION, {})
        return cls(**{name: section[name] for name in cls.__dataclass_fields__ if name in section})


@dataclass(frozen=True, slots=True)
class ListOptions:
    """The options by which a list is made of the spans of a pass.

    ``limit`` entries at most; ``once``: every video once, by its best span; ``spans_per_video``: at most so many spans
    of one video, 0: any number.
    """

    limit: int = 50
    once: bool = False
    spans_per_video: int = 0

    @classmethod
    def of(cls, config: Config, target: Target, limit: int) -> ListOptions:
        """The options of one target. A list for Track 2 alone names every video once where the baseline wants it."""
        section = config.get(SECTION, {})
        spans = section.get("spans_per_video", 0)
        require(spans >= 0, "decode.spans_per_video", spans, "0 or more")
        return cls(limit, target == 2 and bool(section.get("by_video", False)), spans)


def for_pass(config: Config) -> dict[str, dict[str, Any]]:
    """The settings that the answers of a pass depend on.

    Left out are those that cut lists, that only change its speed, and that its manifest records elsewhere.
    """
    left_out = {SECTION: {*CUTTING, *RUNNING, *RECORDED}, PIPELINE: {*PIPELINE_CUTTING}}
    return {
        name: {key: value for key, value in section.items() if key not in left_out.get(name, ())}
        for name, section in config.items()
        if name != "train"
    }


def require_same(recorded: Mapping[str, Any], config: Config, path: object) -> None:
    """Refuse settings that would need another pass.

    Args:
        recorded: the settings in the manifest of a pass.
        config: those of now.
        path: the pass.

    Raises:
        UserError: naming every such setting with both values.
    """
    changed = [
        f"{section}.{key} was {then!r} and is now {now!r}"
        for section, key, then, now in _compared(recorded, for_pass(config))
        if then != now
    ]
    if changed:
        names = [f"{PIPELINE}.{name}" for name in PIPELINE_CUTTING] if PIPELINE in recorded else _CUT_BY
        raise UserError(
            f"{path}: made with other settings: {'; '.join(changed)}",
            "Those need the network again: run cmivqa predict without --from. "
            f"Lists can be cut by {', '.join(names[:-1])} and {names[-1]}.",
        )


def _compared(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, Any]]:
    for section in sorted({*before, *now}):
        old, new = before.get(section, {}), now.get(section, {})
        for key in sorted({*old, *new}):
            yield section, key, old.get(key), new.get(key)
