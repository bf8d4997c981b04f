"""TVR, moments of a corpus: annotations, predictions, the official program, the evaluator."""
