"""Measures of published benchmarks, a module per kind of task; imported by what scores one, never by `score`."""
