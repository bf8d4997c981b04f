"""The folder of a team: a plain slug and 8 hexadecimal digits, whatever the team calls itself."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

from cmivqa_kit.data.folding import fold
from cmivqa_kit.leaderboard.entry_toml import plain_text

SLUG = 40  # characters
_DIGITS = 8


def same_team(name: str) -> str:
    """What two spellings of one team's name have in common: case, width, blanks and Unicode form make no other team.

    Names that a reader of the board could not tell apart would share neither limit nor history otherwise.
    """
    return fold(fold(plain_text(name)).casefold())


def team_folder(name: str) -> str:
    """The folder's name: ``wan-611f9708``; ``team-`` before them where a name has no Latin letter."""
    folded = same_team(name)
    letters = (unicodedata.normalize("NFD", character)[0] for character in folded[: 4 * SLUG])  # without accents
    slug = re.sub("[^a-z0-9]+", "-", "".join(letters)).strip("-")[:SLUG].strip("-")
    named = slug if re.search("[a-z]", slug) else f"team-{slug}".rstrip("-")
    return f"{named}-{sha256(folded.encode()).hexdigest()[:_DIGITS]}"
