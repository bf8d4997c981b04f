"""What a baseline is, finding the installed ones, and their settings. Left of training and prediction: both use it."""
