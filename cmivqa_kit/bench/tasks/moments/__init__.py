"""Moment retrieval: annotations, predictions and evaluation of Charades-STA, -CD, -CG, TACoS and QVHighlights."""
