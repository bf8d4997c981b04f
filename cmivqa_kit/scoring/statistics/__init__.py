"""How far a score can be trusted: intervals, tests of a difference, several comparisons at once. NumPy only."""
