"""Scores of Tracks 1, 2 and 3. Imports only `cmivqa_kit.data`, `cmivqa_kit.submission`, the editions and NumPy."""
