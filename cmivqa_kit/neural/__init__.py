"""What neural baselines share: encoders, tokens, windows, feature rows, weights. It knows encoders and no system."""
