"""Feature stores: rows of numbers by id, in the formats that extractors write; a new format is one file here."""
