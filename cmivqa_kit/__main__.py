"""`python -m cmivqa_kit`: the ``cmivqa`` program, for launchers that start modules."""

from __future__ import annotations

from cmivqa_kit.cli.main import run

if __name__ == "__main__":
    run()
