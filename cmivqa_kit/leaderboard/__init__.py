"""The board: entries taken in, ranked, audited, shown as a page, exported."""
