"""Q2A on AssistQ: which candidate of a step is the right action; LOVEU's baseline, a second place. See README.md."""

from cmivqa_kit.plugin.types import Declaration

DECLARATION = Declaration(
    name="q2a",
    title="Q2A: question to actions, step by step (AssistQ, LOVEU Track 3)",
    tracks=(),
    factory="baselines.q2a.baseline:Q2ABaseline",
    config="baselines.q2a:config.toml",
    paper="Wong et al., AssistQ: Affordance-centric Question-driven Task Completion, ECCV 2022, arXiv 2203.04203; code "
    "showlab/Q2A. Variant context_ground: second place of LOVEU@CVPR'22 Track 3, arXiv 2206.14555",
    needs=("package:torch", "package:transformers", "package:accelerate", "package:safetensors"),
    demo_preset="tiny",
    convert="baselines.q2a.checkpoint:convert",
    benchmarks={"assistq-22": "gru", "assistq-23": "gru"},
    reranks=True,
)
