"""``vatex-en2cn``: cross-lingual retrieval in both directions on VATEX."""

from cmivqa_kit.bench.contract.types import Benchmark

BENCHMARK = Benchmark(
    name="vatex-en2cn",
    title="VATEX, English to Chinese",
    task="text-to-video retrieval",
    splits=("test", "val"),
    evaluator="cmivqa_kit.bench.tasks.retrieval:vatex",
    truth="TextData/*test_zh.caption.txt",
    prediction="a score matrix (.npy, .npz), or a folder with videos and captions (or source, translation)",
    paper="Wang et al., VATEX (ICCV 2019)",
    program="NRCCR evaluation (github.com/LiJiaBei-7/nrccr)",
    root="~/VisualSearch",
    system="nrccr",
)
