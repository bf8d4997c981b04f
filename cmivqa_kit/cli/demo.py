"""`cmivqa demo`."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from cmivqa_kit.cli.common import PATH, Session, words
from cmivqa_kit.data.types import TRACKS
from cmivqa_kit.errors import UserError
from cmivqa_kit.memory import peak_memory
from cmivqa_kit.workspace import FLAGSHIP

QUICK = (
    "baselines",
    "data check",
    "train -m prior",
    "train -m bm25",
    "predict -m prior --split testA --track 1 --out prior_track1.json",
    "predict -m bm25 --split testA --track 1 --out bm25_track1.json",
    "predict -m bm25 --split testA --out bm25.json",
)
BARE = (  # the workspace's baseline
    "train",
    "predict --split testA --track 1 --out submission_track1.json",
    "predict --split testA",
)
SYSTEMS = {
    "prior": ("prior_track1.json",),
    "bm25": ("bm25_track1.json", "bm25.json"),
    FLAGSHIP: ("submission_track1.json", "submission.json"),
}


@click.command(
    "demo",
    short_help="Run the whole way on the embedded corpus: train, predict, validate, score.",
    epilog="Example: cmivqa demo --dir /somewhere/else",
)
@click.option("--dir", "folder", type=PATH, default=Path("demo-workspace"), show_default=True, metavar="DIR",
              help="Workspace to make; it may exist if an earlier demo made it.")  # fmt: skip
@click.option("--quick", is_flag=True, help="Without the default baseline: seconds.")
def command(folder: Path, quick: bool) -> None:
    """Run the whole way on the embedded corpus, each command shown as you would type it.

    Makes a workspace with the embedded corpus as its data, fits the baselines, answers testA, validates the files and
    scores them against the hidden answers; then prints the wall time and the peak memory. The default baseline, hybrid,
    has a very small encoder there that starts from nothing: it shows the way, not what hybrid can do. Without torch it
    answers by BM25 alone.
    """
    from cmivqa_kit.cli.main import cli
    from cmivqa_kit.data.demo import demo_corpus
    from cmivqa_kit.files import write_text
    from cmivqa_kit.plugin.registry import find_declaration, missing_packages
    from cmivqa_kit.workspace import FILE
    from cmivqa_kit.workspace import render as toml

    session = Session()
    marker = folder / FILE
    if folder.exists() and any(folder.iterdir()) and not marker.is_file():
        raise UserError(f"{folder}: exists and is no demo workspace", "Give --dir DIR for another place.")
    begin = time.perf_counter()
    root = demo_corpus()
    declaration = find_declaration(FLAGSHIP)
    preset = declaration.demo_preset
    write_text(marker, toml({"data.root": str(root), "model.baseline": FLAGSHIP, "model.preset": preset}))
    session.say(f"Workspace {folder}, data: the embedded corpus in {root}")
    if not quick:
        session.say_what_lacks(declaration)
    answers = {name: paths for name, paths in SYSTEMS.items() if not quick or name != FLAGSHIP}
    files = " ".join(path for paths in answers.values() for path in paths)
    here = Path.cwd()
    os.chdir(folder)
    try:
        for step in (*QUICK, *(() if quick else BARE), f"validate {files}", f"score {files}"):
            force = " --force" if step.startswith("predict") else ""
            session.say("")
            session.say(f"$ cmivqa {step}{force}", "bold cyan")
            cli.main(shlex.split(step + force), prog_name="cmivqa", standalone_mode=False)
        lacking = missing_packages(declaration, optional=True)
        flagship = f"{FLAGSHIP}, without {', '.join(lacking)}" if lacking else f"{FLAGSHIP}, preset {preset}"
        _summary(session, root, {flagship if name == FLAGSHIP else name: paths for name, paths in answers.items()})
    finally:
        os.chdir(here)
    session.say("")
    peak = f", peak memory {peak_memory() / 2**20:.0f} MiB" if peak_memory() else ""
    session.say(f"Done in {time.perf_counter() - begin:.1f} s{peak}.", "bold green")
    session.say("On your own data: cmivqa init --from DOWNLOADS")
    session.next(f"cd {words(folder)} && cmivqa score {files.split()[-1]}")


def _summary(session: Session, root: Path, answers: Mapping[str, Sequence[str]]) -> None:
    """One row per system: what each track ranks by, on the embedded testA."""
    from cmivqa_kit.entries.entry import open_entries
    from cmivqa_kit.entries.ground import open_ground
    from cmivqa_kit.scoring.official import HEADLINE

    rows, ground = [], open_ground(root)
    for name, paths in answers.items():
        cards = [card for entry in open_entries(paths, ground) for card in entry.cards]
        values = {card.track: f"{card.metrics[card.headline]:.4f}" for card in cards}
        rows.append([name, *(values.get(track, "-") for track in TRACKS)])
    session.say("")
    session.table("Embedded testA", ["baseline", *(f">Track {t} {HEADLINE[t]}" for t in TRACKS)], rows)
