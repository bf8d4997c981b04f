"""The challenge on Codabench: one bundle per track with a scoring program of one file, and a dry run of it here."""
