"""NRCCR and MLCMR: cross-lingual retrieval of videos by text, two systems on common ground. See README.md."""

from cmivqa_kit.plugin.types import Declaration

_NEEDS = ("subtitles", "package:torch", "package:transformers", "package:accelerate", "package:safetensors")

DECLARATION = Declaration(
    name="nrccr",
    title="NRCCR: cross-lingual text-to-video retrieval, noise-robust",
    tracks=(2,),
    factory="baselines.nrccr.baseline:NRCCRBaseline",
    config="baselines.nrccr:config.toml",
    paper="Wang et al., Cross-Lingual Cross-Modal Retrieval with Noise-Robust Learning, ACM MM 2022, arXiv 2208.12526; "
    "code LiJiaBei-7/nrccr",
    needs=_NEEDS,
    convert="baselines.nrccr.checkpoint:convert",
    demo_preset="tiny",
    benchmarks={
        "vatex-en2cn": "vatex",
        "msrvtt-cn": "msrvtt-cn",
        "multi30k-de": "multi30k-de",
        "multi30k-fr": "multi30k-fr",
        "multi30k-cs": "multi30k-cs",
        "mscoco-zh": "mscoco-zh",
        "mscoco-ja": "mscoco-ja",
    },
)

MLCMR = Declaration(
    name="mlcmr",
    title="MLCMR: multilingual text-to-video retrieval, multi-level videos",
    tracks=(2,),
    factory="baselines.nrccr.baseline:MLCMRBaseline",
    config="baselines.nrccr:mlcmr.toml",
    paper="A new baseline model for multilingual text-video cross-modal retrieval; code HuiGuanLab/MLCMR",
    needs=_NEEDS,
    convert="baselines.nrccr.checkpoint:convert_mlcmr",
    demo_preset="tiny",
    benchmarks={
        "vatex-en2cn": "vatex",
        "vatex-cn2en": "vatex-en",
        "msrvtt-cn": "msrvtt-cn",
        "msrvtt-en": "msrvtt-en",
    },
)
