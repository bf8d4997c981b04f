"""Every run of consecutive subtitle lines that may be an answer, and BM25 over all of them. Knows no torch."""
