"""The published figures of a baseline: found, chosen from, and as the tables of its README.

``python -m cmivqa_kit.plugin.published NAME`` prints the block that stands in the baseline's README.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from cmivqa_kit.data.types import Track
from cmivqa_kit.editions import edition_names, load_edition
from cmivqa_kit.errors import UserError, closest, problems_error
from cmivqa_kit.plugin.figures import METRICS, Figure, read
from cmivqa_kit.plugin.registry import baseline_names, declaration
from cmivqa_kit.plugin.settings import MEND, package_toml, presets
from cmivqa_kit.plugin.types import Declaration

BEGIN, END = "<!-- published:begin -->", "<!-- published:end -->"


def published(found: Declaration) -> tuple[Figure, ...]:
    """The published figures of a baseline, in the order of its file; none where it names no file.

    Raises:
        UserError: the file cannot be read, or something in it is wrong; every mistake is listed.
    """
    if not found.published:
        return ()
    figures, problems = read(package_toml(found, found.published), presets(found))
    if problems:
        raise problems_error(f"baseline {found.name!r}: {found.published}", problems, MEND)
    return figures


def named(name: str) -> tuple[Figure, ...]:
    """The figures of a baseline in the paper's own setting (``ccgs``), or of one preset (``ccgs/NAME``).

    Raises:
        UserError: no such baseline, or no figures of that name; the nearest name is offered.
    """
    baseline, _, preset = name.partition("/")
    figures = published(declaration(baseline))
    known = list(dict.fromkeys(f"{baseline}/{f.preset}" if f.preset else baseline for f in figures))
    if name in known:
        return tuple(figure for figure in figures if figure.preset == preset)
    if not known:
        others = ", ".join(_with_figures()) or "none"
        raise UserError(f"{baseline} has no published figures", f"Baselines that have some: {others}.")
    raise UserError(f"no published figures of {name!r}.{closest(name, known)}", f"There are: {', '.join(known)}.")


def fitting(figures: Iterable[Figure], track: Track, split: str, edition: str) -> tuple[Figure, ...]:
    """The figures to set beside a score on ``split`` of a corpus of ``edition``.

    Those of the same corpus where there are any, else those of the first corpus that has figures for such a split.
    """
    found = [f for f in figures if f.track == track and f.split == _split(f.corpus, split)]
    corpora = [f.corpus for f in found]
    return tuple(f for f in found if f.corpus == (edition if edition in corpora else corpora[0]))


def markdown(figures: Sequence[Figure]) -> str:
    """The figures as tables for a README, one per printed table and track; for an unconfirmed one a note, no value."""
    blocks: list[str] = []
    notes: list[str] = []
    for source, corpus, preset in dict.fromkeys((f.source, f.corpus, f.preset) for f in figures):
        here = [f for f in figures if (f.source, f.corpus, f.preset) == (source, corpus, preset)]
        of = f", preset `{preset}`" if preset else ""
        blocks.append(f"Source: {source} (`{corpus}`{of}). Fractions.")
        for track in dict.fromkeys(f.track for f in here):
            blocks.append(_table([f for f in here if f.track == track], track, notes))
    return "\n\n".join((*blocks, *notes))


def _table(figures: Sequence[Figure], track: Track, notes: list[str]) -> str:
    names = [name for name in METRICS[track] if any(f.metric == name for f in figures)]
    lines = [[f"Track {track}", "questions", *(name.replace("|", r"\|") for name in names)]]
    lines.append(["---", *("---:" for _ in lines[0][1:])])
    for split in dict.fromkeys(f.split for f in figures):
        row = {f.metric: f for f in figures if f.split == split}
        cells = [_cell(row.get(name), notes) for name in names]
        lines.append([split, str(next(iter(row.values())).questions), *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(figure: Figure | None, notes: list[str]) -> str:
    if figure is None:
        return ""
    if figure.confirmed:
        return f"{figure.value:.4f}"
    notes.append(f"({len(notes) + 1}) Not confirmed and left out: {figure.doubt}.")
    return f"- ({len(notes)})"


def _split(corpus: str, name: str) -> str:
    """A split by its name in ``corpus``; ``name`` may be another edition's (``test``) or the stem of an answer file."""
    if corpus not in edition_names():
        return name
    edition = load_edition(corpus)
    return edition.canonical_split(name) or edition.split_in(name) or name


def _with_figures() -> Iterator[str]:
    """Installed baselines that name a file of published figures; one whose package is broken is passed over."""
    for name in baseline_names():
        with suppress(UserError):
            if declaration(name).published:
                yield name


def main(arguments: Sequence[str]) -> int:
    """Print the README table of the named baseline, between its markers."""
    if len(arguments) != 1:
        print("usage: python -m cmivqa_kit.plugin.published BASELINE", file=sys.stderr)
        return 2
    try:
        figures = published(declaration(arguments[0]))
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return int(error.code)
    print(BEGIN, markdown(figures), END, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
