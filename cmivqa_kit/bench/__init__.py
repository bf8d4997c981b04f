"""Published benchmarks: a module each (``charades_sta.py`` is ``charades-sta``), which declares a `Benchmark`.

``contract`` says what a benchmark is and finds them; ``tasks`` holds readers and evaluators, one module per kind of
task; ``report`` turns what an evaluator returns into a card and a comparison.
"""
