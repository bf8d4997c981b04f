"""Asking fitted baselines the questions of a split."""
