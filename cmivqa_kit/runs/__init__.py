"""What a run is: its directory, settings and recipe, where its files came from, its device and its processes."""
