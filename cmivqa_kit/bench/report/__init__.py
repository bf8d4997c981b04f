"""What an evaluator said of predictions, as a card, a comparison and rows per query."""
