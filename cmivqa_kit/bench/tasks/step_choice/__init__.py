"""Step choice (AssistQ): annotations, predictions, LOVEU's programs, the evaluator."""
