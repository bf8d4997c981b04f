"""MESM: moments of videos that a sentence describes. See README.md."""

from cmivqa_kit.plugin.types import Declaration

DECLARATION = Declaration(
    name="mesm",
    title="MESM: moments of videos, words and clips aligned evenly",
    tracks=(1,),
    factory="baselines.mesm.baseline:MESMBaseline",
    config="baselines.mesm:config.toml",
    paper="Liu et al., Towards Balanced Alignment: Modal-Enhanced Semantic Modeling for Video Moment Retrieval, AAAI "
    "2024, arXiv 2312.12155; code lntzm/MESM",
    needs=("package:torch", "package:transformers", "package:accelerate", "package:safetensors", "package:cachetools"),
    drops=("no-question", "no-answer", "bad-span", "no-video"),
    convert="baselines.mesm.checkpoint:convert",
    demo_preset="tiny",
    benchmarks={
        "charades-sta": "charades-clip-slowfast",
        "charades-cd": "charades-cd-clip-slowfast",
        "charades-cg": "charades-cg-clip-slowfast",
        "tacos": "tacos-c3d-glove",
        "qvhighlights": "qvhighlights-clip-slowfast",
    },
)
