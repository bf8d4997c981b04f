"""How long a test waits for a program that it started."""

HANG = 3600  # s. Decides no test: it only ends a program that waits for ever, as no busy machine makes one so slow.
