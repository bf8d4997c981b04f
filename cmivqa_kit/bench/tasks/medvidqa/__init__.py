"""TREC 2024 MedVidQA: judgements, runs, the official program, the evaluator."""
