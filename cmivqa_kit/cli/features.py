"""`cmivqa features ...`: extract, encode-assistq."""

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
from cmivqa_kit.runs.settings import RECIPES, Recipe

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
    earlier = f", {made.earlier} kept" if made.earlier else ""
    session.say(
        f"{out}: {count(made.done, 'video')} done{earlier}; {made.rows:,} rows of {made.width} ({encoder.reads})"
    )
    if fps != 1.0:
        session.say(
            f"A row is {1 / fps:g} seconds: where the store does not say so, give --seconds-per-row {1 / fps:g}"
        )
    session.next(words("cmivqa", "data", "check", "--features", out))
    finish(ExitCode.FINDINGS if made.broken else ExitCode.OK)


@command.command("encode-assistq", short_help="Encode AssistQ for the system q2a.")
@click.argument("root", type=PATH, metavar="ROOT")
@click.argument("out", type=PATH, metavar="OUT")
@click.option(
    "--split", type=click.Choice(["train", "test", "test2023"]), metavar="NAME",
    help="train, test, or test2023 (LOVEU'23: questions about the training videos); all that are there unless given.",
)  # fmt: skip
@click.option("--vision", metavar="NAME|DIR", help="Vision model; default: the published one, which needs timm.")
@click.option("--text", metavar="NAME|DIR", help="Text model; default: bert-base-uncased, as published.")
@click.option(
    "--fps", type=click.FloatRange(0, MOST_FPS, min_open=True), default=1.0, show_default=True, metavar="N",
    help="Frames per second.",
)  # fmt: skip
@click.option(
    "--masks", type=click.Choice(["-1", "1", "2"]), default="-1", show_default=True, metavar="N",
    help="-1: a button's picture shows it alone. 1: it is blacked out. 2: both pictures.",
)  # fmt: skip
@click.option(
    "--recipe", type=click.Choice(RECIPES), default="kit", show_default=True, metavar="NAME",
    help="kit: the defects of the published encoder corrected. published: with them, for official checkpoints.",
)  # fmt: skip
@click.option(
    "--size", type=click.IntRange(1), default=384, show_default=True, metavar="N",
    help="Pixels that pictures are resized to under --recipe published.",
)  # fmt: skip
@click.option(
    "--batch", type=click.IntRange(1), default=32, show_default=True, metavar="N", help="Pictures encoded together."
)
@options("device")
@click.option("--resume", is_flag=True, help="Keep the frames that an earlier call made.")
def encode_assistq_command(
    root: Path, out: Path, split: str | None, vision: str | None, text: str | None, fps: float, masks: str,
    recipe: Recipe, size: int, batch: int, device: str | None, resume: bool,
) -> None:  # fmt: skip
    """Encode AssistQ as it is handed out, for the system q2a.

    ROOT holds train.json and train/, test_without_gt.json and test/. OUT gets a folder for each split with five feature
    stores: video, script, question, texts, buttons. Everything that is missing or does not fit together in ROOT is
    listed before anything is encoded. A video that cannot be decoded is named, and the exit code is 1. Needs the extra
    "video".

    Example: cmivqa features encode-assistq downloads/assistq encoded --recipe published
    """
    from cmivqa_kit.bench.tasks.step_choice.annotations import read_step_annotations
    from cmivqa_kit.bench.tasks.step_choice.encoding import (
        PUBLISHED_TEXT,
        PUBLISHED_VISION,
        Encoding,
        encode_split,
        require_new,
        require_one_width,
    )
    from cmivqa_kit.bench.tasks.step_choice.splits import splits_below
    from cmivqa_kit.bench.tasks.step_choice.video_folders import read_video_folders
    from cmivqa_kit.neural.encoders import open_encoder
    from cmivqa_kit.neural.vision_encoders import open_vision_encoder
    from cmivqa_kit.runs.device import resolve

    session, published = Session(device=device), recipe == "published"
    splits = splits_below(root, split)
    read = {}
    for one, path in splits:
        annotations = read_step_annotations(path, labelled=False)
        read[one.name] = read_video_folders(root / one.media, annotations, published)
        for remark in read[one.name].remarks[:SHOWN]:
            session.say(f"Note: {remark}", "yellow")
    place = resolve(session.workspace["run.device"])
    spoken = [sentence for folders in read.values() for folder in folders.folders for sentence in folder.sentences]
    text_model = open_encoder(text or PUBLISHED_TEXT, spoken, 0)
    text_model.model.to(place)
    vision_model = open_vision_encoder(vision or PUBLISHED_VISION, place)
    if published and (vision or PUBLISHED_VISION) != PUBLISHED_VISION:
        session.say(f"Note: official checkpoints were trained on {PUBLISHED_VISION}, not on {vision}", "yellow")
    encoding = Encoding(vision_model, text_model, fps, int(masks), published, size, batch)
    require_one_width(encoding)
    for one, _ in splits:
        require_new(out / one.name, encoding.facts, resume)
    broken = 0
    for one, _ in splits:
        with _shown(session) as tell:
            counts = encode_split(read[one.name].folders, out / one.name, encoding, one.media == one.name, resume, tell)
        for folder, reason in counts.broken.items():
            session.say(f"Left out: {folder}: {reason}", "red")
        broken += len(counts.broken)
        session.say(
            f"{out / one.name}: {count(counts.folders, 'folder')}, {count(counts.questions, 'question')}, "
            f"{count(counts.steps, 'step')}"
        )
    session.next("cmivqa bench check --help")
    finish(ExitCode.FINDINGS if broken else ExitCode.OK)


@contextmanager
def _shown(session: Session) -> Iterator[Tell]:
    """A bar with the time that is left on a terminal, else a line for every tenth."""
    if not session.console.is_terminal:

        def tenth(video: str, done: int, total: int) -> None:
            if done * 10 // total > (done - 1) * 10 // total:
                session.say(f"  {done} of {total}: {video}", "dim")

        yield tenth
    else:
        with render.bar(session.console) as (bar, job):
            yield lambda video, done, total: bar.update(job, completed=done, total=total, description=video)
