"""`cmivqa features ...`: extract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmivqa_kit.cli import render
from cmivqa_kit.cli.common import PATH, Session, finish, options, words
from cmivqa_kit.data.display import count
from cmivqa_kit.errors import SHOWN, ExitCode, UserError

if TYPE_CHECKING:
    from cmivqa_kit.neural.video_features import Tell

HELP = "Make features: of your own videos with any vision model, of AssistQ's folders."
MOST_FPS = 1000.0


@click.group("features", short_help=HELP, epilog="Example: cmivqa features extract --help")
def command() -> None:
    """Make features: of your own videos with any vision model, of AssistQ's folders."""


@command.command("extract", short_help="Turn video files into features, one row per sampled frame.")
@click.argument("videos", type=PATH, nargs=-1, required=True, metavar="VIDEOS... OUT")
@click.option(
    "--model", required=True, metavar="NAME|DIR", help="Vision model: Hugging Face name (timm/NAME too) or folder."
)
@click.option(
    "--fps", type=click.FloatRange(0, MOST_FPS, min_open=True), default=1.0, show_default=True, metavar="N",
    help="Frames per second.",
)  # fmt: skip
@click.option("--format", "form", metavar="NAME",
              help="npy, bigfile (folders), hdf5, npz, safetensors (files); else by the ending of OUT.")  # fmt: skip
@click.option(
    "--batch", type=click.IntRange(1), default=32, show_default=True, metavar="N", help="Frames encoded together."
)
@options("device")
@click.option("--resume", is_flag=True, help="Keep what an earlier call made, and make the rest.")
def extract_command(
    videos: tuple[Path, ...], model: str, fps: float, form: str | None, batch: int, device: str | None, resume: bool
) -> None:
    """Decode videos (files, or folders of them), encode a frame for every 1 / fps seconds, and write a feature store.

    Row k is the frame that is seen at second k / fps; the id of a video is its file's name without the ending. All of
    the kit's systems read what is written: put it beside the questions, or name it with --features. A video that
    cannot be decoded is named and left out, and the exit code is 1. Needs the extra "video".

    Example: cmivqa features extract videos video_feature --model google/vit-base-patch16-224
    """
    from cmivqa_kit.data.feature_packing import format_for
    from cmivqa_kit.neural.video_features import extract, require_free, video_files
    from cmivqa_kit.neural.vision_encoders import open_vision_encoder
    from cmivqa_kit.runs.device import resolve

    session = Session(device=device)
    *sources, out = videos
    if not sources:
        raise UserError(
            f"{out}: one path, and two are needed", "Name the videos first, and then what is to be written."
        )
    kind = format_for(out, form)
    require_free(out, kind)
    files = video_files(sources)
    encoder = open_vision_encoder(model, resolve(session.workspace["run.device"]))
    with _shown(session) as tell:
        made = extract(files, out, kind, encoder, fps, batch, resume, tell)
    for number, (video, reason) in enumerate(made.broken.items()):
        if number < SHOWN:
            session.say(f"Left out: {video}: {reason}", "red")
    if len(made.broken) > SHOWN:
        session.say(f"... and {len(made.broken) - SHOWN} more", "red")
    if not made.rows:
        raise UserError(f"{out}: nothing was written", "None of the videos can be decoded.", ExitCode.FINDINGS)
    kept = f", {made.kept} kept" if made.kept else ""
    session.say(f"{out}: {count(made.done, 'video')} done{kept}; {made.rows:,} rows of {made.width} ({encoder.reads})")
    if fps != 1.0:
        session.say(
            f"A row is {1 / fps:g} seconds: where the store does not say so, give --seconds-per-row {1 / fps:g}"
        )
    session.next(words("cmivqa", "data", "check", "--features", out))
    finish(ExitCode.FINDINGS if made.broken else ExitCode.OK)


@contextmanager
def _shown(session: Session) -> Iterator[Tell]:
    """A bar with the time that is left on a terminal, else a line for every tenth."""
    if not session.console.is_terminal:

        def tenth(video: str, done: int, total: int) -> None:
            if done * 10 // total > (done - 1) * 10 // total:
                session.say(f"  {done} of {total} videos", "dim")

        yield tenth
    else:
        with render.bar(session.console) as (bar, job):
            yield lambda video, done, total: bar.update(job, completed=done, total=total, description=video)
