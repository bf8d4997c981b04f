"""Readers and evaluators of benchmarks, one module per kind of task."""
