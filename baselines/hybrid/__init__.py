"""The kit's own flagship: BM25 and an encoder over every span, lists by expected overlap. See README.md."""

from cmivqa_kit.plugin.types import Declaration

DECLARATION = Declaration(
    name="hybrid",
    title="Every span scored by words and an encoder, lists by expected overlap",
    tracks=(1, 2, 3),
    factory="baselines.hybrid.baseline:HybridBaseline",
    config="baselines.hybrid:config.toml",
    needs=(
        "subtitles", "optional:torch", "optional:transformers", "optional:accelerate", "optional:safetensors",
    ),
    demo_preset="tiny",
)  # fmt: skip
