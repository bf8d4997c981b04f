"""``multi30k-cs``: cross-lingual retrieval in both directions on Multi30K."""

from cmivqa_kit.bench.contract.types import Benchmark

BENCHMARK = Benchmark(
    name="multi30k-cs",
    title="Multi30K, English to Czech",
    task="text-to-image retrieval",
    splits=("test", "val"),
    evaluator="cmivqa_kit.bench.tasks.retrieval:multi30k_cs",
    truth="TextData/*test_cs_2016*.caption.txt",
    prediction="a score matrix (.npy, .npz), or a folder with videos and captions (or source, translation)",
    paper="Elliott et al., Multi30K (2016)",
    program="NRCCR evaluation (github.com/LiJiaBei-7/nrccr)",
    root="~/VisualSearch",
    system="nrccr",
)
