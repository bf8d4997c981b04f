"""What a published benchmark is, and which ones there are."""
