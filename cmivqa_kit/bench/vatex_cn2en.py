"""``vatex-cn2en``: cross-lingual retrieval in both directions on VATEX."""

from cmivqa_kit.bench.contract.types import Benchmark

BENCHMARK = Benchmark(
    name="vatex-cn2en",
    title="VATEX, asked in English",
    task="text-to-video retrieval",
    splits=("test", "val"),
    evaluator="cmivqa_kit.bench.tasks.retrieval:vatex_english",
    truth="TextData/*test.caption.txt",
    prediction="a score matrix (.npy, .npz), or a folder with videos and captions (or source, translation)",
    paper="Wang et al., VATEX (ICCV 2019)",
    program="MLCMR evaluation (github.com/HuiGuanLab/MLCMR)",
    root="~/VisualSearch",
    system="mlcmr",
)
