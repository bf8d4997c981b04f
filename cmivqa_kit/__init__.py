"""cmivqa-kit: from the raw files of the CMIVQA challenges to a ranked board."""

__version__ = "0.1.0"
