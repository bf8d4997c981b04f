"""A mended copy beside the file: the input is never touched, nothing is replaced unasked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cmivqa_kit.data.types import Question, Track
from cmivqa_kit.editions import Edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import read_bytes, write_text
from cmivqa_kit.submission.fix.model import Context, Fixed, Log
from cmivqa_kit.submission.fix.run import Learn, mend
from cmivqa_kit.submission.scan import MIB, Limits

LARGEST = Limits().size  # bytes (E102)


def fix_file(
    path: Path,
    out: Path,
    force: bool,
    questions: Sequence[Question] | None,
    track: Track | None,
    edition: Edition,
    largest: int = LARGEST,
) -> Fixed:
    """`fix` of a file of at most ``largest`` bytes, written to ``out`` whole or not at all; nothing where no JSON
    comes out.

    Raises:
        UserError: ``path`` cannot be read; ``out`` is the same file, or exists and ``force`` is not given; the disk
            is full.
    """
    context = Context.of(questions, track, edition)
    return mend_file(path, out, force, context, lambda rows: context, largest)


def mend_file(
    path: Path,
    out: Path,
    force: bool,
    before: Context,
    learn: Learn,
    largest: int = LARGEST,
    encoding: str | None = None,
) -> Fixed:
    """`fix_file` where the items say what the file answers (`mend`); ``encoding`` is that of a file not in UTF-8.

    Raises:
        UserError: as `fix_file`, or by ``learn``; then nothing is written.
    """
    check_out(path, out, force)
    if path.is_file() and path.stat().st_size > largest:
        log = Log()
        log.refuse("E102", f"larger than {largest / MIB:g} MiB: it holds more than a submission")
        return Fixed(None, (), log.refused)
    fixed = mend(read_bytes(path, "submission file"), before, learn, encoding)
    if fixed.text is not None:
        write_text(out, fixed.text)
    return fixed


def check_out(path: Path, out: Path, force: bool) -> None:
    """Refuse to write over the input, and over another file unless that is wished.

    Raises:
        UserError: one of them.
    """
    try:
        same = out.exists() and path.exists() and out.samefile(path)
    except OSError:
        same = False
    if same or out.absolute() == path.absolute():
        raise UserError(f"{out}: is the file to be mended, which is never touched", "Name another file for --fix.")
    if out.is_dir():
        raise UserError(f"{out}: is a directory", "Name a file for --fix.")
    if out.exists() and not force:
        raise UserError(f"{out}: exists already", "Give --force to replace it, or another name for --fix.")
