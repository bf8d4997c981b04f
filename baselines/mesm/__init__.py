"""MESM: moments of videos that a sentence describes. See README.md."""
