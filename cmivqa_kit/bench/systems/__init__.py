"""Training systems on published benchmarks, and answering these."""
