"""CCGS: the official CMIVQA Track 2/3 baseline, and its variant with video features. See README.md."""

from cmivqa_kit.plugin.types import Declaration

DECLARATION = Declaration(
    name="ccgs",
    title="CCGS: cross-encoder over question and subtitles, global spans",
    tracks=(2, 3),
    factory="baselines.ccgs.baseline:CCGS",
    config="baselines.ccgs:config.toml",
    paper="CCGS: Cross-modal Contrastive Global-Span, arXiv 2210.05423; code WENGSYX/CMIVQA_Baseline, folder task23",
    needs=("subtitles", "package:torch", "package:transformers", "package:accelerate", "package:cachetools"),
    demo_preset="tiny",
    convert="baselines.ccgs.checkpoint:convert",
    published="baselines.ccgs:published.toml",
)
