"""The engine of questions x videos: batches, a pass over a corpus, the folder it is kept in, lists made of it."""
