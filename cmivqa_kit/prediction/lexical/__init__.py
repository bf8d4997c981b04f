"""BM25 over whole videos and windows of subtitles: the index, and lists of answers made of its scores."""
