"""BM25 over subtitles: needs no training, no features and no torch. See README.md."""

from cmivqa_kit.plugin.types import Declaration

DECLARATION = Declaration(
    name="bm25",
    title="BM25 over whole videos and subtitle windows",
    tracks=(1, 2, 3),
    factory="baselines.bm25.baseline:BM25",
    config="baselines.bm25:config.toml",
    paper=(
        "Robertson and Zaragoza 2009, The Probabilistic Relevance Framework: BM25 and Beyond; "
        "Lucene's form as in bm25s: Lù 2024, arXiv 2407.03618"
    ),
    needs=("subtitles",),
    trains=False,
)
