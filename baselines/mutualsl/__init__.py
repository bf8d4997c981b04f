"""MutualSL: the official CMIVQA Track 1 baseline. See README.md."""

from cmivqa_kit.plugin.types import Declaration

DECLARATION = Declaration(
    name="mutualsl",
    title="MutualSL: a text and a visual span predictor that teach each other",
    tracks=(1,),
    factory="baselines.mutualsl.baseline:MutualSLBaseline",
    config="baselines.mutualsl:config.toml",
    paper="Visual Answer Localization with Cross-modal Mutual Knowledge Transfer, arXiv 2210.14823; code "
    "WENGSYX/CMIVQA_Baseline, folder task1",
    needs=("subtitles", "package:torch", "package:transformers", "package:accelerate", "package:cachetools"),
    demo_preset="tiny",
    convert="baselines.mutualsl.checkpoint:convert",
    published="baselines.mutualsl:published.toml",
)
