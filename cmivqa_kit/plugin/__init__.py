"""What a baseline is, finding the installed ones, and their settings. Training and prediction both use it."""
