"""A mended copy beside the file: the input is never touched, nothing is replaced unasked."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from cmivqa_kit.data.types import Question, Track
from cmivqa_kit.editions import Edition
from cmivqa_kit.errors import UserError
from cmivqa_kit.files import read_bytes, write_text
from cmivqa_kit.output_paths import require_writable
from cmivqa_kit.submission.container import NotASubmission, content_of
from cmivqa_kit.submission.fix.model import Context, Fixed, Log, Shown
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
    data: bytes | None = None,
    encoding: str | None = None,
) -> Fixed:
    """`fix_file` where the items say what the file answers (`mend`); ``data`` are its bytes, where they are at hand.

    ``encoding`` is that of a file not in UTF-8.

    Raises:
        UserError: as `fix_file`, or by ``learn``; then nothing is written.
    """
    check_out(path, out, force)
    fixed = mended(path, before, learn, largest, data, encoding)
    if fixed.text is not None:
        write_text(out, fixed.text)
    return fixed


def mended(
    path: Path,
    before: Context,
    learn: Learn,
    largest: int = LARGEST,
    data: bytes | None = None,
    encoding: str | None = None,
) -> Fixed:
    """What `mend_file` writes, not written; of an archive the one submission in it.

    Raises:
        UserError: ``path`` cannot be read; or by ``learn``.
    """
    log = Log()
    size = len(data or b"")
    if data is None:
        with suppress(OSError):  # said by `read_bytes`
            size = path.stat().st_size
    if size > largest:
        log.refuse("E102", f"larger than {largest / MIB:g} MiB: it holds more than a submission")
        return Fixed(None, (), log.refused)
    try:
        content = content_of(path, read_bytes(path, "submission file") if data is None else data, largest)
    except NotASubmission as error:
        log.refuse(error.code_of_finding, f"{error.message.removeprefix(f'{path}: ')}. {error.fix}")
        return Fixed(None, (), log.refused)
    for finding in content.findings:
        log.change(finding.code, "unpacked", "", Shown(finding.message), Shown("plain JSON"))
    fixed = mend(content.data, before, learn, encoding)
    return replace(fixed, changes=(*log.changes, *fixed.changes))


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
    require_writable(out, force, fix="Give --force to replace it, or another name for --fix.")
